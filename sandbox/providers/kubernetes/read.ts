import { readinessOf } from "./await";
import { findReasons } from "./await/reasons";
import { hasCode, NoMatchError } from "./client/api-error";
import { isObject, without, type JsonObject } from "./client/json";
import { fieldManager } from "./field-manager";
import { resourceKind } from "./kinds";
import { knownPart, liveObject, toInputs, toProperties, type Inputs } from "./properties";
import { normalize } from "./normalize";
import { pruneLive } from "./prune";
import type { Session } from "./session";
import { idOf, parseId, stateOf } from "./state";
import { ResourceInitializationError, type CallContext, type ReadRequest, type ReadResult } from "../protocol";

/** Reads the live object, for refresh and import. Undefined: it is gone, or its kind is. */
export async function readResource(
  session: Session,
  request: ReadRequest,
  context: CallContext,
): Promise<ReadResult | undefined> {
  const reason = await session.unreachable();
  if (reason !== undefined) return readUnreachable(session, request, reason, context);

  const imported = Object.keys(request.oldInputs).length === 0;
  const oldInputs = await normalize(toInputs(request.oldInputs));
  const stored = liveObject(request.oldOutputs);
  const kind = resourceKind(request.type, { ...stored, ...knownPart(oldInputs) });
  let live: JsonObject;
  try {
    live = await session.objects.get({ apiVersion: kind.apiVersion, kind: kind.kind, ...parseId(request.id) });
  } catch (error) {
    if (hasCode(error, 404) || error instanceof NoMatchError) return undefined;
    throw error;
  }
  const inputs: Inputs = imported ? importedInputs(live) : pruneLive(live, oldInputs);
  const outputs = stateOf(live, inputs, request.oldInputs, fieldManager(knownPart(inputs), request.oldOutputs));
  const result = { id: request.id, inputs: toProperties(inputs, request.oldInputs), outputs };
  if (imported || kind.patch) return result;

  const readiness = await readinessOf(session.objects, live);
  if (readiness === undefined || readiness.ready) return result;
  throw new ResourceInitializationError(result, [
    `${kind.kind} ${idOf(live)} is not ready: ${readiness.status}`,
    ...(await findReasons(live, session.objects)),
  ]);
}

function readUnreachable(
  session: Session,
  request: ReadRequest,
  reason: string,
  context: CallContext,
): ReadResult | undefined {
  if (session.configuration.deleteUnreachable) {
    context.log.info(`${reason}. deleteUnreachable is set: the resource leaves the state`);
    return undefined;
  }
  if (session.configuration.skipUpdateUnreachable) {
    context.log.warning(`${reason}. skipUpdateUnreachable is set: the state stays as it was`);
    return { id: request.id, inputs: request.oldInputs, outputs: request.oldOutputs };
  }
  throw new Error(
    `${reason}. If the cluster was deleted, run the command again with PULUMI_K8S_DELETE_UNREACHABLE=true to remove its ` +
      "objects from the state",
  );
}

const serverMetadata = ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];
const serverAnnotations = [
  "deployment.kubernetes.io/revision",
  "deprecated.daemonset.template.generation",
  "kubectl.kubernetes.io/last-applied-configuration",
];

/** The inputs of an object that is being imported: all that the server did not add on its own account. */
function importedInputs(live: JsonObject): JsonObject {
  const { metadata } = live;
  return { ...without(live, "status"), metadata: isObject(metadata) ? importedMetadata(metadata) : {} };
}

function importedMetadata(metadata: JsonObject): JsonObject {
  const { annotations } = metadata;
  const written = isObject(annotations) ? without(annotations, ...serverAnnotations) : {};
  const rest = without(metadata, "annotations", ...serverMetadata);
  return Object.keys(written).length === 0 ? rest : { ...rest, annotations: written };
}
