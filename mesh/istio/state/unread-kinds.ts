import { type Reader } from "../../manifests/reader";
import { type Named, namedOf } from "./named";

/** Kinds, with their API groups, that istiod reads and that may change what is said of sidecars, beside those that have a reader of their own. */
const unreadKinds: Readonly<Record<string, string>> = {
  WasmPlugin: "extensions.istio.io",
  WorkloadEntry: "networking.istio.io",
};

/** Their API groups. */
export const unreadIstioGroups: readonly string[] = Object.values(unreadKinds);

/** Whether istiod reads objects of a kind that the analysis does not. */
export function isUnreadKind(kind: string, group: string): boolean {
  return unreadKinds[kind] === group;
}

/** Undefined for all other kinds. */
export function readUnread(reader: Reader): Named | undefined {
  const { kind, apiVersion } = reader.object;
  return isUnreadKind(kind, apiVersion.slice(0, Math.max(apiVersion.indexOf("/"), 0))) ? namedOf(reader) : undefined;
}
