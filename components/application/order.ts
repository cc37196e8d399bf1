import { RunError } from "@pulumi/pulumi";
import { type KubernetesObject } from "../../mesh/manifests";
import { textAt } from "../../mesh/manifests/inside";
import { isBehind } from "../../mesh/manifests/pod-template";
import { isService } from "./addresses";

/** What objects wait for: for each the places in the list of those that come before it. */
export type Order = readonly (readonly number[])[];

/** Kinds whose pods the provider waits for. */
const workloads: ReadonlySet<string> = new Set([
  ...["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet", "Job", "CronJob", "Pod"],
]);

/** Kinds that come after the pods and the Services. */
const last: ReadonlySet<string> = new Set(["Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget"]);

/** The annotation by which an object says what it waits for, as kpt and Pulumi read it: https://kpt.dev/reference/annotations/depends-on/ */
const dependsOn = "config.kubernetes.io/depends-on";

/**
 * The order of objects: accounts, configuration and claims, then pods, then each Service after the pods behind it, as it waits for them,
 * then what points to these. What an annotation says comes on top.
 *
 * @throws RunError where an annotation names nothing there is, or objects wait for each other.
 */
export function orderOf(objects: readonly KubernetesObject[]): Order {
  const said = objects.map((object) => annotated(object, objects));
  const places = objects.map((_, index) => index);
  const isWorkload = (index: number): boolean => workloads.has(objects[index]?.kind ?? "");
  const first = places.filter((index) => {
    const object = objects[index];
    return object !== undefined && !isWorkload(index) && !isService(object) && !isLast(object);
  });
  const order = objects.map((object, index): readonly number[] => {
    if (isWorkload(index)) return [...inNamespaceOf(object, first, objects), ...(said[index] ?? [])];
    if (isService(object)) {
      const behind = objects.flatMap((other, place) => (isWorkload(place) && isBehind(other, object) ? [place] : []));
      return [...behind, ...(said[index] ?? [])];
    }
    if (isLast(object)) return [...places.filter((place) => !isLast(objects[place])), ...(said[index] ?? [])];
    return [
      ...(isCustom(object) ? places.filter((place) => isDefinition(objects[place])) : []),
      ...(said[index] ?? []),
    ];
  });
  refuseCircles(objects, order);
  return order;
}

function isLast(object: KubernetesObject | undefined): boolean {
  return object !== undefined && last.has(object.kind);
}

function isDefinition(object: KubernetesObject | undefined): boolean {
  return object?.kind === "CustomResourceDefinition";
}

/** Whether a kind is not of Kubernetes itself. */
function isCustom(object: KubernetesObject): boolean {
  const group = groupOf(object);
  return group.includes(".") && !group.endsWith(".k8s.io");
}

function inNamespaceOf(
  { metadata }: KubernetesObject,
  places: readonly number[],
  objects: readonly KubernetesObject[],
): readonly number[] {
  return places.filter((place) => {
    const namespace = objects[place]?.metadata.namespace;
    return namespace === undefined || namespace === metadata.namespace;
  });
}

/** Places of the objects that an annotation names, `group/namespaces/namespace/kind/name` each. */
function annotated(object: KubernetesObject, objects: readonly KubernetesObject[]): readonly number[] {
  const text = textAt(object, "metadata", "annotations", dependsOn);
  if (text === undefined) return [];
  return text.split(",").map((one) => {
    const [group = "", , namespace, kind, name] = one.trim().split("/");
    const place = objects.findIndex(
      (other) =>
        other.kind === kind &&
        other.metadata.name === name &&
        other.metadata.namespace === namespace &&
        groupOf(other) === group,
    );
    if (place >= 0) return place;
    throw new RunError(
      `${titleOf(object)}: its annotation ${dependsOn} names ${one.trim()}, which the application does not have. Write ` +
        "GROUP/namespaces/NAMESPACE/KIND/NAME, such as apps/namespaces/shop/StatefulSet/database, or /namespaces/shop/Service/database.",
    );
  });
}

function groupOf({ apiVersion }: KubernetesObject): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** For messages, such as `Deployment shop/cart`. */
function titleOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

function refuseCircles(objects: readonly KubernetesObject[], order: Order): void {
  const done = new Set<number>();
  const visit = (place: number, way: readonly number[]): void => {
    if (done.has(place)) return;
    const since = way.indexOf(place);
    if (since >= 0) {
      const circle = [...way.slice(since), place].flatMap((one) => objects[one] ?? []).map(titleOf);
      throw new RunError(`These wait for each other: ${circle.join(" → ")}. Take one ${dependsOn} out.`);
    }
    for (const before of order[place] ?? []) visit(before, [...way, place]);
    done.add(place);
  };
  objects.forEach((_, place) => {
    visit(place, []);
  });
}
