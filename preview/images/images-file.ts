import { isJsonObject } from "../../mesh/manifests";
import { quoted } from "../inputs";
import { PreviewProblem } from "../problem";
import { type BroughtImage, isImageName, readBrought } from "./inputs";
import { repositoryOf } from "./reference";

/** Most images that a preview brings. */
export const mostImages = 50;

/** Longest text with images that is read, in characters. */
const longestText = 64 * 1024;

/** The part of a registry's paths that is a pull request's own. */
export function ownPath(pullRequest: number): string {
  return `pr-${String(pullRequest)}`;
}

/** The text by which the job that builds images hands them on. */
export function imagesText(images: readonly BroughtImage[]): string {
  const entries = images.map(({ name, reference }) => [name, `${repositoryOf(reference)}@${reference.digest}`]);
  return `${JSON.stringify({ images: Object.fromEntries(entries) }, null, 2)}\n`;
}

/**
 * Reads the images that another job has built. That job ran the pull request's code, so this is a stranger's text: every image has to
 * be at the pull request's own path of an allowed place, under its own name, and by its digest.
 *
 * @param text of the file.
 * @param registries where images may come from, each a registry or a path in one.
 * @throws {PreviewProblem} for anything else.
 */
export function readImagesFile(
  text: string,
  pullRequest: number,
  registries: readonly string[],
): readonly BroughtImage[] {
  if (text.length > longestText) {
    throw new PreviewProblem(`The images of --images are longer than ${longestText / 1024} KB.`);
  }
  const images = imagesIn(text);
  if (images.length > mostImages) {
    throw new PreviewProblem(`--images has ${images.length} images: a preview brings ${mostImages} at most.`);
  }
  const own = ownPath(pullRequest);
  return images.map(([name, value]) => {
    if (!isImageName(name)) throw new PreviewProblem(`--images: ${quoted(name)} is no name of an image.`);
    const what = `--images, ${name}`;
    if (typeof value !== "string") throw new PreviewProblem(`${what}: write a reference as text.`);
    const reference = readBrought(what, value, registries);
    const isOwn = registries.some((place) => repositoryOf(reference) === `${place.replace(/\/+$/, "")}/${own}/${name}`);
    if (isOwn) return { name, reference };
    throw new PreviewProblem(
      `${what}: ${quoted(repositoryOf(reference))} is not the pull request's own place, which ends with /${own}/${name} below one of previewRegistries.`,
    );
  });
}

function imagesIn(text: string): readonly (readonly [string, unknown])[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new PreviewProblem("The images of --images are no JSON: take the file that `aks-mesh preview images` wrote.");
  }
  const images = isJsonObject(read) ? read["images"] : undefined;
  if (!isJsonObject(images)) {
    throw new PreviewProblem(
      'The images of --images must be { "images": { NAME: REFERENCE } }, as `aks-mesh preview images` writes them.',
    );
  }
  return Object.entries(images);
}
