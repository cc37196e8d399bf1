import { ApiError, hasCode, NoMatchError } from "./client/api-error";
import { referenceOf } from "./client/cluster";
import type { JsonObject } from "./client/json";
import type { Session } from "./session";

/** Gives up all fields of a manager; an object that is gone needs nothing. Undefined: it is gone. */
export async function relinquish(session: Session, live: JsonObject, manager: string): Promise<JsonObject | undefined> {
  const { apiVersion, kind, namespace, name } = referenceOf(live);
  const identity: JsonObject = {
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  };
  try {
    // An apply would create an object that is not there.
    await session.objects.get(referenceOf(live));
    return await session.objects.apply(identity, { fieldManager: manager, force: false, dryRun: false });
  } catch (error) {
    if (hasCode(error, 404) || error instanceof NoMatchError) return undefined;
    const required =
      error instanceof ApiError ? error.causes.find(({ reason }) => reason === "FieldValueRequired") : undefined;
    if (required === undefined) throw error;
    throw new Error(
      `this Patch resource manages a required field (${required.field ?? "unknown"}) and nobody else does, so it cannot be ` +
        "deleted; set the resource option retainOnDelete, or let another manager apply the field first",
    );
  }
}
