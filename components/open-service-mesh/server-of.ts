import { parse } from "yaml";
import { listAt, textAt } from "../../mesh/manifests/inside";

/**
 * The API server of a kubeconfig's current context; undefined where it is not known yet, as in a preview it may be. Its client has an answer
 * to this as well, and takes a second to be loaded, in each preview of a cluster that is there.
 */
export function serverOf(kubeconfig: string): string | undefined {
  let config: unknown;
  try {
    config = parse(kubeconfig);
  } catch {
    return undefined;
  }
  const named = (list: string, name: string | undefined): unknown =>
    listAt(config, list).find((entry) => textAt(entry, "name") === name);
  const context = named("contexts", textAt(config, "current-context"));
  return textAt(named("clusters", textAt(context, "context", "cluster")), "cluster", "server");
}
