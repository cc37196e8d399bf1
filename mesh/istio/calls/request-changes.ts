import { addedHeaders } from "../../request/match";
import { type PathChange, type RequestChange } from "../../request/request-change";
import { type IstioPlane } from "../plane";
import {
  type HeaderOperations,
  type HttpMatchState,
  type HttpRouteState,
  type PathRewrite,
  type RouteDestinationState,
} from "../state/virtual-services";

/** What a rule makes of a request that comes to one of its destinations. */
export interface Rewrite {
  readonly change: RequestChange;
  /** A part of the request that becomes something that is not followed here; undefined where there is none. */
  readonly unknown: string | undefined;
}

/** A path without a query, of characters that sidecars pass on. */
const plainPath = /^\/[!-"$->@-~]*$/;

/**
 * What becomes of the path of requests that meet a match; undefined where it stays.
 *
 * Source: prefix_rewrite and regex_rewrite of Envoy's routes, as istiod writes them (pilot/pkg/networking/core/route/route.go).
 */
export function pathChangeOf(
  rewrite: PathRewrite | undefined,
  match: HttpMatchState | undefined,
): PathChange | "unknown" | undefined {
  if (rewrite === undefined) return undefined;
  if (rewrite.of === "pattern") return "unknown";
  const { by } = rewrite;
  const uri = match?.uri;
  if (rewrite.of === "text") {
    // Elsewhere in a path, or where it need not be, is not followed.
    const begins = uri === undefined || uri.kind === "present" ? "/" : uri.kind === "regex" ? "" : uri.value;
    const isThere = begins.startsWith(rewrite.text) && match?.ignoreUriCase !== true && plainPath.test(by);
    return isThere ? { replaced: rewrite.text.length, by } : "unknown";
  }
  if (by === "" && rewrite.of === "prefix") {
    return uri?.kind === "pathPrefix" ? { replaced: lengthOf(uri.value), by } : undefined;
  }
  if (!plainPath.test(by)) return "unknown";
  if (rewrite.of === "all") return { replaced: "all", by };
  // Without a match Envoy's own is the slash with which every path begins.
  if (uri === undefined) return { replaced: 1, by };
  switch (uri.kind) {
    case "regex":
      return { replaced: "all", by };
    case "present":
      return { replaced: 1, by };
    case "pathPrefix":
      return { replaced: lengthOf(uri.value), by };
    default:
      return { replaced: uri.value.length, by };
  }
}

/** How much a prefix has that ends before a slash. */
function lengthOf(prefix: string): number {
  return prefix.replace(/\/$/, "").length;
}

/** The Host header that operations on headers give. */
function authorityIn({ set, added }: HeaderOperations): string | undefined {
  return set.get(":authority") ?? set.get("host") ?? added.get(":authority") ?? added.get("host");
}

/** What a rule makes of requests for one of its destinations. Of headers those are told that anybody asks for. */
export function rewriteFor(
  plane: IstioPlane,
  { changes, headers, destinations }: HttpRouteState,
  destination: RouteDestinationState,
  path: PathChange | "unknown" | undefined,
): Rewrite {
  // What a lone destination does comes with what its rule does; of several each does its own first (Envoy: weighted clusters).
  const own = destination.headers;
  const steps =
    destinations.length === 1
      ? [{ removed: [...headers.removed, ...own.removed], set: [...headers.set, ...own.set] }]
      : [
          { removed: own.removed, set: [...own.set] },
          { removed: headers.removed, set: [...headers.set] },
        ];
  const values = new Map<string, string | undefined>();
  for (const { removed, set } of steps) {
    for (const name of removed) values.set(name, undefined);
    // Envoy leaves out what is empty.
    for (const [name, value] of set) if (value !== "") values.set(name, value);
  }
  const added = [...headers.added, ...own.added].flatMap(([name, value]) => (value === "" ? [] : name));
  const isAsked = (name: string): boolean => !hosts.has(name) && asksFor(plane, name);
  const asked = [...values].filter(([name]) => isAsked(name));
  const unknown =
    added.find(isAsked) ?? asked.find(([name, value]) => !isFollowed(plane, name) || !isPlain(value))?.[0];
  return {
    change: {
      path: path === "unknown" ? undefined : path,
      authority: changes.authority ?? authorityIn(headers) ?? authorityIn(own),
      headers: new Map(asked),
    },
    unknown: path === "unknown" ? "the path" : unknown === undefined ? undefined : `the header ${unknown}`,
  };
}

const hosts: ReadonlySet<string> = new Set([":authority", "host"]);

/** A value that is the same for every request: Envoy writes what it knows of one in the place of `%NAME%`. */
function isPlain(value: string | undefined): boolean {
  return value === undefined || /^[!-$&-~]+(?: [!-$&-~]+)*$/.test(value);
}

/** Headers that sidecars write, and tokens, are not followed. */
function isFollowed({ state }: IstioPlane, name: string): boolean {
  if (name === "authorization" && state.requestAuthentications.length > 0) return false;
  return (
    !addedHeaders.has(name) && !name.startsWith(":") && !name.startsWith("x-envoy-") && !name.startsWith("x-forwarded-")
  );
}

function asksFor({ state }: IstioPlane, name: string): boolean {
  return askedHeaders(state).has(name) || (name === "authorization" && state.requestAuthentications.length > 0);
}

const knownAsked = new WeakMap<IstioPlane["state"], ReadonlySet<string>>();

/** The headers that AuthorizationPolicies look at, in lower case. */
function askedHeaders(state: IstioPlane["state"]): ReadonlySet<string> {
  let found = knownAsked.get(state);
  if (found === undefined) {
    const keys = state.authorizationPolicies.flatMap(({ rules }) =>
      rules.flatMap(({ when }) => when.map(({ key }) => key)),
    );
    const names = keys.flatMap((key) => /^request\.headers\[(.+)\]$/i.exec(key)?.[1]?.toLowerCase() ?? []);
    knownAsked.set(state, (found = new Set(names)));
  }
  return found;
}
