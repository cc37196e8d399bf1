import { setTimeout as sleep } from "node:timers/promises";
import { isAnnotated, timeoutOf } from "./annotations";
import { awaitReady } from "./await";
import { ApiError, hasCode, isFieldConflict, isNamespaceNotFound, NoMatchError } from "./client/api-error";
import { referenceOf } from "./client/cluster";
import { at, isObject, objectsAt, type JsonObject } from "./client/json";
import { fieldManager } from "./field-manager";
import { resourceKind, type ResourceKind } from "./kinds";
import { manifestOf } from "./manifest";
import { fieldsOf, owns } from "./ownership";
import { containsUnknowns, knownPart, toInputs, toJson, toProperties, type Inputs } from "./properties";
import type { Session } from "./session";
import { idOf, previewOf, stateOf } from "./state";
import {
  ResourceInitializationError,
  type CallContext,
  type CreateRequest,
  type CreateResult,
  type PropertyMap,
  type UpdateRequest,
} from "../protocol";

/** Creates an object, or contributes a Patch resource's fields to one. */
export async function createResource(
  session: Session,
  request: CreateRequest,
  context: CallContext,
): Promise<CreateResult> {
  const inputs = toInputs(request.inputs);
  const kind = resourceKind(request.type, knownPart(inputs));
  if (request.preview) return { id: "", outputs: await previewCreation(session, request, inputs, kind, context) };

  const wanted = toJson(inputs);
  const manager = fieldManager(request.urn, wanted, {});
  const force = session.configuration.enablePatchForce || isAnnotated(wanted, "patchForce");
  const live = await retryMissing(context, async () => {
    const manifest = await manifestOf(session, wanted);
    if (!kind.patch) await refuseExisting(session, manifest, manager, kind);
    return apply(session, manifest, { manager, force, dryRun: false }, context);
  }).catch((error: unknown) => {
    throw inWords(error, "created", manager, kind);
  });
  if (wanted["kind"] === "CustomResourceDefinition") session.discovery.reset();
  const outputs = await finish(session, live, request, inputs, manager, "created", context);
  return { id: idOf(live), outputs };
}

async function previewCreation(
  session: Session,
  request: CreateRequest,
  inputs: Inputs,
  kind: ResourceKind,
  context: CallContext,
): Promise<PropertyMap> {
  const skip =
    kind.patch ||
    containsUnknowns(inputs) ||
    (await session.unreachable()) !== undefined ||
    (await session.discovery.find(kind.apiVersion, kind.kind)) === undefined;
  if (skip) return request.inputs;
  const wanted = toJson(inputs);
  const manager = fieldManager(request.urn, wanted, {});
  try {
    const manifest = await manifestOf(session, wanted);
    // Forced: a replacement's old object is still there in a preview, under the same name.
    const result = await apply(session, manifest, { manager, force: true, dryRun: true }, context);
    return previewOf(result, inputs, request.inputs, true);
  } catch (error) {
    if (isNamespaceNotFound(error) || isForbidden(error) || isImmutable(error) || isDryRunUnsupported(error)) {
      return request.inputs;
    }
    throw inWords(error, "created", manager, kind);
  }
}

/** Who may only read may still preview. A webhook's refusal is none of these: it would meet the real request, too. */
function isForbidden(error: unknown): boolean {
  return hasCode(error, 403) && !error.message.includes("admission webhook");
}

/** A dry run over the object that is going to be replaced says that its fields cannot change: that is why it is replaced. */
function isImmutable(error: unknown): boolean {
  return hasCode(error, 422) && error.message.includes("field is immutable");
}

function isDryRunUnsupported(error: unknown): boolean {
  return hasCode(error, 400) && error.message.includes("does not support dry run");
}

/** Applies the changed inputs. Fields of other managers stay as they are. */
export async function updateResource(
  session: Session,
  request: UpdateRequest,
  context: CallContext,
): Promise<PropertyMap> {
  const inputs = toInputs(request.newInputs);
  const kind = resourceKind(request.type, knownPart(inputs));
  if (request.preview) {
    const skip =
      containsUnknowns(inputs) ||
      (await session.unreachable()) !== undefined ||
      (await session.discovery.find(kind.apiVersion, kind.kind)) === undefined;
    if (skip) return request.newInputs;
  }
  const wanted = toJson(inputs);
  const manager = fieldManager(request.urn, wanted, request.oldOutputs);
  const force = session.configuration.enablePatchForce || isAnnotated(wanted, "patchForce");
  let live: JsonObject;
  try {
    const manifest = await manifestOf(session, wanted);
    const current = await session.objects.get(referenceOf(manifest));
    keepIgnored(manifest, current, request.ignoreChanges, manager);
    live = await apply(session, manifest, { manager, force, dryRun: request.preview }, context);
  } catch (error) {
    if (request.preview && isForbidden(error)) return request.newInputs;
    throw inWords(error, "updated", manager, kind);
  }
  if (request.preview) return previewOf(live, inputs, request.newInputs, false);

  const oldManager = fieldManager(request.urn, toJson(toInputs(request.oldInputs)), request.oldOutputs);
  if (oldManager !== manager) live = (await relinquish(session, live, oldManager)) ?? live;
  return finish(session, live, request, inputs, manager, "updated", context);
}

/** Gives up all fields of a manager; an object that is gone needs nothing. Undefined: it is gone. */
export async function relinquish(session: Session, live: JsonObject, manager: string): Promise<JsonObject | undefined> {
  const { apiVersion, kind, namespace, name } = referenceOf(live);
  const identity: JsonObject = {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  };
  try {
    // An apply would create an object that is not there.
    await session.objects.get(referenceOf(live));
    return await session.objects.apply(identity, { fieldManager: manager, force: false, dryRun: false });
  } catch (error) {
    if (hasCode(error, 404) || error instanceof NoMatchError) return undefined;
    const required =
      error instanceof ApiError ? error.causes.find(({ reason }) => reason === "FieldValueRequired") : undefined;
    if (required === undefined) throw error;
    throw new Error(
      `this Patch resource manages a required field (${required.field ?? "unknown"}) and nobody else does, so it cannot be ` +
        "deleted; set the resource option retainOnDelete, or let another manager apply the field first",
    );
  }
}

function apply(
  session: Session,
  manifest: JsonObject,
  { manager, force, dryRun }: { manager: string; force: boolean; dryRun: boolean },
  context: CallContext,
): Promise<JsonObject> {
  return session.objects.apply(manifest, {
    fieldManager: manager,
    force,
    dryRun,
    signal: context.signal,
    onWarning: (message) => {
      const deprecation = /deprecated|unavailable in v/.test(message);
      if (!deprecation || !session.configuration.suppressDeprecationWarnings) context.log.warning(message);
    },
  });
}

/**
 * An object that is there already belongs to somebody, unless its fields carry our manager's name: then an earlier run created it
 * and was cut off before the state was written.
 */
async function refuseExisting(
  session: Session,
  manifest: JsonObject,
  manager: string,
  kind: ResourceKind,
): Promise<void> {
  if (session.configuration.upsertExistingObjects) return;
  const reference = referenceOf(manifest);
  let existing: JsonObject;
  try {
    existing = await session.objects.get(reference);
  } catch (error) {
    if (hasCode(error, 404)) return;
    throw error;
  }
  if (objectsAt(existing, "metadata", "managedFields").some((entry) => entry["manager"] === manager)) return;
  if (at(existing, "metadata", "deletionTimestamp") !== undefined) {
    throw new Error(`${kind.kind} ${idOf(existing)} is still being deleted; run the command again when it is gone`);
  }
  throw new Error(
    [
      `${kind.kind} ${idOf(existing)} already exists in the cluster, and this resource did not create it. Then one of these helps:`,
      "  - renamed the Pulumi resource: give it the old name as an alias;",
      `  - only some fields are yours to set: use ${kind.kind}Patch;`,
      "  - it is to be yours from now on: `pulumi import` it, or set upsertExistingObjects on the provider.",
    ].join("\n"),
  );
}

/** Pauses before the tries after the first, in milliseconds: as the real provider, which gives up after five. */
const missingPauses = [1_000, 2_000, 4_000, 8_000, 16_000];

/** Repeats while a namespace or kind that the object needs is not there: it may be on its way. */
async function retryMissing<Result>(context: CallContext, attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const pause = missingPauses[tries];
      if (pause === undefined || !(error instanceof NoMatchError || hasCode(error, 404))) throw error;
      context.log.status(`Retry #${tries + 1}; creation failed: ${error.message}`);
      await sleep(pause, undefined, { signal: context.signal });
    }
  }
}

/** Leaves a field that the user wants ignored to its owner: not named where others own it, as it is where we do. */
function keepIgnored(manifest: JsonObject, current: JsonObject, ignored: readonly string[], manager: string): void {
  const ours = fieldsOf(current, manager);
  for (const path of ignored.map(membersOf)) {
    const parent = at(manifest, ...path.slice(0, -1));
    const key = path.at(-1);
    if (key === undefined || !isObject(parent) || parent[key] === undefined) continue;
    const value = at(current, ...path);
    if (value !== undefined && !owns(ours, path)) delete parent[key];
    else if (value !== undefined) parent[key] = value;
  }
}

/** The members of a property path; a path into a list stands for the list. */
function membersOf(path: string): string[] {
  const steps = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)];
  const list = steps.findIndex((step) => step[2] !== undefined);
  return (list < 0 ? steps : steps.slice(0, list)).map((step) => step[1] ?? step[3] ?? "");
}

/** Waits until the object does its work, and gives the state. */
async function finish(
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

/** Adds to an API server's refusal what to do about it. */
function inWords(
  error: unknown,
  done: "created" | "updated",
  manager: string,
  { apiVersion, kind }: ResourceKind,
): unknown {
  if (error instanceof NoMatchError) {
    return new Error(
      `The Kubernetes API server serves no ${apiVersion}/${kind}: ${error.message}. Create the CustomResourceDefinition first, ` +
        "and make this resource depend on it",
    );
  }
  if (isFieldConflict(error)) {
    const lines = error.causes.map(({ field, message }) => `  ${field ?? ""}: ${message}`);
    return new Error(
      [
        `Other managers own fields that this resource (manager ${manager}) sets:`,
        ...new Set(lines),
        'Leave these fields out, or take them over with the annotation "pulumi.com/patchForce": "true".',
      ].join("\n"),
    );
  }
  if (done === "updated" && hasCode(error, 404)) {
    return new Error(
      `${error.message}. It was deleted behind Pulumi's back: run \`pulumi refresh\`, then create it anew`,
    );
  }
  if (!(error instanceof ApiError)) return error;
  return new Error(`The Kubernetes API server refused the ${kind}: ${error.message}`);
}
