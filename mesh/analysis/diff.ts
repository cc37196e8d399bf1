import { memo } from "../cluster/look-up";
import { TooComplexError } from "../regex/automaton";
import { type CallRequest, type Verdict } from "../request/request";
import { normalPathPattern } from "../request/path-normalization";
import {
  exampleRequest,
  intersectSets,
  type RequestCondition,
  requestsMeeting,
  type RequestSet,
  subtractSets,
} from "../request/request-set";
import { bytewise, httpRequest } from "../request/match";
import { type CallTree, end, type OutcomeTree } from "./call-tree";
import { callTree, decide } from "./decide";
import { fingerprint, isSameTree } from "./fingerprint";
import { hostHeaders } from "./host-headers";
import { asksForHost } from "./may-pass";
import { likenessOf } from "./likeness";
import { type AccessEntry, addressOf, hostHeaderFor, type Boundary, type Mesh, sentTo, type ServicePort } from "./mesh";
import { resolve } from "./resolve";
import { answersIn, certain, possible } from "./outcome-sets";
import { shareSets, sharedOtherwise } from "./share-sets";
import { answeringOf } from "./share-text";
import { callerShowing, hostsByRange, isOutside, outsideClasses, principalsAt } from "./outside";

/** What a change does to the calls from one account to one port of a service. */
export interface AccessChange {
  /**
   * `opens`: may pass now and could not before. `closes`: the reverse. `unsettles`: always passed and now may fail.
   * `settles`: the reverse. `shares`: passes as before, to other backends. `answers`: what fails, fails with another
   * answer. `unknown`: patterns too complex to compare.
   */
  readonly kind: "opens" | "closes" | "unsettles" | "settles" | "shares" | "answers" | "unknown";
  /** `namespace/service account`, or `outside` of the mesh. */
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
 * changes for any caller that the objects know, any of their services under its full name, and any request, the Host headers
 * of the service's other names among them where the objects ask for the Host.
 */
export function diff(before: Mesh, after: Mesh): readonly AccessChange[] {
  return inOrder(differences(before, after).flatMap((one) => one.all()));
}

/** What opens first, then by the port and the caller. */
export function inOrder(changes: readonly AccessChange[]): readonly AccessChange[] {
  const rank = ({ kind, to, from, request }: AccessChange): string =>
    [order.indexOf(kind), to, from, request?.protocol ?? ""].join("\0");
  return changes
    .map((change) => ({ change, key: rank(change) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ change }) => change);
}

/** What changes for pairs of a caller and a port of a service that differ in names alone. */
export interface Difference {
  /** How many pairs they are. */
  readonly pairs: number;
  /** What changes for the first of them, by the port and then the caller. */
  readonly first: readonly AccessChange[];
  /** The same for all of them. */
  all(): readonly AccessChange[];
}

/**
 * What differs between two meshes.
 *
 * @param within paths of HTTP requests that count, by a pattern that sees nothing but which characters a path has. Default: all.
 */
export function differences(before: Mesh, after: Mesh, within?: string): readonly Difference[] {
  const alike = new Map<string, Compared[]>();
  for (const compared of differing(before, after)) {
    const { pair, earlier, later } = compared;
    const { kind, tls } = pair.service;
    const key = `${kind ?? ""} ${String(tls?.serverName)} ${likenessOf([earlier, later], hostHeaderFor(pair.service))}`;
    const group = alike.get(key);
    if (group === undefined) alike.set(key, [compared]);
    else group.push(compared);
  }
  const changesOf = ({ pair, earlier, later }: Compared): readonly AccessChange[] =>
    fingerprint(earlier) === fingerprint(later) ? [] : compare(before, after, pair, earlier, later, within);
  return [...alike.values()].flatMap((group): readonly Difference[] => {
    const ranked = group.map((one) => ({ one, rank: `${addressOf(one.pair.service)}\0${one.pair.title}` }));
    const [first, ...others] = ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ one }) => one);
    if (first === undefined) return [];
    const changes = changesOf(first);
    if (changes.length === 0) return [];
    return [{ pairs: group.length, first: changes, all: () => [...changes, ...others.flatMap(changesOf)] }];
  });
}

/** The calls of a caller to one port of a service, with what two meshes do with them. */
interface Compared {
  readonly pair: Pair;
  readonly earlier: CallTree;
  readonly later: CallTree;
}

/** The pairs with which two meshes do what is not at once seen to be the same. */
function* differing(before: Mesh, after: Mesh): Iterable<Compared> {
  const [old, now] = [related(before), related(after)];
  const compared = (pair: Pair): readonly Compared[] => {
    const earlier = old.trees(pair.port).get(pair.from) ?? pairTree(before, pair);
    const later = now.trees(pair.port).get(pair.from) ?? pairTree(after, pair);
    return isSameTree(earlier, later) ? [] : [{ pair, earlier, later }];
  };
  for (const port of new Set([...now.ports.keys(), ...old.ports.keys()])) {
    const earlier = old.ports.get(port);
    const later = now.ports.get(port);
    const service = (later ?? earlier)?.service;
    if (service === undefined || areSame(earlier?.entries ?? [], later?.entries ?? [])) continue;
    const callers = new Set([...now.trees(port).keys(), ...old.trees(port).keys()]);
    for (const from of callers) yield* compared(pairOf(from, service));
  }
  for (const pair of fromOutside(before, after)) yield* compared(pair);
  const isKnown = ({ from, port }: Pair): boolean => now.trees(port).has(from) || old.trees(port).has(from);
  for (const pair of unrelated(before, after)) if (!isKnown(pair)) yield* compared(pair);
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
  /** The port's {@link portKey}. */
  readonly port: string;
  /** The caller as it is asked for. */
  readonly from: string;
  /** The caller as a reader knows it. */
  readonly title: string;
  readonly service: ServicePort;
}

function pairOf(from: string, service: ServicePort, title = from): Pair {
  return { port: portKey(service), from, title, service };
}

/** Equal for ports that are called alike under one name. */
function portKey(service: ServicePort): string {
  return `${addressOf(service)}|${service.kind ?? ""}|${service.tls?.serverName ?? "\0"}`;
}

function pairTree(mesh: Mesh, { from, service }: Pair): CallTree {
  return callTree(mesh, from, addressOf(service), sentTo(service));
}

/**
 * Pairs that no relation has and that may yet be more than refused by the caller's sidecar: of callers whose calls can leave
 * by another way, and of pods that reach themselves.
 */
function* unrelated(before: Mesh, after: Mesh): Iterable<Pair> {
  const meshes = [before, after];
  const relations = meshes.map((mesh) => mesh.access());
  const callers = new Set(relations.flatMap((relation) => relation.callers));
  const free = [...callers].filter((caller) => meshes.some((mesh) => mesh.hasOtherWays(caller)));
  if (free.length > 0) {
    const around = unionOf(meshes.map((mesh) => mesh.boundary()));
    const services = new Map(
      relations.flatMap((relation) =>
        [...relation.services, ...hostsByRange(relation.hosts, around.calledRanges)].map((service) => [
          portKey(service),
          service,
        ]),
      ),
    );
    guardSize(free.length * services.size);
    for (const from of free) for (const service of services.values()) yield pairOf(from, service);
    const others = { ...around, entrances: around.entrances.filter((one) => !services.has(portKey(one))) };
    guardSize(free.length * others.entrances.length * (around.principals.length + 2));
    for (const from of free) yield* waysIn(others, from, from);
  }
  for (const mesh of meshes) for (const { caller, service } of mesh.ownCalls()) yield pairOf(caller, service);
}

/** What either side tells apart. */
function unionOf(sides: readonly Boundary[]): Boundary {
  return {
    ranges: sides.flatMap(({ ranges }) => ranges),
    calledRanges: sides.flatMap(({ calledRanges }) => calledRanges),
    principals: sides.flatMap(({ principals }) => principals),
    entrances: [...new Map(sides.flatMap(({ entrances }) => entrances).map((one) => [portKey(one), one])).values()],
  };
}

/** Every way of a caller without a sidecar into the mesh. */
function* waysIn(around: Boundary, from: string, title: string): Iterable<Pair> {
  for (const service of around.entrances) {
    for (const principal of principalsAt(service, around)) {
      yield pairOf(callerShowing(from, principal), service, callerShowing(title, principal));
    }
  }
}

/** Pairs of callers outside of the mesh, by what either side tells apart, and the ports that either lets anybody outside reach. */
function* fromOutside(before: Mesh, after: Mesh): Iterable<Pair> {
  const meshes = [before, after];
  const reached = new Set<string>();
  for (const mesh of meshes) {
    for (const { callers, service } of mesh.access().entries) {
      if (callers.some(isOutside)) reached.add(portKey(service));
    }
  }
  if (reached.size === 0) return;
  const around = unionOf(meshes.map((mesh) => mesh.boundary()));
  const entrances = around.entrances.filter((service) => reached.has(portKey(service)));
  for (const { from, title } of outsideClasses(around.ranges)) yield* waysIn({ ...around, entrances }, from, title);
}

/** A relation by the ports that are called. */
interface Related {
  readonly ports: ReadonlyMap<string, { readonly service: ServicePort; readonly entries: readonly AccessEntry[] }>;
  /** What happens to calls to a port, by who calls. Callers outside are compared by the addresses that both sides tell apart. */
  trees(port: string): ReadonlyMap<string, CallTree>;
}

const knownRelated = new WeakMap<Mesh, Related>();

function related(mesh: Mesh): Related {
  const known = knownRelated.get(mesh);
  if (known !== undefined) return known;
  const { entries } = mesh.access();
  guardSize(entries.reduce((sum, { callers }) => sum + callers.length, 0));
  const ports = new Map<string, { readonly service: ServicePort; readonly entries: AccessEntry[] }>();
  let last: { readonly service: ServicePort; readonly entries: AccessEntry[] } | undefined;
  for (const entry of entries) {
    // Mostly those of one port come together.
    if (last?.service !== entry.service) {
      const key = portKey(entry.service);
      last = ports.get(key);
      if (last === undefined) ports.set(key, (last = { service: entry.service, entries: [] }));
    }
    last.entries.push(entry);
  }
  const trees = memo((port: string): ReadonlyMap<string, CallTree> => {
    const found = new Map<string, CallTree>();
    for (const { callers, tree } of ports.get(port)?.entries ?? []) {
      for (const caller of callers) if (!isOutside(caller)) found.set(caller, tree);
    }
    return found;
  });
  const made = { ports, trees };
  knownRelated.set(mesh, made);
  return made;
}

/** Whether two relations say the same of a port, in the same order. */
function areSame(a: readonly AccessEntry[], b: readonly AccessEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        one.callers.length === other.callers.length &&
        one.callers.every((caller, at) => caller === other.callers[at]) &&
        isSameTree(one.tree, other.tree)
      );
    })
  );
}

function guardSize(count: number): void {
  if (count <= mostPairs) return;
  throw new DiffTooLarge(
    `There are ${String(count)} pairs of caller and service; at most ${String(mostPairs)} are compared.`,
  );
}

/** Paths that neither side's sidecars change: of the others sets of requests tell nothing. Undefined where they change none. */
function normalRequests(before: Mesh, after: Mesh): readonly RequestCondition[] {
  const patterns = [before, after].flatMap(({ pathNormalization }) => normalPathPattern[pathNormalization] ?? []);
  return [...new Set(patterns)].map((path) => ({ methods: ["*"], path }));
}

/** Under the Service's full name, and where either side asks for the Host and nothing changes for that one, under its others. */
function compare(
  before: Mesh,
  after: Mesh,
  pair: Pair,
  old: CallTree,
  now: CallTree,
  within: string | undefined,
): readonly AccessChange[] {
  const { from, service } = pair;
  const usual = hostHeaderFor(service);
  const found = compareUnder(usual, before, after, pair, old, now, within);
  const settled = found.some(({ kind }) => kind !== "answers");
  if (settled || service.kind === "tcp" || !(asksForHost(old) || asksForHost(now))) return found;
  for (const authority of new Set(hostHeaders(service, [from]))) {
    if (authority === usual) continue;
    const [earlier, later] = [before, after].map((mesh) =>
      callTree(mesh, from, addressOf(service), { ...sentTo(service), authority }),
    );
    if (earlier === undefined || later === undefined) continue;
    const others = compareUnder(authority, before, after, pair, earlier, later, within);
    if (others.some(({ kind }) => kind !== "answers")) return others;
  }
  return found;
}

function compareUnder(
  authority: string,
  before: Mesh,
  after: Mesh,
  pair: Pair,
  old: CallTree,
  now: CallTree,
  within: string | undefined,
): readonly AccessChange[] {
  const { from, title, service } = pair;
  const to = addressOf(service);
  const ends = { from: title, to };
  const [counting, ...also] = [
    ...normalRequests(before, after),
    ...(within === undefined ? [] : [{ methods: ["*"], path: within }]),
  ];
  const show = (kind: AccessChange["kind"], set: RequestSet): readonly AccessChange[] => {
    const example = exampleRequest(
      counting === undefined ? set : intersectSets(set, requestsMeeting({ ...counting, also }, authority)),
    );
    if (example === undefined) return [];
    const tls = service.tls === undefined ? {} : { serverName: service.tls.serverName };
    const request: CallRequest =
      service.kind === "tcp"
        ? { from, to, protocol: "tcp", ...tls }
        : {
            ...{ from, to, protocol: "http" },
            ...(authority !== hostHeaderFor(service) && { host: authority }),
            ...{ ...example, ...tls },
          };
    return [{ kind, ...ends, request, before: decide(before, request), after: decide(after, request) }];
  };
  try {
    const mayOld = possible(old, "allowed", authority);
    const mayNow = possible(now, "allowed", authority);
    const opens = show("opens", subtractSets(mayNow, mayOld));
    const closes = show("closes", subtractSets(mayOld, mayNow));
    if (opens.length + closes.length > 0) return [...opens, ...closes];
    const mustOld = certain(old, "allowed", authority);
    const mustNow = certain(now, "allowed", authority);
    const certainty = [
      ...show("unsettles", subtractSets(mustOld, mustNow)),
      ...show("settles", subtractSets(mustNow, mustOld)),
    ];
    if (certainty.length > 0) return certainty;
    // One call often shows it; that all are shared out alike takes all of them.
    const [shares] = show("shares", mayNow).filter((change) => isSharedOtherwise(change, old, now));
    if (shares !== undefined) return [shares];
    for (const set of sharedOtherwise(shareSets(old, authority), shareSets(now, authority))) {
      const found = show("shares", set);
      if (found.length > 0) return found;
    }
    return answers(old, now, authority, show);
  } catch (error) {
    if (error instanceof TooComplexError) return [{ kind: "unknown", ...ends }];
    throw error;
  }
}

/** Whether a change's call goes to other backends, or to the same ones in other shares. */
function isSharedOtherwise({ request, before, after }: AccessChange, old: CallTree, now: CallTree): boolean {
  if (JSON.stringify(before && answeringOf(before)) !== JSON.stringify(after && answeringOf(after))) return true;
  // Of what nothing defines there are no numbers: then what may happen tells.
  if (request === undefined || !Object.values(after?.backends ?? {}).includes(null)) return false;
  const asked = request.protocol === "tcp" ? undefined : httpRequest(request, bytewise);
  return fingerprint(passingOf(resolve(old, asked))) !== fingerprint(passingOf(resolve(now, asked)));
}

/** A tree in which all that fails is alike. */
function passingOf(tree: OutcomeTree): OutcomeTree {
  if (tree.kind === "end") return tree.outcome === "allowed" ? tree : end("refused", []);
  return { ...tree, branches: tree.branches.map((branch) => ({ ...branch, tree: passingOf(branch.tree) })) };
}

function answers(
  old: CallTree,
  now: CallTree,
  authority: string,
  show: (kind: "answers", set: RequestSet) => readonly AccessChange[],
): readonly AccessChange[] {
  for (const answer of new Set([...answersIn(old), ...answersIn(now)])) {
    if (answer === "allowed") continue;
    const then = possible(old, answer, authority);
    const next = possible(now, answer, authority);
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
