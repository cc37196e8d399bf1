import { isJsonObject, type KubernetesObject } from "../../mesh/manifests";
import { textAt } from "../../mesh/manifests/inside";
import { type MeshNamespace } from "../mesh-policies";
import { type ApplicationArgs } from "./args";

/** What manifests say of a namespace's place in a mesh: the stack's mesh sets it, so it is read and not applied. */
const membership = /^(openservicemesh\.io\/(monitored-by|sidecar-injection|metrics)|istio\.io\/rev|istio-injection)$/;

/**
 * A namespace of an application.
 *
 * @param plain its name without prefix.
 * @param manifest what the application itself says of it, if it does.
 */
export function meshNamespace(
  { namespaces = {}, metrics }: ApplicationArgs,
  plain: string,
  manifest: KubernetesObject | undefined,
): MeshNamespace {
  const { prefix = "", isolation, reaches, labels, annotations } = namespaces;
  const said = textAt(manifest, "metadata", "annotations", "openservicemesh.io/sidecar-injection");
  return {
    name: `${prefix}${plain}`,
    ...(metrics !== undefined && { metrics }),
    ...(said !== undefined && { sidecarInjection: /^(enabled|yes|true)$/.test(said) }),
    labels: { ...texts(manifest?.metadata.labels), ...labels },
    annotations: { ...texts(manifest?.metadata.annotations), ...annotations },
    ...(isolation && { isolation: { ...isolation, ...(reaches?.[plain] && { reaches: reaches[plain] }) } }),
  };
}

function texts(values: unknown): Record<string, string> {
  if (!isJsonObject(values)) return {};
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      typeof value === "string" && !membership.test(key) ? [[key, value]] : [],
    ),
  );
}
