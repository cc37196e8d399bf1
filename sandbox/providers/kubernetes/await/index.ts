import { setTimeout as sleep } from "node:timers/promises";
import { annotation, isAnnotated } from "../annotations";
import { hasCode } from "../client/api-error";
import { referenceOf, type ClusterObjects } from "../client/cluster";
import type { JsonObject } from "../client/json";
import { ingress, serviceCheck } from "./network";
import type { Readiness, ReadinessCheck } from "./readiness";
import { findReasons } from "./reasons";
import { persistentVolume, persistentVolumeClaim, resourceQuota, secret } from "./storage";
import { waitFor } from "./wait-for";
import { daemonSet, deployment, job, pod, replicated, statefulSet } from "./workloads";

const SERVICE = "v1/Service";

/** Kinds that are not done when the server has stored them. All others are, definitions and ReplicaSets too. */
const checks: Readonly<Record<string, ReadinessCheck>> = {
  "apps/v1/DaemonSet": daemonSet,
  "apps/v1/Deployment": deployment,
  "apps/v1/StatefulSet": statefulSet,
  "batch/v1/Job": job,
  "networking.k8s.io/v1/Ingress": ingress,
  "v1/PersistentVolume": persistentVolume,
  "v1/PersistentVolumeClaim": persistentVolumeClaim,
  "v1/Pod": pod,
  "v1/ReplicationController": replicated,
  "v1/ResourceQuota": resourceQuota,
  "v1/Secret": secret,
  [SERVICE]: serviceCheck(),
};

/** Judges an object as it is; undefined for kinds that have nothing to wait for, and with the annotation `skipAwait`. */
export async function readinessOf(
  objects: ClusterObjects,
  object: JsonObject,
  check = checks[kindOf(object)],
): Promise<Readiness | undefined> {
  if (isAnnotated(object, "skipAwait")) return undefined;
  const expression = annotation(object, "waitFor");
  if (expression !== undefined && expression !== "") return waitFor(expression, object);
  return check?.(object, objects);
}

function kindOf(object: JsonObject): string {
  return `${String(object["apiVersion"])}/${String(object["kind"])}`;
}

/** How a wait ended: with the last look at the object and, where it is not ready, why. */
export interface AwaitResult {
  readonly object: JsonObject;
  /** Empty: ready. */
  readonly reasons: readonly string[];
}

/** How to wait. */
export interface AwaitOptions {
  /** Longest wait in milliseconds. */
  readonly timeout: number;
  /** How long a Service's Endpoints must have stayed the same, in milliseconds. */
  readonly serviceSettleTime: number;
  readonly signal: AbortSignal;
  /** Told what is being waited for, when it changes; with an empty text at the end. */
  readonly onStatus: (status: string) => void;
}

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;

/** Waits until an object is ready, fails for good, is deleted, or time is up. */
export async function awaitReady(
  objects: ClusterObjects,
  stored: JsonObject,
  { timeout, serviceSettleTime, signal, onStatus }: AwaitOptions,
): Promise<AwaitResult> {
  const deadline = Date.now() + timeout;
  const check = kindOf(stored) === SERVICE ? serviceCheck(serviceSettleTime) : undefined;
  let object = stored;
  let status = "";
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.3, LONGEST_PAUSE)) {
    const readiness = await readinessOf(objects, object, check);
    if (readiness === undefined || readiness.ready) {
      if (status !== "") onStatus("");
      return { object, reasons: [] };
    }
    if (readiness.status !== status) onStatus((status = readiness.status));
    const end = endOf(readiness, deadline, timeout, signal);
    if (end !== undefined) {
      onStatus("");
      // The last look is a refresh's, which lets nothing settle.
      const last = await readinessOf(objects, object);
      if (last?.ready === true) return { object, reasons: [] };
      return { object, reasons: [`${end}: ${readiness.status}`, ...(await findReasons(object, objects))] };
    }
    // A cancelled wait ends on the next round, with its reasons.
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    const seen = await look(objects, object);
    if (seen === undefined) return { object, reasons: ["the object was deleted while it was awaited"] };
    object = seen;
  }
}

function endOf(
  readiness: Readiness & { ready: false },
  deadline: number,
  timeout: number,
  signal: AbortSignal,
): string | undefined {
  if (readiness.failed === true) return "it failed";
  if (signal.aborted) return "the operation was cancelled";
  return Date.now() >= deadline ? `not ready within ${Math.round(timeout / 1000)} s` : undefined;
}

async function look(objects: ClusterObjects, object: JsonObject): Promise<JsonObject | undefined> {
  try {
    return await objects.get(referenceOf(object));
  } catch (error) {
    if (hasCode(error, 404)) return undefined;
    throw error;
  }
}
