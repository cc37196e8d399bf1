import { RunError } from "@pulumi/pulumi";
import { repositoryOf } from "../../mesh/manifests/image";
import { mapTexts } from "./map-texts";

/**
 * An object whose containers run other images.
 *
 * @param images by the repository that gives way, the whole reference that takes its place.
 */
export function withImages<T extends object>(images: Readonly<Record<string, string>>, object: T): T {
  return mapTexts(object, (text, property) => (property === "image" ? (images[repositoryOf(text)] ?? text) : text));
}

/** @throws RunError for images that no container has. */
export function refuseUnusedImages(images: Readonly<Record<string, string>>, objects: readonly object[]): void {
  const used = new Set<string>();
  for (const object of objects) {
    mapTexts(object, (text, property) => {
      if (property === "image") used.add(repositoryOf(text));
      return text;
    });
  }
  const unused = Object.keys(images).filter((repository) => !used.has(repository));
  if (unused.length === 0) return;
  throw new RunError(
    `images: no container runs an image of ${unused.join(", ")}; there are ${[...used].sort().join(", ") || "none"}.`,
  );
}
