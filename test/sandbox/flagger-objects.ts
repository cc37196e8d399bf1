import { asKubernetesObject } from "../../components/mesh-policies/cluster";
import { type MeshName } from "../../mesh";
import { madeByFlagger } from "../../mesh/flagger/made";
import { type KubernetesObject } from "../../mesh/manifests";
import { valueAt } from "../../mesh/manifests/inside";
import { type ApiClient } from "../../sandbox/control-plane/api-client";
import { canaryBookstore } from "./canary-bookstore";

/** Where the API has the kinds that Flagger makes and changes. */
const places = {
  Service: "/api/v1",
  Deployment: "/apis/apps/v1",
  TrafficSplit: "/apis/split.smi-spec.io/v1alpha2",
  VirtualService: "/apis/networking.istio.io/v1",
  DestinationRule: "/apis/networking.istio.io/v1",
} as const;

type Kind = keyof typeof places;

/** The objects by which a mesh splits calls. */
const splitting = { osm: ["TrafficSplit"], istio: ["VirtualService", "DestinationRule"] } as const;

/** Path of the objects of a kind in the bookstore's namespace. */
export function pathOf(kind: Kind, name?: string): string {
  const path = `${places[kind]}/namespaces/bookstore/${kind.toLowerCase()}s`;
  return name === undefined ? path : `${path}/${name}`;
}

/** What there is of Flagger's in the bookstore's namespace, as far as it decides who may call and where calls go, by kind and name. */
export async function flaggersObjects(api: ApiClient, mesh: MeshName): Promise<Readonly<Record<string, unknown>>> {
  const kinds: readonly Kind[] = ["Service", "Deployment", ...splitting[mesh]];
  const found = await Promise.all(
    kinds.map(async (kind) =>
      // A list does not name the kind of what is in it.
      (await api.list<KubernetesObject>(pathOf(kind))).map((object): KubernetesObject => ({ ...object, kind })),
    ),
  );
  return decidingOf(
    found.flat().filter(({ kind, metadata }) => kind !== "Deployment" || metadata.name !== "bookstore"),
  );
}

/** The same as the analysis expects it of the sample's objects, while there is one version. */
export function expectedObjects(mesh: MeshName): Readonly<Record<string, unknown>> {
  const { workloads } = canaryBookstore({ analysis: { interval: "1m", threshold: 1, stepWeights: [50] } });
  const objects = workloads.flatMap((object, index) => asKubernetesObject(object, index) ?? []);
  const declared = (kind: Kind): KubernetesObject => {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === "bookstore");
    if (found === undefined) throw new Error(`the sample has no ${kind} bookstore`);
    return found;
  };
  const { service, others, split, route } = madeByFlagger({
    ...{ service: declared("Service"), deployment: declared("Deployment") },
    ...{ label: "app", value: "bookstore" },
  });
  // Without a traffic policy a DestinationRule says nothing, so that the analysis leaves it out.
  const rules = ["canary", "primary"].map((version) => ({
    ...{ apiVersion: "networking.istio.io/v1", kind: "DestinationRule" },
    metadata: { name: `bookstore-${version}` },
    spec: { host: `bookstore-${version}` },
  }));
  return decidingOf([service, ...others, ...(mesh === "osm" ? [split] : [route, ...rules])]);
}

function decidingOf(objects: readonly KubernetesObject[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, deciding(object)]));
}

/** What of an object decides who may call and where calls go. */
function deciding(object: KubernetesObject): unknown {
  const at = (...path: readonly string[]): unknown => valueAt(object, "spec", ...path);
  switch (object.kind) {
    case "Service":
      return { type: at("type") ?? "ClusterIP", selector: at("selector"), ports: at("ports") };
    case "Deployment":
      return {
        selector: at("selector"),
        labels: at("template", "metadata", "labels"),
        account: at("template", "spec", "serviceAccountName"),
      };
    default:
      return at();
  }
}
