import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** Kinds, with their API groups, that istiod reads and that may change what is said of sidecars, beside those that have a reader of their own. */
const unreadKinds: Readonly<Record<string, string>> = {
  WasmPlugin: "extensions.istio.io",
  WorkloadEntry: "networking.istio.io",
};

/** Undefined for all other kinds. */
export function readUnread(reader: Reader): Named | undefined {
  const { kind, apiVersion } = reader.object;
  const group = unreadKinds[kind];
  return group !== undefined && apiVersion.startsWith(`${group}/`) ? namedOf(reader) : undefined;
}
