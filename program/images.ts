import { RunError } from "@pulumi/pulumi";
import { nearNames } from "../mesh/manifests/near-names";
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
      const repository = Object.hasOwn(images, name) ? images[name] : undefined;
      if (repository !== undefined) return [repository, reference];
      const near = nearNames(name, Object.keys(images));
      const remedy =
        near.length > 0 ? `did you mean ${near.join(" or ")}?` : `it has ${Object.keys(images).join(", ") || "none"}.`;
      throw new RunError(`--image ${name}: the application has no image of this name; ${remedy}`);
    }),
  );
}
