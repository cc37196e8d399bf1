import { fullMatch } from "../regex/pattern";
import { type CallRequest } from "./request";
import { type RequestCondition } from "./request-set";

/** A request as Envoy's route matching sees it. */
export interface HttpRequest {
  readonly method: string;
  /** Without query and fragment. */
  readonly path: string;
  /** Host header. */
  readonly authority: string;
  /** Value of a header by its lower-case name; pseudo headers included. */
  header(name: string): string | undefined;
}

/** A header that the first sidecar adds where the caller did not send it. */
export const requestId = "x-request-id";

/** A value like those that sidecars add: a random UUID. */
const addedRequestId = "6f1d0c5e-2b7a-4c39-9e84-d3a05b71f6c2";

/** The value without the blanks around it, which Envoy takes off. */
function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

export function httpRequest(request: CallRequest): HttpRequest {
  const method = request.method ?? "GET";
  const full = request.path ?? "/";
  const authority = request.host ?? request.to;
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const text = (typeof value === "string" ? [value] : value).map(trimmed).join(",");
    const key = name.toLowerCase();
    const known = headers.get(key);
    headers.set(key, known === undefined ? text : `${known},${text}`);
  }
  // Envoy keeps the Host header under :authority and finds it by either name.
  headers.set("host", authority);
  headers.set(":authority", authority);
  headers.set(":method", method);
  headers.set(":path", full);
  headers.set(":scheme", "http");
  if (!headers.has(requestId)) headers.set(requestId, addedRequestId);
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", "http");
  return { method, path: full.replace(/[?#].*$/s, ""), authority, header: (name) => headers.get(name) };
}

/**
 * Whether a request meets a condition: method, path and every header as a whole. An absent header matches nothing, not even
 * `.*`.
 */
export function meets(request: HttpRequest, { methods, path, headers, except }: RequestCondition): boolean {
  if (!methods.some((method) => method === "*" || fullMatch(method, request.method))) return false;
  if (!fullMatch(path, request.path)) return false;
  for (const [name, regex] of headers ?? []) {
    const value = request.header(name.toLowerCase());
    if (value === undefined || !fullMatch(regex, value)) return false;
  }
  return except === undefined || !except.some((condition) => meets(request, condition));
}
