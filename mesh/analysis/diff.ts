import { TooComplexError } from "../regex/automaton";
import { exampleRequest, type RequestSet, subtractSets } from "../request/request-set";
import { access, allCallers, isHeadless } from "./access";
import { type OsmMesh } from "../osm/mesh";
import { certain, possible } from "./outcome-sets";
import { fullName } from "../osm/proxy/hostnames";
import { chainKind } from "../osm/proxy/outbound";
import { type RouteTable } from "../osm/proxy/routes";
import { type CallTree } from "./call-tree";
import { callTree, clientOf, decide } from "./decide";
import { type CallRequest, type Outcome, type Verdict } from "../request/request";
import { passes } from "./resolve";
import { keyOf, type MeshService, type PodState } from "../osm/state";

/** What a change does to the calls from one account to one port of a service. */
export interface AccessChange {
  /**
   * `opens`: may pass now and could not before. `closes`: the reverse. `unsettles`: always passed and now may fail.
   * `settles`: the reverse. `shares`: passes as before, to other backends. `answers`: what fails, fails with another
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
 * What a change of the objects opens and closes, with a request that shows it. An empty answer is a proof: nothing
 * changes for any caller that the objects know, any of their services under its full name, and any request.
 */
export function diff(before: OsmMesh, after: OsmMesh): readonly AccessChange[] {
  const old = expand(before);
  const now = expand(after);
  const changes: AccessChange[] = [];
  const visit = (pair: Pair): void => {
    const earlier = old.get(pair.key)?.tree ?? pairTree(before, pair);
    const later = now.get(pair.key)?.tree ?? pairTree(after, pair);
    if (earlier === later || fingerprint(earlier) === fingerprint(later)) return;
    changes.push(...compare(before, after, pair, earlier, later));
  };
  for (const pair of now.values()) visit(pair);
  for (const pair of old.values()) if (!now.has(pair.key)) visit(pair);
  for (const pair of unrelated(before, after)) if (!now.has(pair.key) && !old.has(pair.key)) visit(pair);
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

/** The calls of a caller to one port of a service. */
interface Pair {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly tcp: boolean;
}

interface RelatedPair extends Pair {
  readonly tree: CallTree;
}

function pairOf(from: string, service: MeshService): Pair {
  const to = `${fullName(service)}:${String(service.port)}`;
  const tcp = chainKind(service.protocol) === "tcp";
  return { key: `${from}|${to}|${tcp ? "tcp" : "http"}`, from, to, tcp };
}

function pairTree(mesh: OsmMesh, { from, to, tcp }: Pair): CallTree {
  return callTree(mesh, from, to, tcp ? undefined : to);
}

/**
 * Pairs that no relation has and that may yet be more than refused by the caller's sidecar: of callers whose calls can leave
 * by another way, and of pods that reach themselves by the name of a headless Service.
 */
function* unrelated(before: OsmMesh, after: OsmMesh): Iterable<Pair> {
  const meshes = [before, after];
  const services = new Map(
    meshes.flatMap((mesh) => mesh.catalog.allMeshServices().map((service) => [pairOf("", service).key, service])),
  );
  const callers = new Set(meshes.flatMap((mesh) => allCallers(mesh)));
  const free = [...callers].filter((caller) => meshes.some((mesh) => hasOtherWays(mesh, caller)));
  guardSize(free.length * services.size);
  for (const from of free) for (const service of services.values()) yield pairOf(from, service);
  for (const mesh of meshes) {
    for (const service of mesh.catalog.allMeshServices()) {
      if (!isHeadless(service)) continue;
      for (const { namespace, serviceAccount } of mesh.endpointIps(service).flatMap(mesh.podsOfIp)) {
        yield pairOf(keyOf(namespace, serviceAccount), service);
      }
    }
  }
}

/** Whether calls that no TrafficTarget leads anywhere may still leave the caller. */
function hasOtherWays(mesh: OsmMesh, caller: string): boolean {
  const { switches, egresses } = mesh.state;
  const { outboundPortExclusions, outboundIpExclusions, outboundIpInclusions, interfaceExclusions } = switches;
  if (switches.permissive || switches.egress || egresses.length > 0) return true;
  const exclusions = [outboundPortExclusions, outboundIpExclusions, outboundIpInclusions, interfaceExclusions];
  if (exclusions.some(({ length }) => length > 0)) return true;
  const [namespace = "", name = ""] = caller.split("/");
  const { inMesh, pods } = clientOf(mesh, namespace, name);
  const isFree = (pod: PodState): boolean =>
    !mesh.state.hasSidecar(pod) || Object.keys(pod.annotations).some((key) => key.includes("outbound-"));
  return !inMesh || pods.some(isFree);
}

const expanded = new WeakMap<OsmMesh, ReadonlyMap<string, RelatedPair>>();

function expand(mesh: OsmMesh): ReadonlyMap<string, RelatedPair> {
  const known = expanded.get(mesh);
  if (known !== undefined) return known;
  const { entries } = access(mesh);
  guardSize(entries.reduce((sum, { callers }) => sum + callers.length, 0));
  const pairs = new Map<string, RelatedPair>();
  for (const { callers, service, tree } of entries) {
    for (const caller of callers) {
      const { key, from, to, tcp } = pairOf(caller, service);
      pairs.set(key, { key, from, to, tcp, tree });
    }
  }
  expanded.set(mesh, pairs);
  return pairs;
}

function guardSize(count: number): void {
  if (count <= mostPairs) return;
  throw new DiffTooLarge(
    `There are ${String(count)} pairs of caller and service; at most ${String(mostPairs)} are compared.`,
  );
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
    return shares.length > 0 ? shares : answers(old, now, to, show);
  } catch (error) {
    if (error instanceof TooComplexError) return [{ kind: "unknown", ...ends }];
    throw error;
  }
}

const failures: readonly Outcome[] = ["refused", "no-route", "denied", "unavailable"];

function answers(
  old: CallTree,
  now: CallTree,
  authority: string,
  show: (kind: "answers", set: RequestSet) => readonly AccessChange[],
): readonly AccessChange[] {
  for (const outcome of failures) {
    const then = possible(old, outcome, authority);
    const next = possible(now, outcome, authority);
    for (const [some, others] of [
      [next, then],
      [then, next],
    ] as const) {
      const found = show("answers", subtractSets(some, others));
      if (found.length > 0) return found;
    }
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
