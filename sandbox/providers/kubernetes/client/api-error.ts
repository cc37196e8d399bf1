import { isObject, objectsAt, stringAt, type Json } from "./json";

/** One cause of a refusal: the field it is about and why. */
export interface Cause {
  readonly field: string | undefined;
  readonly reason: string | undefined;
  readonly message: string;
}

/** A refusal by the API server: its Status object, in words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    message: string,
    /** HTTP status code. */
    readonly code: number,
    /** Kubernetes' machine-readable reason, such as NotFound, AlreadyExists, Conflict, Invalid, Forbidden. */
    readonly reason: string,
    readonly causes: readonly Cause[],
    /** Seconds the server asks to wait. */
    readonly retryAfter: number | undefined,
    /** Kind of the object that the refusal is about, where the server says so. */
    readonly kind: string | undefined,
  ) {
    super(message);
  }
}

/** No resource of this kind is served; as the API server's own clients say it. */
export class NoMatchError extends Error {
  override readonly name = "NoMatchError";
  constructor(
    readonly apiVersion: string,
    readonly kind: string,
  ) {
    super(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
  }
}

/** The server did not answer. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  constructor(
    message: string,
    /** Whether the request may have arrived: there was a connection, and it broke. */
    readonly sent: boolean,
  ) {
    super(message);
  }
}

/** Makes the error of a response that is not a success. */
export function apiError(code: number, body: Json | string, retryAfter: number | undefined): ApiError {
  if (!isObject(body)) {
    const text = typeof body === "string" ? body.trim().slice(0, 500) : "";
    return new ApiError(text === "" ? `HTTP ${code}` : text, code, "Unknown", [], retryAfter, undefined);
  }
  const causes = objectsAt(body, "details", "causes").map((cause) => ({
    field: stringAt(cause, "field"),
    reason: stringAt(cause, "reason"),
    message: stringAt(cause, "message") ?? "",
  }));
  return new ApiError(
    describe(stringAt(body, "message") ?? `HTTP ${code}`, causes),
    code,
    stringAt(body, "reason") ?? "Unknown",
    causes,
    retryAfter,
    stringAt(body, "details", "kind"),
  );
}

/** The message, then the causes that it does not already tell, one a line with the path of the field. */
function describe(message: string, causes: readonly Cause[]): string {
  const fresh = causes.filter(({ message: text }) => text !== "" && !message.includes(text));
  const lines = fresh.map(({ field, message: text }) => `  ${field === undefined ? "" : `${field}: `}${text}`);
  const webhook = /admission webhook "([^"]+)" denied the request(?:: ([\s\S]*))?/.exec(message);
  const headline =
    webhook === null
      ? message
      : `refused by the admission webhook ${webhook[1] ?? ""}: ${(webhook[2] ?? "without a reason").trim()}`;
  return [headline, ...new Set(lines)].join("\n");
}

/** Whether an error is the API server's, with this HTTP status code. */
export function hasCode(error: unknown, code: number): error is ApiError {
  return error instanceof ApiError && error.code === code;
}

/** Whether an apply was refused because another manager owns a field. A stale resourceVersion is a 409 too, with no causes. */
export function isFieldConflict(error: unknown): error is ApiError {
  return hasCode(error, 409) && error.causes.some(({ reason }) => reason === "FieldManagerConflict");
}

/** Whether the refusal is about a namespace that does not exist (yet). */
export function isNamespaceNotFound(error: unknown): boolean {
  return hasCode(error, 404) && (error.kind === "namespaces" || /namespaces "[^"]*" not found/.test(error.message));
}

/** Whether an object could not be created because there is one of its name. */
export function isAlreadyExists(error: unknown): error is ApiError {
  return hasCode(error, 409) && error.reason === "AlreadyExists";
}

/** Whether the request was not allowed, by RBAC or by an admission webhook that answers so: who may only read may still preview. */
export function isForbidden(error: unknown): boolean {
  return hasCode(error, 403);
}

/** Whether the refusal says that a field cannot change. */
export function isImmutable(error: unknown): boolean {
  return hasCode(error, 422) && error.message.includes("field is immutable");
}

/** Whether a webhook in the way cannot do dry runs. */
export function isDryRunUnsupported(error: unknown): boolean {
  return hasCode(error, 400) && error.message.includes("does not support dry run");
}
