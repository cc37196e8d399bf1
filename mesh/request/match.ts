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
  /**
   * Values of a header by its lower-case name, pseudo headers included: any of them may match. An absent header has none.
   */
  header(name: string): readonly string[];
}

/**
 * How an Envoy reads a header that is sent several times: as one value with commas (up to 1.36.4 and 1.37.0; AKS ships OSM
 * with 1.32.2), or value by value (since then, CVE-2026-26308).
 */
export type RepeatedHeaders = "joined" | "each";

/** Whether a request sends a header more than once. */
export function repeatsHeader({ headers = {} }: CallRequest): boolean {
  const names = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).map(() => name.toLowerCase()),
  );
  return new Set(names).size < names.length;
}

/** A header that the first sidecar adds where the caller did not send it. */
export const requestId = "x-request-id";

/** A value like those that sidecars add: a random UUID. */
const addedRequestId = "6f1d0c5e-2b7a-4c39-9e84-d3a05b71f6c2";

/** The value without the blanks around it, which Envoy takes off. */
function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** @param repeated how a header is read that is sent several times; of no meaning for others. */
export function httpRequest(request: CallRequest, repeated: RepeatedHeaders = "joined"): HttpRequest {
  const method = request.method ?? "GET";
  const full = request.path ?? "/";
  const authority = request.host ?? request.to;
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), ...(typeof value === "string" ? [value] : value).map(trimmed)]);
  }
  if (repeated === "joined") for (const [name, values] of headers) headers.set(name, [values.join(",")]);
  // Envoy keeps the Host header under :authority and finds it by either name.
  headers.set("host", [authority]);
  headers.set(":authority", [authority]);
  headers.set(":method", [method]);
  headers.set(":path", [full]);
  headers.set(":scheme", ["http"]);
  if (!headers.has(requestId)) headers.set(requestId, [addedRequestId]);
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", ["http"]);
  return { method, path: full.replace(/[?#].*$/s, ""), authority, header: (name) => headers.get(name) ?? [] };
}

/**
 * Whether a request meets a condition: method, path and every header as a whole. An absent header matches nothing, not even
 * `.*`.
 */
export function meets(request: HttpRequest, { methods, path, headers, except }: RequestCondition): boolean {
  if (!methods.some((method) => method === "*" || fullMatch(method, request.method))) return false;
  if (!fullMatch(path, request.path)) return false;
  for (const [name, regex] of headers ?? []) {
    if (!request.header(name.toLowerCase()).some((value) => fullMatch(regex, value))) return false;
  }
  return except === undefined || !except.some((condition) => meets(request, condition));
}
