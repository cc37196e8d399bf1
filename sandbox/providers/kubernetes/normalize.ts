import { isObject, without, type Json, type JsonObject } from "./client/json";
import { containsUnknowns, isInputs, toJson, type Inputs } from "./properties";
import { pruneToInputs } from "./prune";
import { canonicalQuantity, holdsQuantity } from "./quantity";

/** Members that only the server sets; inputs taken from a live object carry them. */
const serverSet = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

/**
 * Inputs as the real provider keeps them in the state and sends them. For Kubernetes' own kinds: quantities in the server's words, a
 * Secret's `stringData` in its `data`, and without members that the kind does not have, so that a misspelt field is lost and not
 * refused. Other kinds, and inputs with unknowns, stay as they are. (pulumi-kubernetes, provider/pkg/clients/unstructured.go.)
 */
export async function normalize(inputs: Inputs): Promise<Inputs> {
  const normalized = containsUnknowns(inputs) ? inputs : await normalizeKnown(toJson(inputs));
  const { metadata } = normalized;
  return isInputs(metadata) ? { ...normalized, metadata: without(metadata, ...serverSet) } : normalized;
}

async function normalizeKnown(object: JsonObject): Promise<Inputs> {
  const [apiVersion, kind] = [String(object["apiVersion"]), String(object["kind"])];
  if (apiVersion === "v1" && kind === "Secret") return withoutStringData(object);
  if (kind === "CustomResourceDefinition") return normalizeDefinition(object);
  if (!isBuiltIn(apiVersion)) return object;
  const known = await onlyKnownMembers(object, modelOf(apiVersion, kind));
  return pruneToInputs(canonicalQuantities(known, ""), object);
}

function withoutStringData(secret: JsonObject): JsonObject {
  const { stringData, data, ...rest } = secret;
  if (!isObject(stringData) || Object.keys(stringData).length === 0) return secret;
  const encoded = Object.entries(stringData).map(([key, value]): [string, Json] => [
    key,
    Buffer.from(String(value), "utf8").toString("base64"),
  ]);
  return { ...rest, data: { ...(isObject(data) ? data : {}), ...Object.fromEntries(encoded) } };
}

/** The server drops a status, and an outdated setting where it has its default. */
function normalizeDefinition(definition: JsonObject): JsonObject {
  const { spec } = definition;
  const rest = without(definition, "status");
  return isObject(spec) && spec["preserveUnknownFields"] === false
    ? { ...rest, spec: without(spec, "preserveUnknownFields") }
    : rest;
}

/** Whether an apiVersion is Kubernetes' own. Groups below `k8s.io` are partly those of definitions, which have no models. */
function isBuiltIn(apiVersion: string): boolean {
  const [group = "", version] = apiVersion.split("/");
  if (version === undefined) return apiVersion === "v1";
  return ["apps", "autoscaling", "batch", "policy"].includes(group) || group.endsWith(".k8s.io");
}

/** The name that the Kubernetes client has for a kind's model, such as `V1Deployment`. */
function modelOf(apiVersion: string, kind: string): string {
  const version = apiVersion.split("/").at(-1) ?? "";
  const model = `${version.charAt(0).toUpperCase()}${version.slice(1)}${kind}`;
  return kind === "Event" ? `${apiVersion === "v1" ? "Core" : "Events"}${model}` : model;
}

/** Reads and writes an object by its kind's model, which knows no other members. A kind without a model stays as it is. */
async function onlyKnownMembers(object: JsonObject, model: string): Promise<JsonObject> {
  // Only now: the models of all kinds take their time to load.
  const { ObjectSerializer } = await import("@kubernetes/client-node/dist/gen/models/ObjectSerializer.js");
  try {
    const written: unknown = ObjectSerializer.serialize(ObjectSerializer.deserialize(object, model, ""), model, "");
    const known: Json = JSON.parse(JSON.stringify(written));
    return isObject(known) ? known : object;
  } catch {
    // A member of another type than the model's: the server will say so.
    return object;
  }
}

function canonicalQuantities(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]): [string, Json] => {
      if (holdsQuantity(name, key)) {
        const canonical = canonicalQuantity(value);
        if (canonical !== value) return [key, canonical];
      }
      return [key, canonicalIn(value, key)];
    }),
  );
}

/** Members whose keys are the user's own words. */
const userWords: ReadonlySet<string> = new Set([
  "annotations",
  "binaryData",
  "data",
  "labels",
  "matchLabels",
  "nodeSelector",
  "selector",
]);

function canonicalIn(value: Json, name: string): Json {
  if (userWords.has(name)) return value;
  if (isObject(value)) return canonicalQuantities(value, name);
  return Array.isArray(value) ? value.map((element) => canonicalIn(element, name)) : value;
}
