import { type PolicyResource } from "@pulumi/policy";
import { type Manifests, parseManifests } from "../../mesh";
import { unreadFields } from "../../mesh/manifests";
import { isPart, notKnown } from "../rules";
import { type Seen, seenAs } from "./seen";

/** The objects of a stack that go to one cluster. */
export interface ClusterObjects {
  /** Positions name a resource's URN as the file. */
  readonly manifests: Manifests;
  /** Titles of objects that a preview does not know, `TrafficTarget shop/buyers`. */
  readonly unknown: readonly string[];
}

/** Whether a resource is an object of a cluster. Secrets are left alone: nothing of them matters here. */
export function isObject(type: string): boolean {
  return type.startsWith("kubernetes:") && !/:Secret(Patch)?$/.test(type);
}

/** The objects of each cluster that a stack puts any in. A cluster is told by the provider that reaches it. */
export function objectsOfClusters(resources: readonly PolicyResource[]): readonly ClusterObjects[] {
  const clusters = new Map<string, Seen[]>();
  for (const { urn } of resources) {
    const seen = seenAs(urn);
    // Components, such as a ConfigGroup, and charts that the cluster renders are no objects.
    if (seen === undefined || !isObject(seen.type) || !("apiVersion" in seen.inputs)) continue;
    clusters.set(seen.provider, [...(clusters.get(seen.provider) ?? []), seen]);
  }
  return [...clusters.values()].map((objects) => {
    const read = objects.map((object) => ({ ...object, value: essential(object.inputs) }));
    return {
      manifests: parseManifests(
        read.flatMap(({ urn, value }) => (holdsUnknown(value) ? [] : [{ name: urn, text: JSON.stringify(value) }])),
      ),
      unknown: read.flatMap(({ urn, value }) => (holdsUnknown(value) ? [titleOf(value, urn)] : [])),
    };
  });
}

/** An object without what is unknown and does not matter. */
function essential(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essential);
  if (!isPart(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      unreadFields.has(key) && holdsUnknown(inner) ? [] : [[key, essential(inner)]],
    ),
  );
}

function holdsUnknown(value: unknown): boolean {
  if (value === notKnown) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown);
}

function titleOf(object: unknown, urn: string): string {
  const kind = isPart(object) && typeof object["kind"] === "string" ? object["kind"] : "object";
  const metadata = isPart(object) && isPart(object["metadata"]) ? object["metadata"] : {};
  const { name, namespace } = metadata;
  if (typeof name !== "string") return `${kind} of the resource ${urn.slice(urn.lastIndexOf("::") + 2)}`;
  return `${kind} ${typeof namespace === "string" ? `${namespace}/` : ""}${name}`;
}
