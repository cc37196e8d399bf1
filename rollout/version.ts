import { createHash } from "node:crypto";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";

/** Digits of a version: enough to tell those of one service apart. */
const digits = 12;

/**
 * The version of a service: a digest of the templates of the pods that it selects, with all that their labels, images and settings say.
 *
 * @param service its Kubernetes Service, `namespace/name`.
 * @throws Error where there is no such Service, or where nothing runs behind it.
 */
export function versionOf(service: string, objects: readonly KubernetesObject[]): string {
  const found = objects.find((object) => object.kind === "Service" && nameOf(object) === service);
  const spec: unknown = found === undefined ? undefined : Reflect.get(found, "spec");
  const selector = isJsonObject(spec) ? spec["selector"] : undefined;
  if (found === undefined || !isJsonObject(selector)) {
    throw new Error(`there is no Service ${service} with a selector among what is deployed`);
  }
  const templates = objects.flatMap((object) => {
    if (object.metadata.namespace !== found.metadata.namespace) return [];
    const template = templateOf(object);
    const labels = labelsOf(template);
    const selected = Object.entries(selector).every(([key, value]) => labels[key] === value);
    return selected && template !== undefined ? [{ kind: object.kind, name: object.metadata.name, template }] : [];
  });
  if (templates.length === 0) throw new Error(`nothing that is deployed has pods that the Service ${service} selects`);
  return createHash("sha256")
    .update(JSON.stringify(templates.map(inOrder)))
    .digest("hex")
    .slice(0, digits);
}

function nameOf({ metadata: { name, namespace = "" } }: KubernetesObject): string {
  return `${namespace}/${name}`;
}

function templateOf(object: KubernetesObject): unknown {
  const spec: unknown = Reflect.get(object, "spec");
  return isJsonObject(spec) ? spec["template"] : undefined;
}

function labelsOf(template: unknown): Readonly<Record<string, unknown>> {
  const metadata = isJsonObject(template) ? template["metadata"] : undefined;
  const labels = isJsonObject(metadata) ? metadata["labels"] : undefined;
  return isJsonObject(labels) ? labels : {};
}

/** The same value with its keys sorted: their order says nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, inOrder(value[key])]),
  );
}
