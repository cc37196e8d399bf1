import { type KubernetesObject, type Manifests } from "../manifests";
import { osmKinds, type OsmKind } from "./kinds";

/** An object of the mesh without anything that the mesh does not read. */
export interface BareObject {
  readonly apiVersion: string;
  readonly kind: OsmKind;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: unknown;
}

/**
 * The mesh's objects among anybody's manifests: the ten kinds, in the order of `compile`, without labels, annotations and
 * status. Analysing them gives the same answers as analysing the manifests.
 */
export function meshObjects(manifests: Pick<Manifests, "objects">): {
  readonly objects: readonly BareObject[];
  readonly passedOver: readonly KubernetesObject[];
} {
  const kept = new Map<string, BareObject>();
  const passedOver: KubernetesObject[] = [];
  for (const object of manifests.objects) {
    const kind = kindOf(object);
    if (kind === undefined) {
      passedOver.push(object);
      continue;
    }
    const { name, namespace = "default" } = object.metadata;
    const order = String(Object.keys(osmKinds).indexOf(kind)).padStart(2, "0");
    kept.set(`${order}\0${namespace}\0${name}`, {
      apiVersion: object.apiVersion,
      kind,
      metadata: { name, namespace },
      spec: Reflect.get(object, "spec"),
    });
  }
  const objects = [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  return { objects, passedOver };
}

function kindOf(object: KubernetesObject): OsmKind | undefined {
  for (const kind of kinds) {
    if (object.kind === kind && object.apiVersion === osmKinds[kind].apiVersion) return kind;
  }
  return undefined;
}

const kinds: readonly OsmKind[] = [
  "TrafficTarget",
  "HTTPRouteGroup",
  "TCPRoute",
  "TrafficSplit",
  "MeshConfig",
  "MeshRootCertificate",
  "Egress",
  "IngressBackend",
  "Retry",
  "UpstreamTrafficSetting",
];
