import { type Manifests } from "../mesh/manifests";
import { isMeshName, type MeshName, meshesOf, meshNames } from "../mesh";
import { UsageError } from "./usage-error";

/**
 * The mesh that objects are for: the one that is named, or whose objects they are; OSM where there is none of either.
 *
 * @throws {UsageError} where there are objects of two and none is named.
 */
export function meshNameOf({ objects }: Pick<Manifests, "objects">, named: string | undefined): MeshName {
  if (named !== undefined) {
    if (isMeshName(named)) return named;
    throw new UsageError(`--mesh is ${JSON.stringify(named)}: write one of ${meshNames.join(", ")}.`);
  }
  const [first, ...others] = meshesOf(objects);
  if (first === undefined) return "osm";
  if (others.length > 0) {
    const all = [first, ...others].map(([mesh, count]) => `${String(count)} of ${mesh}`).join(" and ");
    throw new UsageError(
      `There are objects of two meshes, ${all}: say with --mesh which one runs; the others are passed over.`,
    );
  }
  return first[0];
}

/** What is assumed where neither objects nor an option tell the mesh. */
export function meshNotes({ objects }: Pick<Manifests, "objects">, named: string | undefined): readonly string[] {
  return named === undefined && meshesOf(objects).size === 0
    ? ["Nothing tells which mesh runs: Open Service Mesh is assumed; --mesh istio says otherwise."]
    : [];
}
