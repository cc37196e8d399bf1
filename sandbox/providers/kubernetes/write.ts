import { isAnnotated } from "./annotations";
import type { JsonObject } from "./client/json";
import type { Session } from "./session";
import type { CallContext } from "../protocol";

/** Whether an apply takes fields over from other managers: by the resource's annotation, or the provider's setting. */
export function forces(session: Session, wanted: JsonObject): boolean {
  return session.configuration.enablePatchForce || isAnnotated(wanted, "patchForce");
}

/** What to do with a warning of the API server. */
export function warn(session: Session, context: CallContext): (message: string) => void {
  return (message) => {
    const deprecation = /deprecated|unavailable in v/.test(message);
    if (!deprecation || !session.configuration.suppressDeprecationWarnings) context.log.warning(message);
  };
}
