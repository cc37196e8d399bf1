import { isObject, without, type JsonObject } from "./client/json";
import type { Session } from "./session";

/**
 * The object to send to the server: a Secret's `stringData` becomes `data`, so that apply sees who owns which key, and a kind that
 * belongs to no namespace gets none.
 */
export async function manifestOf(session: Session, inputs: JsonObject): Promise<JsonObject> {
  const object = inputs["apiVersion"] === "v1" && inputs["kind"] === "Secret" ? withEncodedData(inputs) : { ...inputs };
  const { metadata, apiVersion, kind } = object;
  if (isObject(metadata) && (await session.objects.isNamespaced(String(apiVersion), String(kind))) === false) {
    object["metadata"] = without(metadata, "namespace");
  }
  return object;
}

function withEncodedData(secret: JsonObject): JsonObject {
  const { stringData, data, ...rest } = secret;
  if (!isObject(stringData)) return { ...secret };
  const encoded = Object.fromEntries(
    Object.entries(stringData).map(([key, value]) => [key, Buffer.from(String(value), "utf8").toString("base64")]),
  );
  return { ...rest, data: { ...(isObject(data) ? data : {}), ...encoded } };
}
