import { revisionLabel } from "../injection";
import { type IstioMesh } from "../mesh";
import { aksRevision } from "../revisions";

const known = new WeakMap<ReadonlyMap<string, unknown>, readonly string[]>();

/** Revisions that namespaces name, as `asm-1-29` or by a tag, of versions before one such as `1.30`. */
export function revisionsBefore({ state }: IstioMesh, version: string): readonly string[] {
  const limit = Number(version.split(".")[1]);
  let named = known.get(state.namespaces);
  if (named === undefined) {
    const tagged = new Map(state.injectors.map(({ tag, revision }) => [tag, revision]));
    named = [
      ...new Set(
        [...state.namespaces.values()].flatMap(({ labels }) => {
          const value = labels[revisionLabel];
          return tagged.get(value) ?? value ?? [];
        }),
      ),
    ];
    known.set(state.namespaces, named);
  }
  return named.filter((revision) => {
    const minor = aksRevision.exec(revision)?.[1];
    return minor !== undefined && Number(minor) < limit;
  });
}
