import { isObject, without, type JsonObject } from "./client/json";
import type { Session } from "./session";

/** The object to send to the server: a kind that belongs to no namespace gets none. */
export async function manifestOf(session: Session, inputs: JsonObject): Promise<JsonObject> {
  const { metadata, apiVersion, kind } = inputs;
  const belongsToNone =
    isObject(metadata) && (await session.objects.isNamespaced(String(apiVersion), String(kind))) === false;
  return { ...inputs, ...(belongsToNone ? { metadata: without(metadata, "namespace") } : {}) };
}
