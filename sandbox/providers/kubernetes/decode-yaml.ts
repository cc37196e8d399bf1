import { parseAllDocuments } from "yaml";
import { isObject, objectsAt, stringAt, type Json, type JsonObject } from "./client/json";
import { isNamespaced } from "./check";
import { resourceKind } from "./kinds";
import type { Session } from "./session";

/**
 * The objects of a YAML text, for the SDK's ConfigFile and ConfigGroup; lists are opened, and namespaced objects get the default
 * namespace where they name none.
 * @throws an Error with the line of what cannot be parsed, and for documents that are no Kubernetes objects.
 */
export async function decodeYaml(
  session: Session,
  text: string,
  defaultNamespace: string | undefined,
): Promise<JsonObject[]> {
  const documents = [...parseAllDocuments(text)];
  const objects = documents.flatMap((document, index): JsonObject[] => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`YAML document ${index + 1}: ${error.message}`);
    const value: Json = document.toJS();
    if (value === null) return [];
    if (!isObject(value) || stringAt(value, "apiVersion") === undefined || stringAt(value, "kind") === undefined) {
      throw new Error(`YAML document ${index + 1}: not a Kubernetes object; it must have apiVersion and kind`);
    }
    return String(value["kind"]).endsWith("List") && Array.isArray(value["items"])
      ? objectsAt(value, "items")
      : [value];
  });
  if (defaultNamespace === undefined || defaultNamespace === "") return objects;
  return Promise.all(objects.map((object) => withNamespace(session, object, defaultNamespace)));
}

async function withNamespace(session: Session, object: JsonObject, namespace: string): Promise<JsonObject> {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  if (metadata["namespace"] !== undefined || !(await isNamespaced(session, resourceKind("", object)))) return object;
  return { ...object, metadata: { ...metadata, namespace } };
}
