import { referenceOf } from "./client/cluster";
import { objectsAt, type JsonObject } from "./client/json";
import { creationManager } from "./field-manager";
import { unionOf } from "./ownership";
import type { Session } from "./session";

/**
 * Whose fields an update takes over, as the real provider does, by the beginning of the manager's name: what kubectl wrote, what was
 * there before the first apply, and what this provider wrote when it created the object. Fields written through a subresource, as
 * `kubectl scale` does, stay with their manager. (pulumi-kubernetes, provider/pkg/await/await.go.)
 */
const takenOver: readonly { readonly prefix: string; readonly operation: "Apply" | "Update" }[] = [
  { prefix: "kubectl", operation: "Apply" },
  { prefix: "kubectl", operation: "Update" },
  { prefix: "before-first-apply", operation: "Update" },
  { prefix: creationManager, operation: "Update" },
  { prefix: "pulumi-resource-kubernetes", operation: "Update" },
];

/** Whether this provider created the object and no update has taken its fields over yet. */
export function isOwnedByCreation(live: JsonObject): boolean {
  return objectsAt(live, "metadata", "managedFields").some(
    ({ manager, operation }) =>
      operation === "Update" && [creationManager, "pulumi-resource-kubernetes"].includes(String(manager)),
  );
}

/**
 * Makes a manager the owner, by apply, of the fields of {@link takenOver}. Without it an apply would leave behind what it no longer
 * names.
 */
export async function takeOver(session: Session, live: JsonObject, manager: string): Promise<JsonObject> {
  const entries = objectsAt(live, "metadata", "managedFields");
  const others = entries.filter((entry) => isTakenOver(entry));
  const [first] = others;
  if (first === undefined) return live;
  const own = entries.find((entry) => entry["manager"] === manager && entry["operation"] === "Apply");
  const fieldsV1 = unionOf(own === undefined ? others : [own, ...others]);
  const merged = { ...(own ?? first), manager, operation: "Apply", fieldsV1 };
  const rest = entries.filter((entry) => entry !== own && !others.includes(entry));
  return session.objects.setManagedFields(referenceOf(live), [...rest, merged]);
}

function isTakenOver({ manager, operation, subresource }: JsonObject): boolean {
  if (subresource !== undefined && subresource !== "") return false;
  return takenOver.some((owner) => operation === owner.operation && String(manager).startsWith(owner.prefix));
}
