import { type Mesh } from "./analysis/mesh";
import { type AskedService } from "./cluster/dns";
import { type Manifests } from "./manifests";
import { osmMesh } from "./osm";
import { compileOsm } from "./osm/compile";
import { type OsmObject } from "./osm/kinds";
import { type Policy } from "./policy/model";

/** The objects of each mesh that a policy can be compiled for. */
interface ObjectOf {
  readonly osm: OsmObject;
}

/** Meshes that a policy can be compiled for, and whose objects can be analysed. */
export type MeshTarget = keyof ObjectOf;

/** What a mesh is to those who do not know which one it is. */
interface Target<O> {
  compile(policy: Policy): readonly O[];
  meshOf(manifests: Pick<Manifests, "objects"> & Partial<Manifests>, asked: readonly AskedService[]): Mesh;
}

const targets: { readonly [T in MeshTarget]: Target<ObjectOf[T]> } = {
  osm: { compile: compileOsm, meshOf: osmMesh },
};

/**
 * The objects of a mesh that do what the policy says, no more and no less, in an order that never changes by itself.
 *
 * @throws {PolicyError} where the mesh cannot say it exactly.
 */
export function compile<T extends MeshTarget>(policy: Policy, target: T): readonly ObjectOf[T][] {
  return targets[target].compile(policy);
}

/**
 * What a mesh makes of objects.
 *
 * @param asked Services that requests will name; they are assumed to exist where the objects have no Service at all.
 */
export function meshOf(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[] = [],
  target: MeshTarget = "osm",
): Mesh {
  return targets[target].meshOf(manifests, asked);
}
