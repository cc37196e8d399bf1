import {
  ResourceInitializationError,
  type CallContext,
  type CreateRequest,
  type CreateResult,
  type DeleteRequest,
  type PropertyMap,
  type ReadRequest,
  type ReadResult,
  type UpdateRequest,
  Secret,
} from "../protocol";
import { ArmError, type ArmClient, type ArmResponse } from "./arm-client";
import { toOutputs, toRequestBody, type Translation } from "./body";
import { isJsonObject, toJson, type JsonObject, type JsonValue } from "./json";
import { waitForCompletion } from "./long-running-operation";
import { plannedOutputs } from "./planned-outputs";
import { applyDrift, projectInputs } from "./read-inputs";
import { buildResourceId, parseResourceId } from "./resource-path";
import { type Session } from "./session";

/** What operations on resources need to know of the provider. */
export interface OperationContext extends CallContext {
  readonly session: Session;
  /** Versions before 3 kept the inputs among the outputs, as `__inputs`. */
  readonly keepsInputsInState: boolean;
}

/** Creates a resource that does not exist yet: GET, which has to find nothing, then PUT. */
export async function createResource(
  translation: Translation,
  request: CreateRequest,
  context: OperationContext,
): Promise<CreateResult> {
  if (request.preview) return { id: "", outputs: plannedOutputs(request.inputs, translation.schema.outputs) };
  const inputs = settings(request.inputs);
  const id = buildResourceId(translation.type.path, { ...inputs, subscriptionId: context.session.subscriptionId() });
  return withTimeout(request.timeoutSeconds, context, async (limited) => {
    const { client } = await context.session.connect(limited.signal);
    const existing = await get(client, translation, id, limited.signal);
    if (
      existing.status === 200 &&
      translation.type.alwaysThere !== true &&
      isJsonObject(existing.body) &&
      Object.keys(existing.body).length > 0
    ) {
      throw new Error(`cannot create already existing resource '${id}'`);
    }
    if (existing.status >= 300 && existing.status !== 404) {
      throw new Error(
        `cannot check existence of resource '${id}': status code ${existing.status}, ${existing.text.trim()}`,
      );
    }
    const body = withEmptySubresources(translation, toRequestBody(translation, inputs));
    const outputs = await put(client, translation, id, body, request.inputs, limited);
    return { id: typeof outputs["id"] === "string" ? outputs["id"] : id, outputs };
  });
}

/** Reads a resource; undefined when it is gone. Without old inputs it is an import, and the inputs come from Azure's answer. */
export async function readResource(
  translation: Translation,
  request: ReadRequest,
  context: OperationContext,
): Promise<ReadResult | undefined> {
  return withTimeout(request.timeoutSeconds, context, async (limited) => {
    const pathValues = parseResourceId(translation.type.path, request.id);
    const { client } = await context.session.connect(limited.signal);
    const response = await get(client, translation, request.id, limited.signal);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new ArmError(response);

    const outputs = toOutputs(translation, translation.schema.apiVersion, asObject(response.body));
    const isImport = Object.keys(request.oldInputs).length === 0;
    const inputs = isImport
      ? projectInputs(translation.schema, outputs, pathValues)
      : applyDrift(
          request.oldInputs,
          projectInputs(translation.schema, request.oldOutputs),
          projectInputs(translation.schema, outputs),
        );
    return { id: request.id, inputs, outputs: checkpoint(inputs, outputs, limited) };
  });
}

/** Brings a resource to its new inputs by PUT. */
export async function updateResource(
  translation: Translation,
  request: UpdateRequest,
  context: OperationContext,
): Promise<PropertyMap> {
  if (request.preview) {
    const outputs = plannedOutputs(request.newInputs, translation.schema.outputs);
    // Both never change without a replacement, so that what depends on them is not shown as changing.
    const stable = Object.entries(request.oldOutputs).filter(([key]) => key === "name" || key === "location");
    return { ...outputs, ...Object.fromEntries(stable) };
  }
  const inputs = settings(request.newInputs);
  return withTimeout(request.timeoutSeconds, context, async (limited) => {
    const { client } = await context.session.connect(limited.signal);
    const body = await withCurrentSubresources(
      client,
      translation,
      request.id,
      toRequestBody(translation, inputs),
      limited.signal,
    );
    return put(client, translation, request.id, body, request.newInputs, limited);
  });
}

/** Deletes a resource. One that is gone already is no error. */
export async function deleteResource(
  translation: Translation,
  request: DeleteRequest,
  context: OperationContext,
): Promise<void> {
  return withTimeout(request.timeoutSeconds, context, async ({ signal }) => {
    const { client } = await context.session.connect(signal);
    const url = resourceUrl(translation, request.id);
    const response = await client.send(
      translation.type.alwaysThere === true
        ? { method: "PUT", url, body: { properties: {} }, signal }
        : { method: "DELETE", url, signal },
    );
    if (response.status === 404) return;
    if (response.status >= 300) throw new ArmError(response);
    if (!translation.type.longRunning.delete) return;
    try {
      const interval = client.timings.deletePollInterval;
      await waitForCompletion(client, { response, resourceUrl: url, interval, signal });
    } catch (error) {
      // The operation's own address is gone with what it deleted.
      if (!(error instanceof ArmError && error.status === 404)) throw error;
    }
  });
}

/** Sends a PUT and waits for its end. From the moment Azure accepted it, a failure leaves a resource behind, and says so. */
async function put(
  client: ArmClient,
  translation: Translation,
  id: string,
  body: JsonObject,
  inputs: PropertyMap,
  context: OperationContext,
): Promise<PropertyMap> {
  const url = resourceUrl(translation, id);
  const { signal } = context;
  const response = await client.send({ method: "PUT", url, body, signal });
  if (response.status >= 300) throw new ArmError(response);
  const { apiVersion } = translation.schema;
  if (!translation.type.longRunning.put && response.status !== 202) {
    return checkpoint(inputs, toOutputs(translation, apiVersion, asObject(response.body)), context);
  }

  try {
    const interval = client.timings.updatePollInterval;
    await waitForCompletion(client, { response, resourceUrl: url, interval, signal });
    const final = await get(client, translation, id, signal);
    if (final.status !== 200) throw new ArmError(final);
    return checkpoint(inputs, toOutputs(translation, apiVersion, asObject(final.body)), context);
  } catch (error) {
    throw await partialState(client, translation, id, inputs, context, error);
  }
}

/** Reads what has become of a resource whose operation failed. The read has a time of its own: the operation's may be used up. */
async function partialState(
  client: ArmClient,
  translation: Translation,
  id: string,
  inputs: PropertyMap,
  context: OperationContext,
  failure: unknown,
): Promise<ResourceInitializationError> {
  const reason = describeFailure(failure, context.signal);
  try {
    const response = await get(client, translation, id, AbortSignal.timeout(30_000));
    if (response.status !== 200) throw new ArmError(response);
    const body = asObject(response.body);
    const outputs = checkpoint(inputs, toOutputs(translation, translation.schema.apiVersion, body), context);
    const canonicalId = typeof body["id"] === "string" ? body["id"] : id;
    return new ResourceInitializationError({ id: canonicalId, inputs, outputs }, [reason]);
  } catch (error) {
    const also = error instanceof Error ? error.message : String(error);
    return new ResourceInitializationError({ id, inputs, outputs: {} }, [
      `${reason}; reading the resource failed too: ${also}`,
    ]);
  }
}

function describeFailure(failure: unknown, signal: AbortSignal): string {
  const cause: unknown = signal.aborted ? signal.reason : failure;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Runs an operation that ends when the engine cancels it or its time is over. */
async function withTimeout<Result>(
  seconds: number | undefined,
  context: OperationContext,
  run: (limited: OperationContext) => Promise<Result>,
): Promise<Result> {
  if (seconds === undefined) return run(context);
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new Error(`operation timed out after ${seconds} s (customTimeouts)`)),
    seconds * 1000,
  );
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  try {
    return await run({ ...context, signal });
  } catch (error) {
    if (error instanceof ResourceInitializationError || !signal.aborted) throw error;
    throw signal.reason;
  } finally {
    clearTimeout(timer);
  }
}

function get(client: ArmClient, translation: Translation, id: string, signal: AbortSignal): Promise<ArmResponse> {
  return client.send({ method: "GET", url: resourceUrl(translation, id), signal });
}

function resourceUrl({ schema }: Translation, id: string): string {
  return `${id}?api-version=${schema.apiVersion}`;
}

/** The inputs as JSON, without the provider's own marks. */
function settings(inputs: PropertyMap): JsonObject {
  return toJson(Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.startsWith("__"))));
}

function checkpoint(inputs: PropertyMap, outputs: PropertyMap, context: OperationContext): PropertyMap {
  return context.keepsInputsInState ? { ...outputs, __inputs: new Secret(inputs) } : outputs;
}

function asObject(body: JsonValue | undefined): JsonObject {
  return isJsonObject(body) ? body : {};
}

/** Azure wants lists of subresources even where they are managed on their own: a new resource has none. */
function withEmptySubresources(translation: Translation, body: JsonObject): JsonObject {
  return subresourcePaths(translation).reduce((result, path) => setWhereMissing(result, path, []), body);
}

/** Where the program manages subresources on their own, an update must repeat what is there, or Azure deletes it. */
async function withCurrentSubresources(
  client: ArmClient,
  translation: Translation,
  id: string,
  body: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const missing = subresourcePaths(translation).filter((path) => member(body, path) === undefined);
  if (missing.length === 0) return body;
  const response = await get(client, translation, id, signal);
  if (response.status !== 200) throw new ArmError(response);
  const current = asObject(response.body);
  return missing.reduce((result, path) => setWhereMissing(result, path, member(current, path)), body);
}

/** Where the subresources are in ARM's body. */
function subresourcePaths({ type }: Translation): readonly (readonly string[])[] {
  return (type.subresources ?? []).map((input) => {
    const path = input.split(".");
    return type.envelope.includes(path[0] ?? "") ? path : ["properties", ...path];
  });
}

function member(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((at, key) => (isJsonObject(at) ? at[key] : undefined), value);
}

function setWhereMissing(object: JsonObject, path: readonly string[], value: JsonValue | undefined): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined || value === undefined) return object;
  if (rest.length === 0) return key in object ? object : { ...object, [key]: value };
  return { ...object, [key]: setWhereMissing(asObject(object[key]), rest, value) };
}
