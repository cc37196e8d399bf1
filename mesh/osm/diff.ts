import { TooComplexError } from "../regex/automaton";
import { exampleRequest, type RequestSet, subtractSets } from "../requests/request-set";
import { access, type AccessEntry } from "./access";
import { type OsmMesh } from "./mesh";
import { certain, possible } from "./outcome-sets";
import { fullName } from "./proxy/hostnames";
import { chainKind } from "./proxy/outbound";
import { type RouteTable } from "./proxy/routes";
import { type CallTree, end } from "./request/call-tree";
import { decide } from "./request/decide";
import { type CallRequest, type Outcome, type Verdict } from "./request/request";
import { passes } from "./request/resolve";

/** What a change does to the calls from one account to one port of a service. */
export interface AccessChange {
  /**
   * `opens`: may pass now and could not before. `closes`: the reverse. `unsettles`: always passed and now may fail.
   * `settles`: the reverse. `shares`: passes as before, to other backends. `answers`: fails as before, with another
   * answer. `unknown`: patterns too complex to compare.
   */
  readonly kind: "opens" | "closes" | "unsettles" | "settles" | "shares" | "answers" | "unknown";
  /** `namespace/service account`. */
  readonly from: string;
  /** Full name and port. */
  readonly to: string;
  /** A call that shows it; absent for `unknown`. */
  readonly request?: CallRequest;
  readonly before?: Verdict;
  readonly after?: Verdict;
}

/** The accesses to compare are too many. */
export class DiffTooLarge extends Error {
  override readonly name = "DiffTooLarge";
}

/** Pairs of caller and service that are compared at most, where permissive mode opens every pair. */
const mostPairs = 4_000_000;

/**
 * What a change of the objects opens and closes, with a request that shows it. An empty answer is a proof: for all
 * callers, services and requests nothing changes.
 */
export function diff(before: OsmMesh, after: OsmMesh): readonly AccessChange[] {
  const old = expand(before);
  const now = expand(after);
  const changes: AccessChange[] = [];
  for (const [key, entry] of now) {
    const earlier = old.get(key);
    if (earlier !== undefined && fingerprint(earlier.tree) === fingerprint(entry.tree)) continue;
    changes.push(...compare(before, after, entry, earlier?.tree ?? refused, entry.tree));
  }
  for (const [key, entry] of old) {
    if (!now.has(key)) changes.push(...compare(before, after, entry, entry.tree, refused));
  }
  const rank = (change: AccessChange): string => [order.indexOf(change.kind), change.to, change.from].join("\0");
  return changes
    .map((change) => ({ change, key: rank(change) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ change }) => change);
}

const order: readonly AccessChange["kind"][] = [
  "opens",
  "closes",
  "unsettles",
  "settles",
  "shares",
  "answers",
  "unknown",
];
const refused: CallTree = end("refused", [{ text: "the caller's sidecar knows no such service" }]);

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly tcp: boolean;
  readonly tree: CallTree;
}

const expanded = new WeakMap<OsmMesh, ReadonlyMap<string, Pair>>();

function expand(mesh: OsmMesh): ReadonlyMap<string, Pair> {
  const known = expanded.get(mesh);
  if (known !== undefined) return known;
  const { entries } = access(mesh);
  const count = entries.reduce((sum, { callers }) => sum + callers.length, 0);
  if (count > mostPairs) {
    throw new DiffTooLarge(
      `There are ${String(count)} pairs of caller and service; at most ${String(mostPairs)} are compared.`,
    );
  }
  const pairs = new Map<string, Pair>();
  for (const entry of entries) for (const from of entry.callers) add(pairs, from, entry);
  expanded.set(mesh, pairs);
  return pairs;
}

function add(pairs: Map<string, Pair>, from: string, { service, tree }: AccessEntry): void {
  const to = `${fullName(service)}:${String(service.port)}`;
  const tcp = chainKind(service.protocol) === "tcp";
  pairs.set(`${from}|${to}|${tcp ? "tcp" : "http"}`, { from, to, tcp, tree });
}

function compare(before: OsmMesh, after: OsmMesh, pair: Pair, old: CallTree, now: CallTree): readonly AccessChange[] {
  const { from, to, tcp } = pair;
  const ends = { from, to };
  const show = (kind: AccessChange["kind"], set: RequestSet): readonly AccessChange[] => {
    const example = exampleRequest(set);
    if (example === undefined) return [];
    const request: CallRequest = tcp ? { ...ends, protocol: "tcp" } : { ...ends, protocol: "http", ...example };
    return [{ kind, ...ends, request, before: decide(before, request), after: decide(after, request) }];
  };
  try {
    const mayOld = possible(old, "allowed", to);
    const mayNow = possible(now, "allowed", to);
    const opens = show("opens", subtractSets(mayNow, mayOld));
    const closes = show("closes", subtractSets(mayOld, mayNow));
    if (opens.length + closes.length > 0) return [...opens, ...closes];
    const mustOld = certain(old, "allowed", to);
    const mustNow = certain(now, "allowed", to);
    const certainty = [
      ...show("unsettles", subtractSets(mustOld, mustNow)),
      ...show("settles", subtractSets(mustNow, mustOld)),
    ];
    if (certainty.length > 0) return certainty;
    const shares = show("shares", mayNow).filter(
      (change) => JSON.stringify(change.before?.backends) !== JSON.stringify(change.after?.backends),
    );
    return shares.length > 0 ? shares : answers(old, now, mayNow, to, show);
  } catch (error) {
    if (error instanceof TooComplexError) return [{ kind: "unknown", ...ends }];
    throw error;
  }
}

const failures: readonly Outcome[] = ["refused", "no-route", "denied", "unavailable"];

function answers(
  old: CallTree,
  now: CallTree,
  passing: RequestSet,
  authority: string,
  show: (kind: "answers", set: RequestSet) => readonly AccessChange[],
): readonly AccessChange[] {
  for (const outcome of failures) {
    const set = subtractSets(possible(now, outcome, authority), possible(old, outcome, authority));
    const found = show("answers", subtractSets(set, passing));
    if (found.length > 0) return found;
  }
  return [];
}

const prints = new WeakMap<CallTree, string>();

/** Equal only for trees that answer every request alike; the reverse is left to the automata. */
function fingerprint(tree: CallTree): string {
  let found = prints.get(tree);
  if (found === undefined) prints.set(tree, (found = computePrint(tree)));
  return found;
}

function computePrint(tree: CallTree): string {
  switch (tree.kind) {
    case "end":
      return `${tree.outcome}:${tree.backend ?? ""}`;
    case "http":
      return fingerprint(tree.tree);
    case "choice":
      return `${tree.by}(${tree.branches
        .map(({ weight, tree: child }) => `${String(weight)}*${fingerprint(child)}`)
        .sort()
        .join()})`;
    case "egress-routes":
      return `egress(${JSON.stringify(tree.routes.map(({ path, methods, headers }) => [path, methods, [...(headers ?? [])]]))},${fingerprint(tree.onward)})`;
    case "server-routes":
      return `routes(${viewOf(tree.table, tree.identity)},${tree.backend})`;
  }
}

/** What a table comes to for one caller: the routes of each target, with whether they let it pass. */
function viewOf(table: RouteTable, identity: string): string {
  return table.byTarget
    .map(({ routes }) => routes.map((route) => `${passes(route, identity) ? "+" : "-"}${route.key}`).join())
    .sort()
    .join(";");
}
