import { timeoutOf } from "./annotations";
import { awaitReady } from "./await";
import type { JsonObject } from "./client/json";
import { toProperties, type Inputs } from "./properties";
import type { Session } from "./session";
import { idOf, stateOf } from "./state";
import {
  ResourceInitializationError,
  type CallContext,
  type CreateRequest,
  type PropertyMap,
  type UpdateRequest,
} from "../protocol";

/** Waits until the object does its work, and gives the state. */
export async function finish(
  session: Session,
  live: JsonObject,
  request: CreateRequest | UpdateRequest,
  inputs: Inputs,
  manager: string,
  done: "created" | "updated",
  context: CallContext,
): Promise<PropertyMap> {
  const secrets = "inputs" in request ? request.inputs : request.newInputs;
  const { object, reasons } = await awaitReady(session.objects, live, {
    timeout: timeoutOf(live, request.timeoutSeconds),
    serviceSettleTime: session.configuration.serviceSettleTime,
    signal: context.signal,
    onStatus: (status) => context.log.status(status),
  }).catch((error: unknown) => ({
    object: live,
    reasons: [error instanceof Error ? error.message : String(error)],
  }));
  const outputs = stateOf(object, inputs, secrets, manager);
  if (reasons.length === 0) return outputs;
  const what = `${String(live["kind"])} ${idOf(live)} was ${done}, but did not become ready`;
  throw new ResourceInitializationError({ id: idOf(live), inputs: toProperties(inputs, secrets), outputs }, [
    what,
    ...reasons,
  ]);
}
