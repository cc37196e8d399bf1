import { type Mesh } from "./analysis/mesh";
import { type AskedService } from "./cluster/dns";
import { type KubernetesObject, type Manifests } from "./manifests";
import { textAt, valueAt } from "./manifests/inside";
import { podTemplateOf } from "./manifests/pod-template";
import { compileIstio } from "./convert/compile";
import { istioMesh } from "./istio";
import { injectionLabel, injectLabel, revisionLabel } from "./istio/injection";
import { gatewayApiGroup, istioClass, istioController } from "./istio/state/gateway-api/kinds";
import { osmMesh } from "./osm";
import { injectionAnnotation, monitoredByLabel } from "./osm/injection";
import { type Finding } from "./analysis/object-finding";
import { admit as admitIstio } from "./istio/admission";
import { admit as admitOsm, type AdmissionContext } from "./osm/admission";
import { compileOsm } from "./osm/compile";
import { istioKinds, type IstioObject } from "./istio/kinds";
import { type OsmObject, osmKinds } from "./osm/kinds";
import { type Policy } from "./policy/model";

/** The objects of each mesh. */
interface ObjectOf {
  readonly osm: OsmObject;
  readonly istio: IstioObject;
}

/** Meshes whose objects can be checked and analysed. */
export type MeshName = keyof ObjectOf;

/** Meshes that a policy can be compiled for. */
export type MeshTarget = MeshName;

/** An object of one of a mesh's own kinds. */
export type MeshObject<M extends MeshName> = ObjectOf[M];

/** What comes of checking objects before they are applied. */
export interface Admission<O> {
  /** All that is wrong: object by object in the order given, then what is wrong between them. */
  readonly findings: readonly Finding[];
  /** The objects that have the shape of their kind, in the order given. */
  readonly objects: readonly O[];
}

type Analysis = (manifests: Pick<Manifests, "objects"> & Partial<Manifests>, asked: readonly AskedService[]) => Mesh;

const analyses: Readonly<Record<MeshName, Analysis>> = { osm: osmMesh, istio: istioMesh };

const admissions: {
  readonly [M in MeshName]: (values: readonly unknown[], context?: AdmissionContext) => Admission<ObjectOf[M]>;
} = { osm: admitOsm, istio: admitIstio };

const compilers: { readonly [T in MeshTarget]: (policy: Policy) => readonly ObjectOf[T][] } = {
  osm: compileOsm,
  istio: compileIstio,
};

/**
 * The objects of a mesh that do what the policy says, no more and no less, in an order that never changes by itself.
 *
 * @throws {PolicyError} where the mesh cannot say it exactly.
 */
export function compile<T extends MeshTarget>(policy: Policy, target: T): readonly MeshObject<T>[] {
  return compilers[target](policy);
}

/**
 * Checks a mesh's objects as a whole, before anything is applied: the kinds' schemas, what the mesh's webhook refuses, and what
 * both let through though the mesh then ignores it or traffic fails.
 *
 * @param values plain objects, from anywhere.
 */
export function admit<M extends MeshName>(
  values: readonly unknown[],
  mesh: M,
  context?: AdmissionContext,
): Admission<MeshObject<M>> {
  return admissions[mesh](values, context);
}

/**
 * What a mesh makes of objects.
 *
 * @param asked Services that requests will name; they are assumed to exist where the objects have no Service at all.
 */
export function meshOf(
  manifests: Pick<Manifests, "objects"> & Partial<Manifests>,
  asked: readonly AskedService[] = [],
  mesh: MeshName = "osm",
): Mesh {
  return analyses[mesh](manifests, asked);
}

/** API groups of each mesh's kinds. */
const groups: Readonly<Record<MeshName, ReadonlySet<string>>> = {
  osm: new Set(Object.values(osmKinds).map(({ apiVersion }) => groupOf(apiVersion))),
  istio: new Set(Object.values(istioKinds).map(({ apiVersion }) => groupOf(apiVersion))),
};

function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(apiVersion.indexOf("/"), 0));
}

/** Whether a name is that of a mesh. */
export function isMeshName(name: string): name is MeshName {
  return Object.hasOwn(analyses, name);
}

/** Names of the meshes. */
export const meshNames: readonly string[] = Object.keys(analyses);

/** The meshes of which there are objects, or by whose words pods get sidecars or gateways, each with how many. */
export function meshesOf(objects: Manifests["objects"]): ReadonlyMap<MeshName, number> {
  for (const tellingOf of [byKind, byNamespace, byWorkload]) {
    const found = new Map<MeshName, number>();
    for (const object of objects) {
      for (const mesh of tellingOf(object)) found.set(mesh, (found.get(mesh) ?? 0) + 1);
    }
    if (found.size > 0) return found;
  }
  return new Map();
}

const bothMeshes = ["osm", "istio"] as const;

function byKind({ apiVersion }: KubernetesObject): readonly MeshName[] {
  const group = groupOf(apiVersion);
  return bothMeshes.filter((mesh) => groups[mesh].has(group));
}

/** Labels and annotations by which the pods of a namespace get sidecars of a mesh. */
const namespaceWords: Readonly<Record<MeshName, readonly string[]>> = {
  osm: [monitoredByLabel, injectionAnnotation],
  istio: [revisionLabel, injectionLabel],
};

function byNamespace({ apiVersion, kind, metadata }: KubernetesObject): readonly MeshName[] {
  return apiVersion === "v1" && kind === "Namespace" ? byWords(metadata, namespaceWords) : [];
}

/** The same of pods. */
const podWords: Readonly<Record<MeshName, readonly string[]>> = {
  osm: [injectionAnnotation],
  istio: [revisionLabel, injectLabel],
};

/** Istio is also who serves Gateways of its class. */
function byWorkload(object: KubernetesObject): readonly MeshName[] {
  if (groupOf(object.apiVersion) === gatewayApiGroup) {
    const isIstio =
      textAt(object, "spec", "gatewayClassName") === istioClass ||
      textAt(object, "spec", "controllerName") === istioController;
    return isIstio ? ["istio"] : [];
  }
  return byWords(valueAt(podTemplateOf(object), "metadata"), podWords);
}

function byWords(metadata: unknown, words: typeof namespaceWords): readonly MeshName[] {
  const isSaid = (word: string): boolean =>
    valueAt(metadata, "labels", word) !== undefined || valueAt(metadata, "annotations", word) !== undefined;
  return bothMeshes.filter((mesh) => words[mesh].some(isSaid));
}
