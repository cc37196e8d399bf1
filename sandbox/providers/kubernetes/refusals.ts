import { ApiError, hasCode, isAlreadyExists, isFieldConflict, NoMatchError } from "./client/api-error";
import type { ResourceKind } from "./kinds";

/** A refused creation, in the real provider's first words, with what to do about it. */
export function refusedCreation(error: unknown, urn: string, manager: string, kind: ResourceKind): Error {
  if (error instanceof NoMatchError) return notServed(error, kind);
  if (isFieldConflict(error)) return fieldConflict(error, manager);
  if (!(error instanceof ApiError)) return asError(error);
  const advice = isAlreadyExists(error) ? `\n${alreadyExists(kind)}` : "";
  return new Error(
    `resource ${JSON.stringify(urn)} was not successfully created by the Kubernetes API server: ${error.message}${advice}`,
  );
}

/** A refused update, with what to do about it. */
export function refusedUpdate(error: unknown, manager: string, kind: ResourceKind): Error {
  if (error instanceof NoMatchError) return notServed(error, kind);
  if (isFieldConflict(error)) return fieldConflict(error, manager);
  if (hasCode(error, 404)) {
    return new Error(
      `${error.message}. It was deleted behind Pulumi's back: run \`pulumi refresh\`, then create it anew`,
    );
  }
  return error instanceof ApiError
    ? new Error(`The Kubernetes API server refused the ${kind.kind}: ${error.message}`)
    : asError(error);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function alreadyExists({ kind }: ResourceKind): string {
  return [
    "This resource did not create it, as far as its state knows. Then one of these helps:",
    "  - a run was cut off after the API server had stored the object: `pulumi import` it;",
    "  - the Pulumi resource was renamed: give it the old name as an alias;",
    `  - only some fields are yours to set: use ${kind}Patch;`,
    "  - objects that exist are to be yours: set upsertExistingObjects on the provider, or",
    "    PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true.",
  ].join("\n");
}

function notServed(error: NoMatchError, { apiVersion, kind }: ResourceKind): Error {
  return new Error(
    `The Kubernetes API server serves no ${apiVersion}/${kind}: ${error.message}. Create the CustomResourceDefinition first, ` +
      "and make this resource depend on it",
  );
}

function fieldConflict(error: ApiError, manager: string): Error {
  const lines = error.causes.map(({ field, message }) => `  ${field ?? ""}: ${message}`);
  return new Error(
    [
      `Other managers own fields that this resource (manager ${manager}) sets:`,
      ...new Set(lines),
      'Leave these fields out, or take them over with the annotation "pulumi.com/patchForce": "true".',
    ].join("\n"),
  );
}
