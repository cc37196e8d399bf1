import { type ArmContext, type ResourceRequest } from "../context";
import { ArmError } from "../errors";
import { stringAt } from "../json";
import { typeKey } from "../resource-id";

const LOCKS = "microsoft.authorization/locks";

/**
 * Holds the locks: CanNotDelete against DELETE, ReadOnly against every change and every action. A lock holds for its scope and all
 * below it; what contains something that is locked cannot be deleted either. Locks themselves can always be changed.
 *
 * @throws ArmError 409 ScopeLocked.
 */
export function requireUnlocked(context: ArmContext, request: ResourceRequest): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const { provider } = request.resource;
  if (provider !== undefined && typeKey(provider) === LOCKS) return;
  const isDelete = request.method === "DELETE";
  const target = decodeURIComponent(request.path).replace(/\/$/, "").toLowerCase();
  const scopes = context.store
    .list("resource:")
    .map(({ value }) => value)
    .filter((resource) => stringAt(resource, "type")?.toLowerCase() === LOCKS)
    .filter((lock) => isDelete || stringAt(lock, "properties", "level")?.toLowerCase() === "readonly")
    .map((lock) => (stringAt(lock, "id") ?? "").split(/\/providers\/microsoft\.authorization\/locks\//i)[0] ?? "")
    .filter((scope) => {
      const locked = scope.toLowerCase();
      return target === locked || target.startsWith(`${locked}/`) || (isDelete && locked.startsWith(`${target}/`));
    });
  if (scopes.length === 0) return;
  throw new ArmError(
    409,
    "ScopeLocked",
    `The scope '${request.path}' cannot perform ${isDelete ? "delete" : "write"} operation because following scope(s) are locked: '${[...new Set(scopes)].join(",")}'. Please remove the lock and try again.`,
  );
}
