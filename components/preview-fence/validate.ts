import { RunError } from "@pulumi/pulumi";
import { type PreviewFenceArgs } from "./args";

/** A host with a dot or a port, and a path. */
const registryPattern = /^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9._-]+)*\/?$/;

/**
 * Checks the arguments of PreviewFence.
 *
 * @throws RunError that names each property and what to write.
 */
export function assertPreviewFenceArgs({ user, registries }: PreviewFenceArgs): void {
  const problems: string[] = [];
  if (user.trim() === "" || user.startsWith("system:")) {
    problems.push(`user: "${user}" is nobody who deploys previews; write the object id of the previews' identity.`);
  }
  if (registries.length === 0) problems.push("registries: without one no image could run; name at least one.");
  for (const registry of registries) {
    if (!registryPattern.test(registry) || !/[.:]/.test(registry.split("/")[0] ?? "")) {
      problems.push(`registries: "${registry}" is no registry; write HOST/PATH, such as acme.azurecr.io/previews.`);
    }
  }
  if (problems.length > 0) throw new RunError(problems.join("\n"));
}
