import { isForbidden, NoMatchError } from "./client/api-error";
import { referenceOf } from "./client/cluster";
import { at, isObject, objectsAt, stringAt, type JsonObject } from "./client/json";
import { fieldManager } from "./field-manager";
import { finish } from "./finish";
import { resourceKind, type ResourceKind } from "./kinds";
import { manifestOf } from "./manifest";
import { normalize } from "./normalize";
import { fieldsOf, owns } from "./ownership";
import { containsUnknowns, knownPart, toInputs, toJson, toProperties, type Inputs } from "./properties";
import { refusedUpdate } from "./refusals";
import { relinquish } from "./relinquish";
import type { Session } from "./session";
import { idOf, previewOf, stateOf } from "./state";
import { isOwnedByCreation, takeOver } from "./take-over";
import { forces, warn } from "./write";
import { ResourceInitializationError, type CallContext, type PropertyMap, type UpdateRequest } from "../protocol";

/** Applies the changed inputs. Fields of other managers stay as they are, but for those of {@link takeOver}. */
export async function updateResource(
  session: Session,
  request: UpdateRequest,
  context: CallContext,
): Promise<PropertyMap> {
  const inputs = await normalize(toInputs(request.newInputs));
  const kind = resourceKind(request.type, knownPart(inputs));
  if (request.preview) {
    const skip =
      containsUnknowns(inputs) ||
      (await session.unreachable()) !== undefined ||
      (await session.discovery.find(kind.apiVersion, kind.kind)) === undefined;
    if (skip) return request.newInputs;
  }
  const wanted = toJson(inputs);
  const manager = fieldManager(wanted, request.oldOutputs);
  let live: JsonObject;
  try {
    live = await change(session, wanted, kind, manager, request, context);
  } catch (error) {
    if (request.preview && isForbidden(error)) return request.newInputs;
    const refusal = refusedUpdate(error, manager, kind);
    const stored = error instanceof NoMatchError ? undefined : await lookUp(session, wanted);
    throw stored === undefined ? refusal : unfinished(stored, inputs, request, manager, refusal);
  }
  if (request.preview) return previewOf(live, inputs, request.newInputs, false);

  const oldManager = fieldManager(toJson(toInputs(request.oldInputs)), request.oldOutputs);
  if (oldManager !== manager) live = (await relinquish(session, live, oldManager)) ?? live;
  return finish(session, live, request, inputs, manager, "updated", context);
}

async function lookUp(session: Session, wanted: JsonObject): Promise<JsonObject | undefined> {
  try {
    return await session.objects.get(referenceOf(wanted));
  } catch {
    // The refusal of the update says more.
    return undefined;
  }
}

/** A refused update leaves the new inputs in the state, as the real provider does: the next run tries them again. */
function unfinished(
  live: JsonObject,
  inputs: Inputs,
  { newInputs }: UpdateRequest,
  manager: string,
  refusal: Error,
): ResourceInitializationError {
  const state = {
    id: idOf(live),
    inputs: toProperties(inputs, newInputs),
    outputs: stateOf(live, inputs, newInputs, manager),
  };
  const what = `the Kubernetes API server reported that "${idOf(live)}" failed to fully initialize or become live`;
  return new ResourceInitializationError(state, [`${what}: ${refusal.message}`]);
}

async function change(
  session: Session,
  wanted: JsonObject,
  kind: ResourceKind,
  manager: string,
  { preview, ignoreChanges }: UpdateRequest,
  context: CallContext,
): Promise<JsonObject> {
  const manifest = await manifestOf(session, wanted);
  let current = await session.objects.get(referenceOf(manifest));
  const options = { fieldManager: manager, dryRun: preview, signal: context.signal, onWarning: warn(session, context) };
  // A definition is replaced as a whole: what others added to it goes, its objects stay.
  if (kind.kind === "CustomResourceDefinition" && !kind.patch) {
    return session.objects.replace(withVersionOf(manifest, current), options);
  }
  // A preview writes nothing, the owners neither: an element of a keyed list that the creation owns stays beside its successor.
  if (!kind.patch && !preview) current = await takeOver(session, current, manager);
  keepIgnored(manifest, current, ignoreChanges, manager);
  const unowned = objectsAt(current, "metadata", "managedFields").length === 0;
  const force = forces(session, wanted) || unowned || (preview && isOwnedByCreation(current));
  return session.objects.apply(manifest, { ...options, force });
}

/** A replacement says what it replaces, so that it does not undo a change that came in between. */
function withVersionOf(manifest: JsonObject, current: JsonObject): JsonObject {
  const metadata = isObject(manifest["metadata"]) ? manifest["metadata"] : {};
  const resourceVersion = stringAt(current, "metadata", "resourceVersion") ?? "";
  return { ...manifest, metadata: { ...metadata, resourceVersion } };
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
