import { RunError } from "@pulumi/pulumi";
import { type Guarantee } from "../../mesh";
import { guaranteeKind, readGuarantees } from "../../mesh/analysis/guarantees";
import { type IstioObject, istioKinds } from "../../mesh/istio/kinds";
import { describeObject, isJsonObject, type KubernetesObject, nowhere } from "../../mesh/manifests";
import { isDnsLabel } from "../../mesh/manifests/names";
import { osmKinds, type PolicyObject } from "../../mesh/osm/kinds";
import { type ApplicationArgs } from "./args";

/** What an application's objects are, by what is done with them. */
export interface Parts {
  /** Namespaces that there are manifests of. */
  readonly namespaces: readonly KubernetesObject[];
  /** Policies of Open Service Mesh; converted where the mesh is Istio. */
  readonly osm: readonly PolicyObject[];
  /** Policies of Istio. */
  readonly istio: readonly IstioObject[];
  readonly guarantees: readonly Guarantee[];
  /** All others: what is deployed. */
  readonly objects: readonly KubernetesObject[];
}

/**
 * Sorts the objects of an application.
 *
 * @throws RunError that names each that cannot be deployed, and what to write.
 */
export function partsOf({ workloads = [], manifests = [], istio }: ApplicationArgs): Parts {
  const problems: string[] = [];
  const typed = workloads.flatMap((object, index): KubernetesObject[] => {
    const metadata: unknown = object.metadata;
    const { name, namespace } = isJsonObject(metadata) ? metadata : {};
    if (typeof name === "string" && typeof namespace === "string" && isDnsLabel(namespace)) {
      return [Object.assign({}, object, { metadata: Object.assign({}, metadata, { name, namespace }) })];
    }
    problems.push(
      `workloads[${index}]: the ${object.kind} needs metadata.name and metadata.namespace as plain texts, such as cart and shop.`,
    );
    return [];
  });
  const all = [...typed, ...manifests];
  const part = (wanted: Part): readonly KubernetesObject[] => all.filter((object) => partOf(object) === wanted);
  const osm = all.filter(isOsmPolicy);
  const ofIstio = all.filter(isIstioObject);
  for (const object of istio === undefined ? ofIstio : []) {
    problems.push(
      `${describeObject(object)}: it is of Istio, which this stack does not run. Leave it out, or set the mesh to istio.`,
    );
  }
  for (const object of part("settings")) {
    problems.push(
      `${describeObject(object)}: the mesh's own settings are those of the stack; write them there as \`mesh\`, and leave this out.`,
    );
  }
  const read = readGuarantees(part("guarantee"), nowhere);
  problems.push(...read.problems.map(({ message }) => message));
  const seen = new Set<string>();
  for (const object of all) {
    const title = `${object.apiVersion} ${describeObject(object)}`;
    if (seen.has(title)) problems.push(`${describeObject(object)}: it is there twice; leave one out.`);
    seen.add(title);
  }
  if (problems.length > 0) throw new RunError(problems.join("\n"));
  return {
    namespaces: part("namespace"),
    osm,
    istio: ofIstio,
    guarantees: read.guarantees,
    objects: part("object"),
  };
}

type Part = "namespace" | "policy" | "settings" | "guarantee" | "object";

function partOf(object: KubernetesObject): Part {
  const { apiVersion, kind } = object;
  if (apiVersion === "v1" && kind === "Namespace") return "namespace";
  if (apiVersion === guaranteeKind.apiVersion && kind === guaranteeKind.kind) return "guarantee";
  if (groupOf(apiVersion) === groupOf(osmKinds.MeshConfig.apiVersion)) return "settings";
  return isOsmPolicy(object) || isIstioObject(object) ? "policy" : "object";
}

/** Whether an object says that it is a policy of Open Service Mesh. What is in it the analysis checks. */
function isOsmPolicy(object: KubernetesObject): object is PolicyObject {
  return Object.entries(osmKinds).some(
    ([kind, { apiVersion }]) =>
      object.kind === kind &&
      groupOf(object.apiVersion) === groupOf(apiVersion) &&
      apiVersion !== osmKinds.MeshConfig.apiVersion,
  );
}

/** Whether an object says that it is one of Istio's. What is in it the analysis checks. */
function isIstioObject(object: KubernetesObject): object is IstioObject {
  return Object.entries(istioKinds).some(
    ([kind, { apiVersion }]) => object.kind === kind && groupOf(object.apiVersion) === groupOf(apiVersion),
  );
}

function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, apiVersion.indexOf("/"));
}
