import { setTimeout as sleep } from "node:timers/promises";
import { isAnnotated, propagationOf, timeoutOf } from "./annotations";
import { relinquish } from "./relinquish";
import { findReasons } from "./await/reasons";
import { hasCode, NoMatchError } from "./client/api-error";
import type { ObjectReference } from "./client/cluster";
import { at, stringAt, type JsonObject } from "./client/json";
import { fieldManager } from "./field-manager";
import { resourceKind } from "./kinds";
import { knownPart, liveObject, toInputs } from "./properties";
import type { Session } from "./session";
import { parseId } from "./state";
import type { CallContext, DeleteRequest } from "../protocol";

/** Deletes an object and waits until it is gone, or gives up a Patch resource's fields. What is gone already is well. */
export async function deleteResource(session: Session, request: DeleteRequest, context: CallContext): Promise<void> {
  const live = liveObject(request.oldOutputs);
  const inputs = Object.keys(request.oldInputs).length === 0 ? live : knownPart(toInputs(request.oldInputs));
  const kind = resourceKind(request.type, { ...live, ...inputs });
  if (session.configuration.deleteUnreachable) {
    const reason = await session.unreachable();
    if (reason !== undefined) {
      context.log.info(`${reason}. deleteUnreachable is set: the resource leaves the state`);
      return;
    }
  }
  const manager = fieldManager(inputs, request.oldOutputs);
  if (kind.patch) {
    await relinquish(session, live, manager);
    return;
  }
  const reference = { apiVersion: kind.apiVersion, kind: kind.kind, ...parseId(request.id) };
  try {
    await session.objects.remove(reference, propagationOf(inputs));
  } catch (error) {
    if (hasCode(error, 404) || error instanceof NoMatchError) return;
    throw error;
  }
  if (isAnnotated(inputs, "skipAwait") && awaitsNoDeletion.has(kind.kind)) return;
  await awaitDeletion(
    session,
    reference,
    stringAt(live, "metadata", "uid"),
    timeoutOf(inputs, request.timeoutSeconds),
    context,
  );
}

/** Kinds whose deletion is not awaited with `skipAwait`; of all others it is, as in the real provider. */
const awaitsNoDeletion: ReadonlySet<string> = new Set([
  "DaemonSet",
  "Deployment",
  "Job",
  "Namespace",
  "Pod",
  "ReplicationController",
  "StatefulSet",
]);

async function awaitDeletion(
  session: Session,
  reference: ObjectReference,
  uid: string | undefined,
  timeout: number,
  { log, signal }: CallContext,
): Promise<void> {
  const deadline = Date.now() + timeout;
  for (let pause = 50; ; pause = Math.min(pause * 1.3, 1_000)) {
    const live = await look(session, reference);
    // Another object of the same name is somebody's new one.
    if (live === undefined || (uid !== undefined && stringAt(live, "metadata", "uid") !== uid)) {
      log.status("");
      return;
    }
    const hold = holdOf(live);
    log.status(`Waiting for the deletion${hold === undefined ? "" : ` (${hold})`}`);
    if (Date.now() >= deadline || signal.aborted) {
      const end = signal.aborted ? "the operation was cancelled" : `not gone within ${Math.round(timeout / 1000)} s`;
      const reasons = await findReasons(live, session.objects);
      throw new Error(
        [
          `${reference.kind} ${reference.name} is being deleted, but ${end}`,
          ...(hold === undefined ? [] : [hold]),
          ...reasons,
        ].join("\n"),
      );
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

async function look(session: Session, reference: ObjectReference): Promise<JsonObject | undefined> {
  try {
    return await session.objects.get(reference);
  } catch (error) {
    if (hasCode(error, 404) || error instanceof NoMatchError) return undefined;
    throw error;
  }
}

/** What holds an object that is marked for deletion. */
function holdOf(live: JsonObject): string | undefined {
  const finalizers = [at(live, "metadata", "finalizers"), at(live, "spec", "finalizers")].flatMap((list) =>
    Array.isArray(list) ? list.map(String) : [],
  );
  return finalizers.length === 0 ? undefined : `finalizers: ${finalizers.join(", ")}`;
}
