import { type ExampleRequest, exampleRequest, intersectSets, requestsMeeting } from "../request/request-set";
import { TooComplexError } from "../regex/automaton";
import { prefixesDiffer } from "../regex/language";
import { plainPrefix } from "../regex/pattern";
import { type Route, type RouteTable } from "./proxy/routes";
import { possibleWinners } from "../analysis/resolve";
import { bytewise, httpRequest, meets } from "../request/match";

/** Two routes that the same request matches and of which OSM does not define the first. */
export interface OrderDependence {
  readonly first: Route;
  readonly second: Route;
  /** A request that both match; undefined where the patterns are too complex to find one or to rule one out. */
  readonly request: ExampleRequest | undefined;
  /** An identity that passes by one of them and gets 403 by the other, `name.namespace`. */
  readonly identity: string;
}

/** Pairs looked for on one account: a person wants to see some, not ten thousand. */
const mostPairs = 20;

/** Automata made in search of pairs on one account, so that time stays bounded. */
const mostComparisons = 20_000;

/** The pairs of an account's routes whose order decides about some caller, for requests under one Host header. */
export function orderDependences(table: RouteTable, authority: string): readonly OrderDependence[] {
  const found: OrderDependence[] = [];
  if (table.groups.length < 2) return found;
  // Routes that may meet have plain beginnings of which one continues the other; sorted, these stand together.
  const sorted = table.rules
    .map((route) => ({ route, prefix: plainPrefix(route.path) }))
    .sort((a, b) => (a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0));
  let comparisons = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const one = sorted[i];
    for (let j = i + 1; one !== undefined && j < sorted.length; j += 1) {
      const other = sorted[j];
      if (other === undefined || !other.prefix.startsWith(one.prefix)) break;
      if (!methodsMeet(one.route, other.route)) continue;
      const identity = decidedIdentity(one.route, other.route);
      if (identity === undefined) continue;
      comparisons += 1;
      if (comparisons > mostComparisons) return found;
      const pair = compare(table, one.route, other.route, identity, authority);
      if (pair !== undefined) found.push(pair);
      if (found.length >= mostPairs) return found;
    }
  }
  return found;
}

/** What two routes are compared by. */
type Asked = Pick<Route, "path" | "methods">;

/** False where two routes certainly have no request in common. */
export function mayMeet(a: Asked, b: Asked): boolean {
  return !prefixesDiffer(a.path, b.path) && methodsMeet(a, b);
}

/** Whether some method is in both. Methods are patterns; two plain names meet when they are equal. */
function methodsMeet(a: Asked, b: Asked): boolean {
  const plain = (method: string): boolean => /^[A-Z]+$/.test(method);
  return a.methods.some((one) =>
    b.methods.some((other) => one === other || (!plain(one) && one !== "") || (!plain(other) && other !== "")),
  );
}

/** Somebody who passes by one route only. */
function decidedIdentity(a: Route, b: Route): string | undefined {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (other.principals === undefined) continue;
    if (one.principals === undefined) return "anyone else";
    for (const identity of one.principals) if (!other.principals.has(identity)) return identity;
  }
  return undefined;
}

function compare(
  table: RouteTable,
  first: Route,
  second: Route,
  identity: string,
  authority: string,
): OrderDependence | undefined {
  let request: ExampleRequest | undefined;
  try {
    request = exampleRequest(intersectSets(requestsMeeting(first, authority), requestsMeeting(second, authority)));
  } catch (error) {
    if (!(error instanceof TooComplexError)) throw error;
    return { first, second, request: undefined, identity };
  }
  if (request === undefined) return undefined;
  const call = httpRequest({ from: "", to: authority, host: authority, protocol: "http", ...request }, bytewise);
  const winners = possibleWinners(table, (route) => meets(call, route));
  // One target may hold both and so settle their order, or a third route may always come first.
  return winners.includes(first) && winners.includes(second) ? { first, second, request, identity } : undefined;
}
