import { setTimeout as sleep } from "node:timers/promises";
import {
  hasCode,
  isAlreadyExists,
  isDryRunUnsupported,
  isForbidden,
  isImmutable,
  isNamespaceNotFound,
  NoMatchError,
} from "./client/api-error";
import type { JsonObject } from "./client/json";
import { creationManager, fieldManager } from "./field-manager";
import { finish } from "./finish";
import { resourceKind, type ResourceKind } from "./kinds";
import { manifestOf } from "./manifest";
import { containsUnknowns, knownPart, toInputs, toJson, type Inputs } from "./properties";
import { refusedCreation } from "./refusals";
import { removedIn } from "./removed-versions";
import type { Session } from "./session";
import { idOf, previewOf } from "./state";
import { forces, warn } from "./write";
import type { CallContext, CreateRequest, CreateResult, PropertyMap } from "../protocol";

/**
 * Creates an object by POST, so that one that exists is an error; or contributes a Patch resource's fields to an object by
 * server-side apply, as all resources do with the provider's `upsertExistingObjects`.
 */
export async function createResource(
  session: Session,
  request: CreateRequest,
  context: CallContext,
): Promise<CreateResult> {
  const inputs = toInputs(request.inputs);
  const kind = resourceKind(request.type, knownPart(inputs));
  if (request.preview) return { id: "", outputs: await previewCreation(session, request, inputs, kind, context) };

  const wanted = toJson(inputs);
  const manager = fieldManager(wanted, {});
  const removed = removedIn(kind, await session.serverVersion());
  const live = await retryMissing(removed === undefined, context, async () =>
    store(session, await manifestOf(session, wanted), kind, { manager, dryRun: false }, context),
  ).catch((error: unknown) => {
    if (removed !== undefined && error instanceof NoMatchError) throw new Error(removed);
    throw refusedCreation(error, request.urn, manager, kind);
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
  const manager = fieldManager(wanted, {});
  try {
    const manifest = await manifestOf(session, wanted);
    const result = await store(session, manifest, kind, { manager, dryRun: true }, context);
    return previewOf(result, inputs, request.inputs, true);
  } catch (error) {
    // An object that exists is no error yet: a replacement's old one is still there in a preview, under the same name.
    const silent = isAlreadyExists(error) || isImmutable(error);
    if (silent || isNamespaceNotFound(error) || isForbidden(error) || isDryRunUnsupported(error)) return request.inputs;
    throw refusedCreation(error, request.urn, manager, kind);
  }
}

function store(
  session: Session,
  manifest: JsonObject,
  kind: ResourceKind,
  { manager, dryRun }: { readonly manager: string; readonly dryRun: boolean },
  context: CallContext,
): Promise<JsonObject> {
  const options = { dryRun, signal: context.signal, onWarning: warn(session, context) };
  if (!kind.patch && !session.configuration.upsertExistingObjects) {
    return session.objects.create(manifest, { ...options, fieldManager: creationManager });
  }
  const force = dryRun || forces(session, manifest);
  return session.objects.apply(manifest, { ...options, fieldManager: manager, force });
}

/** Pauses before the tries after the first, in milliseconds: as the real provider, which gives up after five. */
const missingPauses = [1_000, 2_000, 4_000, 8_000, 16_000];

/** Repeats while a namespace or kind that the object needs is not there, where it may be on its way. */
async function retryMissing<Result>(
  mayCome: boolean,
  context: CallContext,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const pause = missingPauses[tries];
      if (pause === undefined || !mayCome || !(error instanceof NoMatchError || hasCode(error, 404))) throw error;
      context.log.status(`Retry #${tries + 1}; creation failed: ${error.message}`);
      await sleep(pause, undefined, { signal: context.signal });
    }
  }
}
