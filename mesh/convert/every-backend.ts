import { isJsonObject, type KubernetesObject } from "../manifests";
import { listAt, numberAt, valueAt } from "../manifests/inside";
import { osmMesh, type OsmMesh } from "../osm";
import { chainKind } from "../osm/proxy/outbound";

/**
 * The mesh with every backend of its splits in use. A pod answers to the name of a root as soon as its Service is a backend, whatever its weight
 * (getUpstreamServicesIncludeApex in OSM's inbound_traffic_policies.go); so policies hold still while weights move to 0 and back, and are there
 * before the first call. Roots with TCP are as they are: one weight of 0 breaks their callers.
 */
export function withEveryBackend(mesh: OsmMesh, objects: readonly KubernetesObject[]): OsmMesh {
  const { catalog } = mesh;
  const splitsOf = (kind: "http" | "tcp"): ReadonlySet<KubernetesObject> =>
    new Set(
      catalog
        .allMeshServices()
        .filter(({ protocol }) => chainKind(protocol) === kind)
        .flatMap((service) => catalog.splitsOfRoot(service).map(({ object }) => object)),
    );
  const [ofHttp, ofTcp] = [splitsOf("http"), splitsOf("tcp")];
  const isUnused = (object: KubernetesObject): boolean => {
    const weights = listAt(object, "spec", "backends").map((backend) => numberAt(backend, "weight") ?? 0);
    return ofHttp.has(object) && !ofTcp.has(object) && weights.includes(0) && weights.some((weight) => weight > 0);
  };
  if (!objects.some(isUnused)) return mesh;
  return osmMesh({ objects: objects.map((object) => (isUnused(object) ? used(object) : object)) });
}

function used(object: KubernetesObject): KubernetesObject {
  const spec = valueAt(object, "spec");
  const backends = listAt(spec, "backends").map((backend) =>
    isJsonObject(backend) ? { ...backend, weight: numberAt(backend, "weight") || 1 } : backend,
  );
  return Object.assign({ ...object }, { spec: { ...(isJsonObject(spec) && spec), backends } });
}
