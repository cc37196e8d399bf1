import { quoted } from "../inputs";
import { InputProblem } from "../problem";
import { type ImageReference, isAt, parseReference, repositoryOf } from "./reference";

/** An image that a preview brings: which of the application's, and what takes its place, by its digest. */
export interface BroughtImage {
  readonly name: string;
  readonly reference: ImageReference & { readonly digest: string };
}

/** Name of an image of an application. Which there are the application says, whose code may be another than this command's. */
const imageName = /^[A-Za-z0-9][\w.-]{0,62}$/;

/** Whether a text can name an image of an application. */
export function isImageName(text: string): boolean {
  return imageName.test(text);
}

/**
 * Reads `NAME=REFERENCE` arguments, each one or several with blanks between them.
 *
 * @param registries where images may come from, each a registry or a path in one.
 * @throws {InputProblem} for a name or a reference that is none, one without a digest, and a registry that is not allowed.
 */
export function readImages(texts: readonly string[], registries: readonly string[]): readonly BroughtImage[] {
  const all = texts.flatMap((text) => text.split(/\s+/)).filter((text) => text !== "");
  return all.map((text) => {
    const at = text.indexOf("=");
    const [name, reference] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    if (!imageName.test(name)) {
      throw new InputProblem(
        `--image ${quoted(text)}: write NAME=REFERENCE, where NAME is one of the application's images, such as cart.`,
      );
    }
    return { name, reference: readBrought(`--image ${name}`, reference, registries) };
  });
}

/**
 * Reads the reference of an image that a preview brings.
 *
 * @param what the option or file that has it.
 * @throws {InputProblem} as {@link readImages}.
 */
export function readBrought(
  what: string,
  text: string,
  registries: readonly string[],
): ImageReference & { readonly digest: string } {
  const reference = readAllowed(what, text, registries);
  const { digest } = reference;
  if (digest !== undefined) return { ...reference, digest };
  throw new InputProblem(
    `${what}: ${quoted(text)} has a tag, which may come to mean another image. Write the digest: npx aks-mesh preview digest ${text}`,
  );
}

/**
 * Reads a whole reference of an image from an allowed place, with a tag or a digest.
 *
 * @throws {InputProblem} for any other text.
 */
export function readAllowed(what: string, text: string, registries: readonly string[]): ImageReference {
  const reference = parseReference(text);
  if (reference === undefined) {
    throw new InputProblem(`${what}: ${quoted(text)} is no whole reference: write REGISTRY/PATH@sha256:…`);
  }
  if (isAt(registries, reference)) return reference;
  throw new InputProblem(
    `${what}: ${quoted(repositoryOf(reference))} is not where images may come from (${registries.join(", ")}): see previewRegistries in Pulumi.yaml.`,
  );
}
