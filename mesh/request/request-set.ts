import { TooComplexError } from "../regex/automaton";
import { difference, exampleOf, intersection, type Language, languageOf, prefixesDiffer } from "../regex/language";
import { fullMatch } from "../regex/pattern";
import { addedHeaders, plainScheme } from "./match";
import { comparableName } from "./token-claims";

/** Methods that a request can have. The last stands for all that the SMI schema does not name: they only match `*`. */
export const requestMethods = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
] as const;

const allMethods = (1 << requestMethods.length) - 1;

/** Paths that a client can send and a sidecar passes on: no query, no fragment, no blanks, ASCII. */
const anyPath = String.raw`/[!-"$->@-~]*`;

/** Values that a header can have: bytes without blanks around them. */
const anyValue = String.raw`(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?`;

/** Values that one header may have in a set of requests. */
interface HeaderValues {
  /** Whether the header may be missing. */
  readonly absent: boolean;
  readonly values: Language;
}

/** Requests whose method, path and headers each lie in a set. Headers that are not named are free. Claims are among them. */
export interface RequestBox {
  /** Bits by index in {@link requestMethods}. */
  readonly methods: number;
  readonly path: Language;
  readonly headers: ReadonlyMap<string, HeaderValues>;
  /** The patterns that it was made of, for a quick look whether two boxes can meet. */
  readonly pathSource?: string;
}

/**
 * A union of boxes. Values of headers are bytes, as Envoy reads them from 1.39 on. Before that they are characters; sets that are
 * equal, or have nothing in common, are so then as well, where patterns hold all characters beyond ASCII or none, as nearly all
 * do: both kinds of sets come from one over ASCII and a letter that stands for all else.
 */
export type RequestSet = readonly RequestBox[];

/** A request of a set. */
export interface ExampleRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A condition on requests: all its parts hold together. */
export interface RequestCondition {
  /** RE2 each; `*` for any. */
  readonly methods: readonly string[];
  /** RE2 of the whole path. */
  readonly path: string;
  /** Name in any case, or of a claim → RE2 of the whole value. */
  readonly headers?: ReadonlyMap<string, string>;
  /** Requests that do not meet all of these as well are left out. */
  readonly also?: readonly RequestCondition[];
  /** Requests that meet any of these are left out. */
  readonly except?: readonly RequestCondition[];
}

/** Boxes that a set may have. */
const mostBoxes = 4000;

/** Every path that a request of a set can have. */
export function everyPath(): Language {
  return languageOf(anyPath);
}

/** Every request. */
export function everyRequest(): RequestSet {
  return [{ methods: allMethods, path: everyPath(), headers: new Map() }];
}

/**
 * The requests under one Host header that meet a condition.
 *
 * @throws {TooComplexError}
 */
export function requestsMeeting(condition: RequestCondition, authority: string): RequestSet {
  let methods = 0;
  requestMethods.forEach((method, index) => {
    if (condition.methods.some((pattern) => pattern === "*" || fullMatch(pattern, method))) methods |= 1 << index;
  });
  if (methods === 0) return [];
  let path = intersection(everyPath(), languageOf(condition.path));
  const headers = new Map<string, HeaderValues>();
  for (const [name, pattern] of condition.headers ?? []) {
    const key = comparableName(name);
    if (key === "host" || key === ":authority") {
      if (!fullMatch(pattern, authority)) return [];
      continue;
    }
    if (key === ":scheme") {
      if (!fullMatch(pattern, plainScheme)) return [];
      continue;
    }
    // The whole path, of which the query is not looked at: requests of a set have none.
    if (key === ":path") {
      path = intersection(path, languageOf(pattern));
      continue;
    }
    if (key === ":method") {
      requestMethods.forEach((method, index) => {
        if (!fullMatch(pattern, method)) methods &= ~(1 << index);
      });
      continue;
    }
    const values = intersection(languageOf(anyValue), languageOf(pattern));
    const known = headers.get(key);
    headers.set(key, { absent: false, values: known === undefined ? values : intersection(known.values, values) });
  }
  const pathSource = [...(condition.headers ?? [])].some(([name]) => name.toLowerCase() === ":path")
    ? {}
    : { pathSource: condition.path };
  const box = { methods, path, headers, ...pathSource };
  if (isEmptyBox(box)) return [];
  const met = (condition.also ?? []).reduce<RequestSet>(
    (left, also) => (left.length === 0 ? left : intersectSets(left, requestsMeeting(also, authority))),
    [box],
  );
  return (condition.except ?? []).reduce<RequestSet>(
    (left, except) => (left.length === 0 ? left : subtractSets(left, requestsMeeting(except, authority))),
    met,
  );
}

function isEmptyBox(box: RequestBox): boolean {
  if (box.methods === 0 || box.path.isEmpty) return true;
  for (const { absent, values } of box.headers.values()) if (!absent && values.isEmpty) return true;
  return false;
}

/** A header without conditions. What the caller does not send of some headers, sidecars do. */
const free = (name: string): HeaderValues => ({ absent: !addedHeaders.has(name), values: languageOf(anyValue) });

function meet(a: RequestBox, b: RequestBox): RequestBox | undefined {
  const methods = a.methods & b.methods;
  if (methods === 0) return undefined;
  if (a.pathSource !== undefined && b.pathSource !== undefined && prefixesDiffer(a.pathSource, b.pathSource)) {
    return undefined;
  }
  const path = intersection(a.path, b.path);
  if (path.isEmpty) return undefined;
  const headers = new Map(a.headers);
  for (const [name, values] of b.headers) {
    const known = headers.get(name);
    const both =
      known === undefined
        ? values
        : { absent: known.absent && values.absent, values: intersection(known.values, values.values) };
    if (!both.absent && both.values.isEmpty) return undefined;
    headers.set(name, both);
  }
  return { methods, path, headers };
}

/** Requests of `a` that are not in `b`, as boxes that do not meet. */
function without(a: RequestBox, b: RequestBox): RequestSet {
  if (meet(a, b) === undefined) return [a];
  const rest: RequestBox[] = [];
  const keep = (box: RequestBox): void => {
    if (!isEmptyBox(box)) rest.push(box);
  };
  const { methods, path, headers } = a;
  keep({ ...a, methods: methods & ~b.methods });
  let left: RequestBox = { methods: methods & b.methods, path, headers };
  keep({ ...left, path: difference(path, b.path) });
  left = { ...left, path: intersection(path, b.path) };
  for (const [name, values] of b.headers) {
    const known = left.headers.get(name) ?? free(name);
    keep({
      ...left,
      headers: new Map(left.headers).set(name, {
        absent: known.absent && !values.absent,
        values: difference(known.values, values.values),
      }),
    });
    left = {
      ...left,
      headers: new Map(left.headers).set(name, {
        absent: known.absent && values.absent,
        values: intersection(known.values, values.values),
      }),
    };
  }
  return rest;
}

/**
 * @throws {TooComplexError} where the sets are made of too many parts.
 */
export function intersectSets(a: RequestSet, b: RequestSet): RequestSet {
  const result: RequestBox[] = [];
  for (const one of a) {
    for (const other of b) {
      const both = meet(one, other);
      if (both !== undefined) result.push(both);
    }
    guard(result);
  }
  return result;
}

/**
 * Requests of `a` that are not in `b`.
 *
 * @throws {TooComplexError} where the sets are made of too many parts.
 */
export function subtractSets(a: RequestSet, b: RequestSet): RequestSet {
  let left = a;
  for (const box of b) {
    if (left.length === 0) break;
    left = left.flatMap((one) => without(one, box));
    guard(left);
  }
  return left;
}

function guard(set: RequestSet): void {
  if (set.length > mostBoxes) throw new TooComplexError("The routes overlap in too many ways to be told apart.");
}

/** A request of the set; undefined for an empty one. Short, and readable where the patterns let it be. */
export function exampleRequest(set: RequestSet): ExampleRequest | undefined {
  let best: ExampleRequest | undefined;
  for (const box of set.slice(0, 50)) {
    const example = exampleOfBox(box);
    if (example !== undefined && (best === undefined || sizeOf(example) < sizeOf(best))) best = example;
  }
  return best;
}

function sizeOf({ path, headers }: ExampleRequest): number {
  return path.length + Object.entries(headers).reduce((sum, [name, value]) => sum + 10 + name.length + value.length, 0);
}

function exampleOfBox(box: RequestBox): ExampleRequest | undefined {
  const method = requestMethods.find((_, index) => (box.methods & (1 << index)) !== 0);
  const path = exampleOf(box.path);
  if (method === undefined || path === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, { absent, values }] of box.headers) {
    if (absent) continue;
    const value = exampleOf(values);
    if (value === undefined) return undefined;
    headers[name] = value;
  }
  return { method, path, headers };
}
