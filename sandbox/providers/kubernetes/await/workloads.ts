import { numberAt, stringAt, type JsonObject } from "../client/json";
import { condition, count, failed, isObserved, isTrue, ready, waiting, wordsOf, type Readiness } from "./readiness";

const unobserved = waiting("Waiting for the controller to see the change");

/**
 * All replicas run the newest template and enough of them are available. A paused deployment never gets there, unless it was there
 * before: the wait ends at its timeout.
 */
export function deployment(object: JsonObject): Readiness {
  if (!isObserved(object)) return unobserved;
  const progressing = condition(object, "Progressing");
  if (progressing?.["reason"] === "ProgressDeadlineExceeded") {
    return failed(wordsOf(progressing) ?? "the progress deadline has passed");
  }
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const updated = count(object, "updatedReplicas");
  const old = count(object, "replicas") - updated;
  if (updated < wanted) return waiting(`${updated} of ${wanted} replicas have the new template`);
  if (old > 0) return waiting(`${old} replicas of the old template are still there`);
  if (wanted > 0 && !isTrue(object, "Available")) {
    return waiting(`${count(object, "availableReplicas")} of ${wanted} replicas are available`);
  }
  // A deployment is Available with a share of its replicas; a rollout has ended when the controller says so.
  const rolledOut = progressing === undefined || progressing["reason"] === "NewReplicaSetAvailable" || wanted === 0;
  return rolledOut ? ready : waiting(`${count(object, "availableReplicas")} of ${wanted} replicas are available`);
}

/** All replicas are ready and, with rolling updates, of the newest revision. */
export function statefulSet(object: JsonObject): Readiness {
  if (!isObserved(object)) return unobserved;
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const readyReplicas = count(object, "readyReplicas");
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} replicas are ready`);
  if (stringAt(object, "spec", "updateStrategy", "type") === "OnDelete") return ready;
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  const toUpdate = Math.max(wanted - partition, 0);
  const updated = count(object, "updatedReplicas");
  return updated < toUpdate ? waiting(`${updated} of ${toUpdate} replicas have the new template`) : ready;
}

/** A pod of the newest template is available on every node that should have one. */
export function daemonSet(object: JsonObject): Readiness {
  if (!isObserved(object)) return unobserved;
  if (stringAt(object, "spec", "updateStrategy", "type") === "OnDelete") return ready;
  const wanted = count(object, "desiredNumberScheduled");
  const updated = count(object, "updatedNumberScheduled");
  const available = count(object, "numberAvailable");
  if (updated < wanted) return waiting(`${updated} of ${wanted} nodes have the new template`);
  return available < wanted ? waiting(`${available} of ${wanted} nodes run an available pod`) : ready;
}

/** All replicas are available. */
export function replicated(object: JsonObject): Readiness {
  if (!isObserved(object)) return unobserved;
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const available = count(object, "availableReplicas");
  return available < wanted ? waiting(`${available} of ${wanted} replicas are available`) : ready;
}

/** The job has completed. A suspended one does not start, and is waited for. */
export function job(object: JsonObject): Readiness {
  if (isTrue(object, "Complete")) return ready;
  if (isTrue(object, "Failed")) return failed(`the job failed: ${wordsOf(condition(object, "Failed")) ?? "no reason"}`);
  const wanted = numberAt(object, "spec", "completions") ?? 1;
  return waiting(`${count(object, "succeeded")} of ${wanted} pods have succeeded, ${count(object, "failed")} failed`);
}

/** The pod is ready, or has done its work. */
export function pod(object: JsonObject): Readiness {
  const phase = stringAt(object, "status", "phase") ?? "Pending";
  if (phase === "Succeeded" || isTrue(object, "Ready")) return ready;
  if (phase === "Failed") return failed(`the pod failed: ${stringAt(object, "status", "message") ?? "no reason"}`);
  const scheduled = condition(object, "PodScheduled");
  const words = scheduled?.["status"] === "False" ? wordsOf(scheduled) : wordsOf(condition(object, "Ready"));
  return waiting(`the pod is ${phase}${words === undefined ? "" : ` (${words})`}`);
}
