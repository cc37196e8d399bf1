import { type KubernetesObject } from "../mesh/manifests";
import { listAt, textAt, valueAt } from "../mesh/manifests/inside";
import { previewPrefix } from "../program/previews/prefix";

/** Fields that Kubernetes objects have beside what they say. */
const identity = ["apiVersion", "kind", "metadata"];

/**
 * How a preview differs from the stack that it stands for, each a sentence: what runs in other numbers or from other images, what says
 * something else, and what only one of them has.
 *
 * @param stack the stack's name.
 * @param merged the stack's objects as merging would make them.
 * @param preview the preview's objects.
 */
export function differencesOf(
  pullRequest: number,
  stack: string,
  merged: readonly KubernetesObject[],
  preview: readonly KubernetesObject[],
): readonly string[] {
  const prefix = previewPrefix(pullRequest);
  const there = byTitle(merged);
  const here = byTitle(preview.map((object) => withoutPrefix(object, prefix)));
  const changed = [...here].flatMap(([title, object]) => {
    const other = there.get(title);
    return other === undefined ? [] : changesOf(title, stack, object, other);
  });
  return [
    ...changed,
    ...onlyIn(
      "the preview",
      [...here].filter(([title]) => !there.has(title)),
    ),
    ...onlyIn(
      stack,
      [...there].filter(([title]) => !here.has(title)),
    ),
  ];
}

function withoutPrefix(object: KubernetesObject, prefix: string): KubernetesObject {
  const { metadata, ...rest } = object;
  const [name, namespace] = [metadata.name, metadata.namespace].map((text) => text?.replace(prefix, ""));
  const plain = JSON.parse(JSON.stringify(rest).replaceAll(prefix, "")) as typeof rest;
  return {
    ...plain,
    metadata: { ...metadata, name: name ?? metadata.name, ...(namespace !== undefined && { namespace }) },
  };
}

function byTitle(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  return new Map(objects.map((object) => [titleOf(object), object]));
}

function titleOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

function changesOf(title: string, stack: string, here: KubernetesObject, there: KubernetesObject): readonly string[] {
  const [pods, usual] = [replicasOf(here), replicasOf(there)];
  const images = imagesOf(there);
  const said = [
    ...(pods === usual ? [] : [`${title}: ${String(pods)} of ${String(usual)} pods.`]),
    ...imagesOf(here).flatMap((image, index) => {
      const other = images[index];
      return other === undefined || other === image ? [] : [`${title}: image ${image}, in ${stack} ${other}.`];
    }),
  ];
  if (said.length > 0 || contentOf(here) === contentOf(there)) return said;
  return [`${title}: not as in ${stack}.`];
}

function replicasOf(object: KubernetesObject): unknown {
  return valueAt(object, "spec", "replicas") ?? 1;
}

function imagesOf(object: KubernetesObject): readonly string[] {
  const containers = listAt(object, "spec", "template", "spec", "containers");
  return containers.flatMap((container) => textAt(container, "image") ?? []);
}

/** What an object says, whatever it is called. */
function contentOf(object: KubernetesObject): string {
  const fields = Object.entries(object).filter(([field]) => !identity.includes(field));
  return JSON.stringify(sorted(Object.fromEntries(fields)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** Objects that only one side has: named where there is one of a kind, counted where there are more. */
function onlyIn(side: string, objects: readonly (readonly [string, KubernetesObject])[]): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const [title, { kind }] of objects) kinds.set(kind, [...(kinds.get(kind) ?? []), title]);
  return [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, [first = kind, ...others]]) => {
      const what = others.length === 0 ? first : `${String(others.length + 1)} × ${kind}`;
      return `Only in ${side}: ${what}.`;
    });
}
