import { fullMatch, fullMatchInUtf8 } from "../regex/pattern";
import { normalPath, type PathNormalization } from "./path-normalization";
import { type CallRequest, hostHeaderOf } from "./request";
import { changedRequest, type RequestChange } from "./request-change";
import { type RequestCondition } from "./request-set";
import { comparableName, isClaim } from "./token-claims";

/** A request as Envoy's route matching sees it. */
export interface HttpRequest {
  readonly method: string;
  /** Without query and fragment. */
  readonly path: string;
  /** Host header. */
  readonly authority: string;
  /**
   * Whether a header, or a claim of the token, has a value that a pattern matches as a whole, by its comparable name, pseudo headers
   * included. What is absent has none.
   */
  headerMatches(name: string, pattern: string): boolean;
  /** The request after a sidecar has brought its path into a normal form. */
  normalised(form: PathNormalization): HttpRequest;
  /** The request as a proxy passes it on. */
  changed(change: RequestChange): HttpRequest;
}

/** Headers of which every Envoy keeps one value, with commas: measured with 1.39.3. */
const keptAsOne: ReadonlySet<string> = new Set([
  "user-agent",
  "x-request-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "via",
  "content-type",
  "accept",
  "accept-encoding",
  "authorization",
  "cache-control",
  "origin",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-range",
  "pragma",
  "referer",
  "x-client-trace-id",
  "grpc-timeout",
  "grpc-accept-encoding",
  "access-control-request-method",
  "access-control-request-headers",
  "expect",
]);

/** How an Envoy reads headers. */
export interface Reading {
  /**
   * Another header that is sent several times: as one value with commas (up to 1.36.4 and 1.37.0; AKS ships OSM with 1.32.2), or value
   * by value (since then, CVE-2026-26308).
   */
  readonly repeated: "joined" | "each";
  /** Patterns and values: as characters (up to 1.38), or as bytes. */
  readonly encoding: "utf8" | "latin1";
}

/** What AKS has. */
const older: Reading = { repeated: "joined", encoding: "utf8" };

/** From 1.39 on, and as sets of requests are computed: what holds of them holds of characters, too. */
export const bytewise: Reading = { repeated: "each", encoding: "latin1" };

/** The ways in which Envoys of different ages may read a request; one where it makes no difference. */
export function readingsOf({ headers = {} }: CallRequest): readonly [Reading, ...Reading[]] {
  // What tokens hold all Envoys read alike.
  const sent = Object.entries(headers).filter(([name]) => !isClaim(name));
  const values = sent.flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).map((one) => ({ name: name.toLowerCase(), value: one })),
  );
  const apart = values.map(({ name }) => name).filter((name) => !keptAsOne.has(name));
  const repeats = new Set(apart).size < apart.length;
  const beyondAscii = values.some(({ value }) => /[^\0-\x7f]/.test(value));
  return [older, ...(repeats ? [{ ...older, repeated: "each" as const }] : []), ...(beyondAscii ? [bytewise] : [])];
}

/** A header that the first sidecar adds where the caller did not send it. */
const requestId = "x-request-id";

/** The scheme by which sidecars are called in plain text, and call each other's applications. */
export const plainScheme = "http";

/** A header that the first sidecar sets to the scheme where the caller did not send it. */
const forwardedProto = "x-forwarded-proto";

/** Headers that sidecars add. */
export const addedHeaders: ReadonlySet<string> = new Set([requestId, forwardedProto]);

/** A request id that a sidecar adds. */
export interface AddedId {
  readonly value: string;
  /** Told of every pattern that it is held against. */
  readonly heldAgainst?: (pattern: string) => void;
}

/** A value like those that sidecars add: a random UUID. */
export const someId: AddedId = { value: "6f1d0c5e-2b7a-4c39-9e84-d3a05b71f6c2" };

/** Whether the first sidecar adds a request id: also in place of one that is empty. */
function getsRequestId(headers: ReadonlyMap<string, readonly string[]>): boolean {
  return (headers.get(requestId) ?? []).join(",") === "";
}

/** The value without the blanks around it, which Envoy takes off. */
function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** @param id that the first sidecar adds where the caller sends none. */
export function httpRequest(request: CallRequest, reading: Reading, id: AddedId = someId): HttpRequest {
  const method = request.method ?? "GET";
  const full = request.path ?? "/";
  const authority = hostHeaderOf(request);
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const key = comparableName(name);
    headers.set(key, [...(headers.get(key) ?? []), ...(typeof value === "string" ? [value] : value).map(trimmed)]);
  }
  for (const [name, values] of headers) {
    if (!isClaim(name) && (reading.repeated === "joined" || keptAsOne.has(name))) headers.set(name, [values.join(",")]);
  }
  // Envoy keeps the Host header under :authority and finds it by either name.
  headers.set("host", [authority]);
  headers.set(":authority", [authority]);
  headers.set(":method", [method]);
  headers.set(":path", [full]);
  headers.set(":scheme", [plainScheme]);
  const added = getsRequestId(headers);
  if (added) headers.set(requestId, [id.value]);
  if (!headers.has(forwardedProto)) headers.set(forwardedProto, [plainScheme]);
  const match = reading.encoding === "utf8" ? fullMatchInUtf8 : fullMatch;
  const made: HttpRequest = {
    method,
    path: full.replace(/[?#].*$/s, ""),
    authority,
    headerMatches: (name, pattern) => {
      if (added && name === requestId) id.heldAgainst?.(pattern);
      return headers.get(name)?.some((value) => match(pattern, value)) === true;
    },
    normalised: (form) => {
      const path = normalPath(full, form);
      return path === full ? made : httpRequest({ ...request, path }, reading, id);
    },
    changed: (change) => httpRequest(changedRequest(request, change), reading, id),
  };
  return made;
}

/**
 * Whether a request meets a condition: method, path and every header as a whole. An absent header matches nothing, not even
 * `.*`.
 */
export function meets(request: HttpRequest, { methods, path, headers, also, except }: RequestCondition): boolean {
  if (!methods.some((method) => method === "*" || fullMatch(method, request.method))) return false;
  if (!fullMatch(path, request.path)) return false;
  for (const [name, regex] of headers ?? []) {
    if (!request.headerMatches(comparableName(name), regex)) return false;
  }
  if (also?.every((condition) => meets(request, condition)) === false) return false;
  return except === undefined || !except.some((condition) => meets(request, condition));
}
