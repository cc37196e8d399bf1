import { type ApplicationNamespaces } from "../../components/application";
import { type NamespaceIsolationSettings, type NetworkReach } from "../../components/namespace-isolation";
import { secretsRole } from "../../components/preview-fence";
import { previewPrefix } from "./prefix";
import { previewLabel, type PreviewReach, reachNamespaces } from "./reach";
import { type PreviewSettings } from "./settings";
import { previewTags } from "./tags";

/**
 * The namespaces of a preview on a shared cluster: named, labelled, annotated, and isolated from everybody else's.
 *
 * @param identity who deploys previews where the cluster gives them no Secrets but those of their own namespaces.
 */
export function previewNamespaces(
  settings: PreviewSettings,
  bounds: NamespaceIsolationSettings,
  identity: string | undefined,
): ApplicationNamespaces {
  const grant = identity === undefined ? undefined : { user: identity, clusterRole: secretsRole };
  const own = { [previewLabel]: String(settings.pullRequest) };
  const annotations = Object.entries(previewTags(settings)).map(([key, value]): [string, string] => [
    `aks-mesh/${key}`,
    value,
  ]);
  return {
    prefix: previewPrefix(settings.pullRequest),
    labels: own,
    annotations: Object.fromEntries(annotations),
    isolation: { ...bounds, peers: own, grant },
    reaches: networkReaches(settings.reaches),
  };
}

/** What the network policy of each namespace lets through for the reaches of a preview, by the name without prefix. */
function networkReaches(reaches: readonly PreviewReach[]): Record<string, NetworkReach[]> {
  const found: Record<string, NetworkReach[]> = {};
  for (const reach of reaches) {
    const { from, to } = reachNamespaces(reach);
    found[from] = [...(found[from] ?? []), { namespace: to, port: reach.port }];
  }
  return found;
}
