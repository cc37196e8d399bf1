import { type Mesh } from "./mesh";

/** What "proved" is said of, and who is not among it: to be said in the same sentence. */
export const provedExtent =
  "for every service account of the objects and everybody outside of the mesh as callers, in plain text and by TLS with and without a client certificate of the " +
  "mesh's authority, every Service of the mesh under its full name and every host outside that an Egress names, and every request between them over TCP that sends no " +
  "header twice; who holds a sidecar's own certificate counts as that sidecar, and of policies below the mesh only NetworkPolicies of networking.k8s.io/v1 are read";

/** What "proved" is said of, with what it rests on and is not so. */
export function provedExtentOf(...meshes: readonly Pick<Mesh, "unmetAssumptions">[]): string {
  return [`${provedExtent}.`, ...unmetAssumptionsOf(...meshes)].join(" ");
}

/** What answers and proofs about these meshes rest on and is not so, each a sentence. */
export function unmetAssumptionsOf(...meshes: readonly Pick<Mesh, "unmetAssumptions">[]): readonly string[] {
  return [...new Set(meshes.flatMap((mesh) => [...mesh.unmetAssumptions().values()].flat()))];
}
