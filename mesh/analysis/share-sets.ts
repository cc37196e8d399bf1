import { TooComplexError } from "../regex/automaton";
import { requestsBefore, requestsLeavingForm } from "../request/request-change-sets";
import { everyRequest, intersectSets, requestsMeeting, type RequestSet, subtractSets } from "../request/request-set";
import { answering, type CallTree, type Changed, type RuleGroup, type Rules } from "./call-tree";
import { anyOf, noShares, type Shares, weighted, whole } from "./shares";

/** Requests whose calls are shared out alike. */
export interface ShareSet {
  readonly requests: RequestSet;
  readonly shares: Shares;
}

/** Ways of sharing out that one tree may have; beyond it nobody compares them. */
const mostWays = 1_000;

/**
 * The requests under one Host header, by how their calls are shared out among those that answer: each request is in one of the sets. Where
 * a sidecar normalises paths, of those whose path is normal.
 *
 * @throws {TooComplexError}
 */
export function shareSets(tree: CallTree, authority: string): readonly ShareSet[] {
  let known = knownSets.get(tree);
  if (known === undefined) knownSets.set(tree, (known = new Map()));
  let sets = known.get(authority);
  if (sets === undefined) known.set(authority, (sets = computeSets(tree, authority)));
  return sets;
}

/** By tree and Host header: many callers have the same tree. */
const knownSets = new WeakMap<CallTree, Map<string, readonly ShareSet[]>>();

function computeSets(tree: CallTree, authority: string): readonly ShareSet[] {
  switch (tree.kind) {
    case "end":
      return [{ requests: everyRequest(), shares: tree.outcome === "allowed" ? whole(answering(tree)) : noShares }];
    case "http":
    case "normalised":
      return shareSets(tree.tree, authority);
    case "changed":
      return setsBefore(tree, authority);
    case "choice": {
      const branches = tree.branches.map(({ weight, tree: child }) =>
        shareSets(child, authority).map(({ requests, shares }) => ({ requests, part: { weight, shares } })),
      );
      return shared(
        together(branches, (parts, part) => [...parts, part]),
        (parts) => (tree.undefined === true ? anyOf(parts.map(({ shares }) => shares)) : weighted(parts)),
      );
    }
    case "rules": {
      // The first rule of any group that has one which is met: several may win.
      const groups = tree.list.groups.map((group) => underGroup(tree, group, authority));
      return shared(together(groups, once), (won) => (won.length === 0 ? otherwise(tree) : anyOf(won)));
    }
  }
}

/** Where what comes behind brings a path into its normal form, it is shared out in any of the ways. */
function setsBefore({ change, form, tree }: Changed, authority: string): readonly ShareSet[] {
  const behind = shareSets(tree, change.authority ?? authority);
  const leaving = requestsLeavingForm(change, form);
  const before = behind.map(({ requests, shares }) => ({
    requests: subtractSets(requestsBefore(change, requests), leaving),
    shares,
  }));
  const all = [...before, { requests: leaving, shares: anyOf(behind.map(({ shares }) => shares)) }];
  return all.filter(({ requests }) => requests.length > 0);
}

function otherwise({ otherwise: end }: Rules): Shares {
  return end.outcome === "allowed" ? whole(answering(end)) : noShares;
}

/** Requests of which the same is so. */
interface Part<T> {
  readonly requests: RequestSet;
  /** Undefined where nothing is said of them. */
  readonly part: T | undefined;
}

/** Requests by what the first rule of a group makes of them. */
function underGroup({ then }: Rules, { rules }: RuleGroup, authority: string): readonly Part<Shares>[] {
  const parts: Part<Shares>[] = [];
  let rest = everyRequest();
  for (const rule of rules) {
    const met = requestsMeeting(rule, authority);
    const won = intersectSets(rest, met);
    if (won.length === 0) continue;
    rest = subtractSets(rest, met);
    for (const { requests, shares } of shareSets(then(rule), authority)) {
      parts.push({ requests: intersectSets(won, requests), part: shares });
    }
  }
  return joined([...parts, { requests: rest, part: undefined }]);
}

/** Adds to a list in which every value stands once, in one order. */
function once<T>(parts: readonly T[], part: T): readonly T[] {
  const all = new Map([...parts, part].map((one) => [keyOf(one), one]));
  return [...all].sort(byName).map(([, one]) => one);
}

/**
 * Every way in which one part of each list comes together. Requests of which the same parts are so are one way.
 *
 * @param add how a part joins those of the lists before.
 */
function together<T>(
  lists: readonly (readonly Part<T>[])[],
  add: (parts: readonly T[], part: T) => readonly T[],
): readonly Part<readonly T[]>[] {
  return lists.reduce<readonly Part<readonly T[]>[]>(
    (ways, list) => {
      const next = joined(
        ways.flatMap(({ requests, part: parts = [] }) =>
          list.map(({ requests: others, part }) => ({
            requests: intersectSets(requests, others),
            part: part === undefined ? parts : add(parts, part),
          })),
        ),
      );
      if (next.length <= mostWays) return next;
      throw new TooComplexError(`Calls are shared out in more than ${String(mostWays)} ways.`);
    },
    [{ requests: everyRequest(), part: [] }],
  );
}

function shared<T>(
  ways: readonly Part<readonly T[]>[],
  sharesOf: (parts: readonly T[]) => Shares,
): readonly ShareSet[] {
  const sets = joined(ways.map(({ requests, part: parts = [] }) => ({ requests, part: sharesOf(parts) })));
  return sets.map(({ requests, part = noShares }) => ({ requests, shares: part }));
}

/** One part for all that say the same: they have no request in common. */
function joined<T>(parts: readonly Part<T>[]): readonly Part<T>[] {
  const found = new Map<string, { readonly part: T | undefined; readonly requests: RequestSet[number][] }>();
  for (const { requests, part } of parts) {
    if (requests.length === 0) continue;
    const key = keyOf(part);
    const known = found.get(key);
    if (known === undefined) found.set(key, { part, requests: [...requests] });
    else known.requests.push(...requests);
  }
  return [...found.values()];
}

/** Equal for parts that say the same: shares are maps, in any order. */
function keyOf(part: unknown): string {
  return JSON.stringify(part, (_, value: unknown) => (value instanceof Map ? [...value].sort(byName) : value)) ?? "";
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

/** Sets of requests whose calls two sides share out otherwise. */
export function sharedOtherwise(before: readonly ShareSet[], after: readonly ShareSet[]): readonly RequestSet[] {
  return before.flatMap((old) =>
    after.flatMap((now) => {
      if (areAlike(old.shares, now.shares)) return [];
      const both = intersectSets(old.requests, now.requests);
      return both.length === 0 ? [] : [both];
    }),
  );
}

/** Whether shares are the same, but for what floating point loses. */
function areAlike(a: Shares, b: Shares): boolean {
  const near = (one: number, other: number): boolean => Math.abs(one - other) < 1e-9;
  return [...new Set([...a.keys(), ...b.keys()])].every((name) => {
    const [one, other] = [a.get(name) ?? never, b.get(name) ?? never];
    return near(one.least, other.least) && near(one.most, other.most);
  });
}

const never = { least: 0, most: 0 } as const;
