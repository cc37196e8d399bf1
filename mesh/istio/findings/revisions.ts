import { revisionLabel } from "../injection";
import { type IstioMesh } from "../mesh";

const known = new WeakMap<ReadonlyMap<string, unknown>, readonly string[]>();

/** Revisions that namespaces name, as `asm-1-29`, of versions before one such as `1.30`. */
export function revisionsBefore({ state }: IstioMesh, version: string): readonly string[] {
  const limit = Number(version.split(".")[1]);
  let named = known.get(state.namespaces);
  if (named === undefined) {
    named = [...new Set([...state.namespaces.values()].flatMap(({ labels }) => labels[revisionLabel] ?? []))];
    known.set(state.namespaces, named);
  }
  return named.filter((revision) => {
    const minor = /^asm-1-(\d+)$/.exec(revision)?.[1];
    return minor !== undefined && Number(minor) < limit;
  });
}
