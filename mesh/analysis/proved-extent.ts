import { type Mesh } from "./mesh";

/** What "proved" is said of, with what it rests on and is not so. */
export function provedExtentOf(...meshes: readonly Pick<Mesh, "extent" | "unmetAssumptions">[]): string {
  const extents = [...new Set(meshes.map(({ extent }) => extent))];
  return [`${extents.join("; and ")}.`, ...unmetAssumptionsOf(...meshes)].join(" ");
}

/** What answers and proofs about these meshes rest on and is not so, each a sentence. */
export function unmetAssumptionsOf(...meshes: readonly Pick<Mesh, "unmetAssumptions">[]): readonly string[] {
  return [...new Set(meshes.flatMap((mesh) => [...mesh.unmetAssumptions().values()].flat().map(({ text }) => text)))];
}
