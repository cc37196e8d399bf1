import { PreviewProblem } from "../problem";
import { type BroughtImage } from "./inputs";
import { repositoryOf } from "./reference";
import { digestOf, type RegistryOptions } from "./registry";

/**
 * Looks whether every image is where it is said to be.
 *
 * @throws {PreviewProblem} naming the first that is not, and all that their registries do not have.
 */
export async function requireImages(images: readonly BroughtImage[], options: RegistryOptions): Promise<void> {
  const looks = images.map(async ({ name, reference }) =>
    (await digestOf(reference, options)) === undefined
      ? [`- ${name}: ${repositoryOf(reference)}@${reference.digest}`]
      : [],
  );
  const missing = (await Promise.all(looks)).flat();
  if (missing.length === 0) return;
  throw new PreviewProblem(
    `Nothing was deployed: the registry does not have ${missing.length === 1 ? "this image" : "these images"}. Push first, then deploy.\n${missing.join("\n")}`,
  );
}
