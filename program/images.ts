import { RunError } from "@pulumi/pulumi";
import { didYouMean } from "../mesh/manifests/near-names";
import { type Application } from "./application";

/**
 * The images that a preview brings, by the repositories whose place they take.
 *
 * @param brought references by the application's names for its images.
 * @throws RunError for a name that the application does not have.
 */
export function imagesInPlace(
  { images = {} }: Pick<Application, "images">,
  brought: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(brought).map(([name, reference]) => {
      const image = Object.hasOwn(images, name) ? images[name] : undefined;
      if (image !== undefined) return [typeof image === "string" ? image : image.repository, reference];
      const known = Object.keys(images);
      const remedy = didYouMean(name, known) ?? `it has ${known.join(", ") || "none"}.`;
      throw new RunError(`--image ${name}: the application has no image of this name; ${remedy}`);
    }),
  );
}
