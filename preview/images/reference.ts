/** A whole reference of an image, `REGISTRY/PATH:TAG@sha256:…`. */
export interface ImageReference {
  /** Name of the registry, with its port if it has one. */
  readonly registry: string;
  /** The image's path in the registry. */
  readonly path: string;
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

/** A part of a path in a registry (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests). */
const part = String.raw`[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`;

/** Registry with a dot or a port, path, and then a tag, a digest or both. No user, no password, no scheme. */
const pattern = new RegExp(
  String.raw`^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)/(${part}(?:/${part})*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** Longest reference, in characters: what registries take of a path, a tag and a digest. */
const longest = 512;

/** Reads a whole reference, with a tag or a digest; undefined for any other text. */
export function parseReference(text: string): ImageReference | undefined {
  if (text.length > longest) return undefined;
  const [, registry, path, tag, digest] = pattern.exec(text) ?? [];
  if (registry === undefined || path === undefined || !/[.:]/.test(registry)) return undefined;
  if (tag === undefined && digest === undefined) return undefined;
  return { registry, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** Whether a text can be the last part of a path in a registry. */
export function isPathPart(text: string): boolean {
  return text.length <= 63 && new RegExp(`^${part}$`).test(text);
}

/** A reference without its tag and digest. */
export function repositoryOf({ registry, path }: ImageReference): string {
  return `${registry}/${path}`;
}

/** Whether an image is at one of the places, each a registry or a path in one. */
export function isAt(places: readonly string[], reference: ImageReference): boolean {
  const repository = repositoryOf(reference);
  return places.some((place) => repository === place || repository.startsWith(`${place.replace(/\/+$/, "")}/`));
}
