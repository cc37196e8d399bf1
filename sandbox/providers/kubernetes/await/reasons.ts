import type { ClusterObjects } from "../client/cluster";
import { isObject, objectsAt, stringAt, type JsonObject } from "../client/json";
import { wordsOf } from "./readiness";

/** How many lines an error may have on one object's account. */
const LIMIT = 10;

/**
 * Why an object is not ready, as far as the cluster tells: its own unmet conditions, what its pods' containers wait for, and the
 * warnings among the events. Best effort: what cannot be read is left out.
 */
export async function findReasons(object: JsonObject, objects: ClusterObjects): Promise<string[]> {
  const pods = await podsOf(object, objects);
  const reasons = [
    ...unmetConditions(object),
    ...pods.flatMap(podReasons),
    ...(await warnings([object, ...pods], object, objects)),
  ];
  return [...new Set(reasons)].slice(0, LIMIT);
}

/** Conditions that are good when they are False. */
const adverse: ReadonlySet<string> = new Set(["Failed", "FailureTarget", "ReplicaFailure", "Suspended"]);

function unmetConditions(object: JsonObject): string[] {
  return objectsAt(object, "status", "conditions").flatMap((entry) => {
    const type = stringAt(entry, "type") ?? "";
    const bad = adverse.has(type) ? entry["status"] === "True" : entry["status"] === "False";
    const words = wordsOf(entry);
    return bad && words !== undefined ? [`[${type}] ${words}`] : [];
  });
}

async function podsOf(object: JsonObject, objects: ClusterObjects): Promise<JsonObject[]> {
  const spec = object["spec"];
  const selector = isObject(spec) ? spec["selector"] : undefined;
  if (!isObject(selector)) return [];
  // Workloads have { matchLabels }, Services a plain map.
  const labels = isObject(selector["matchLabels"]) ? selector["matchLabels"] : selector;
  const labelSelector = Object.entries(labels)
    .filter(([, value]) => typeof value === "string")
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(",");
  if (labelSelector === "") return [];
  try {
    return await objects.list("v1", "Pod", namespaceOf(object), { labelSelector });
  } catch {
    return [];
  }
}

function podReasons(pod: JsonObject): string[] {
  const name = stringAt(pod, "metadata", "name") ?? "";
  const containers = [
    ...objectsAt(pod, "status", "initContainerStatuses"),
    ...objectsAt(pod, "status", "containerStatuses"),
  ];
  const waits = containers.flatMap((container) => {
    const state = container["state"];
    const words = isObject(state) ? wordsOf(firstObject(state["waiting"], state["terminated"])) : undefined;
    const normal = words === undefined || /^(ContainerCreating|PodInitializing|Completed)\b/.test(words);
    return normal ? [] : [`[Pod ${name}] container ${stringAt(container, "name") ?? ""}: ${words}`];
  });
  const unscheduled = objectsAt(pod, "status", "conditions")
    .filter((entry) => entry["type"] === "PodScheduled" && entry["status"] === "False")
    .flatMap((entry) => wordsOf(entry) ?? [])
    .map((words) => `[Pod ${name}] ${words}`);
  return [...unscheduled, ...waits];
}

function firstObject(...candidates: readonly unknown[]): JsonObject | undefined {
  return candidates.find(isObject);
}

async function warnings(about: JsonObject[], owner: JsonObject, objects: ClusterObjects): Promise<string[]> {
  const uids = new Set(about.map((object) => stringAt(object, "metadata", "uid")));
  const ownerName = stringAt(owner, "metadata", "name") ?? "";
  try {
    const events = await objects.list("v1", "Event", namespaceOf(owner), { fieldSelector: "type=Warning" });
    return events
      .filter(({ involvedObject }) => {
        // A Deployment's trouble is often its ReplicaSet's: quota, admission. Those carry its name and a hash.
        const replicaSet = stringAt(involvedObject, "kind") === "ReplicaSet";
        const ours = replicaSet && (stringAt(involvedObject, "name") ?? "").startsWith(`${ownerName}-`);
        return uids.has(stringAt(involvedObject, "uid")) || ours;
      })
      .map((event) => {
        const involved = event["involvedObject"];
        return `[${stringAt(involved, "kind") ?? ""} ${stringAt(involved, "name") ?? ""}] ${wordsOf(event) ?? ""}`;
      });
  } catch {
    return [];
  }
}

function namespaceOf(object: JsonObject): string {
  return stringAt(object, "metadata", "namespace") ?? "default";
}
