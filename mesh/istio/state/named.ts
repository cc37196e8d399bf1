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

/** An object that says whom it is for. */
interface Exported {
  readonly namespace: string;
  readonly exportTo: readonly string[];
}

/** Namespaces that an object is for. Default: all. `.` is its own, `~` none. */
export function isExportedTo({ namespace, exportTo }: Exported, reader: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((one) => one === "*" || one === reader || (one === "." && namespace === reader));
}

/** Whether the sidecars of some namespace are told of both. */
export function haveCommonReader(one: Exported, other: Exported): boolean {
  const readers = [one.namespace, other.namespace, ...one.exportTo, ...other.exportTo].filter((name) =>
    /^[^.*~]/.test(name),
  );
  return readers.some((reader) => isExportedTo(one, reader) && isExportedTo(other, reader));
}
