import { type KubernetesObject } from "../../manifests";
import { type Reader } from "../../manifests/reader";

/** An object that the mesh reads. */
export interface Named {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
}

export function namedOf({ object }: Reader): Named {
  return { object, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** Namespaces that an object is for. Default: all. `.` is its own, `~` none. */
export function isExportedTo(
  { namespace, exportTo }: { readonly namespace: string; readonly exportTo: readonly string[] },
  reader: string,
): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((one) => one === "*" || one === reader || (one === "." && namespace === reader));
}
