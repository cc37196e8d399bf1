import { type Answer, type Layer } from "../request/request";
import { requestsBefore, requestsLeavingForm } from "../request/request-change-sets";
import { everyRequest, intersectSets, requestsMeeting, type RequestSet, subtractSets } from "../request/request-set";
import { type CallTree, type Changed, type End, type Rules } from "./call-tree";

/** An answer as a text: equal for equal ones. */
export function answerOf({ outcome, status }: Answer): string {
  return status === undefined ? outcome : `${outcome} ${String(status)}`;
}

/** All the answers that a tree has. */
export function answersIn(tree: CallTree): ReadonlySet<string> {
  return new Set(Array.from(endsIn(tree), answerOf));
}

/** Whether a tree has an answer. */
export function hasAnswer(tree: CallTree, answer: string): boolean {
  switch (tree.kind) {
    case "end":
      return answerOf(tree) === answer;
    case "http":
    case "normalised":
    case "changed":
      return hasAnswer(tree.tree, answer);
    case "choice":
      return tree.branches.some((branch) => hasAnswer(branch.tree, answer));
    case "rules": {
      const { list, then } = tree;
      const isIt = (end: CallTree): boolean => end.kind === "end" && answerOf(end) === answer;
      // Rules that lead on may share what they lead to: that is looked at once.
      return list.rules.some((rule) => isIt(then(rule))) || answersIn(tree).has(answer);
    }
  }
}

/** Whether a layer stops any of a tree's calls. */
export function mayBeStopped(tree: CallTree, layer: Layer): boolean {
  for (const end of endsIn(tree)) if (end.outcome !== "allowed" && (end.layer ?? "mesh") === layer) return true;
  return false;
}

/** All the ends that a tree has. */
function endsIn(tree: CallTree): ReadonlySet<End> {
  const found = new Set<End>();
  const seen = new Set<CallTree>();
  const visit = (node: CallTree): void => {
    if (seen.has(node)) return;
    seen.add(node);
    switch (node.kind) {
      case "end":
        found.add(node);
        break;
      case "http":
      case "normalised":
      case "changed":
        visit(node.tree);
        break;
      case "choice":
        for (const branch of node.branches) visit(branch.tree);
        break;
      case "rules":
        for (const rule of node.list.rules) visit(node.then(rule));
        visit(node.otherwise);
    }
  };
  visit(tree);
  return found;
}

/**
 * The requests under one Host header that may get an answer: where a sidecar normalises paths, of those whose path is normal.
 *
 * @throws {TooComplexError}
 */
export function possible(tree: CallTree, answer: string, authority: string): RequestSet {
  switch (tree.kind) {
    case "end":
      return answerOf(tree) === answer ? everyRequest() : [];
    case "http":
    case "normalised":
      return possible(tree.tree, answer, authority);
    case "changed":
      return possiblyBefore(tree, answer, authority);
    case "choice":
      return uniteSets(tree.branches.map((branch) => possible(branch.tree, answer, authority)));
    case "rules": {
      const { may } = underRules(tree, answer, authority);
      return answerOf(tree.otherwise) === answer ? [...may, ...meetingNone(tree, authority)] : may;
    }
  }
}

/**
 * The requests under one Host header that always get an answer: where a sidecar normalises paths, of those whose path is normal.
 *
 * @throws {TooComplexError}
 */
export function certain(tree: CallTree, answer: string, authority: string): RequestSet {
  switch (tree.kind) {
    case "end":
      return answerOf(tree) === answer ? everyRequest() : [];
    case "http":
    case "normalised":
      return certain(tree.tree, answer, authority);
    case "changed":
      return certainlyBefore(tree, answer, authority);
    case "choice":
      return tree.branches.reduce<RequestSet>(
        (all, branch) => (all.length === 0 ? all : intersectSets(all, certain(branch.tree, answer, authority))),
        everyRequest(),
      );
    case "rules": {
      const { may, mayNot } = underRules(tree, answer, authority);
      const must = subtractSets(may, mayNot);
      return answerOf(tree.otherwise) === answer ? [...must, ...meetingNone(tree, authority)] : must;
    }
  }
}

function possiblyBefore({ change, form, tree }: Changed, answer: string, authority: string): RequestSet {
  const before = requestsBefore(change, possible(tree, answer, change.authority ?? authority));
  return hasAnswer(tree, answer) ? uniteSets([before, requestsLeavingForm(change, form)]) : before;
}

function certainlyBefore({ change, form, tree }: Changed, answer: string, authority: string): RequestSet {
  const before = requestsBefore(change, certain(tree, answer, change.authority ?? authority));
  return subtractSets(before, requestsLeavingForm(change, form));
}

function uniteSets(sets: readonly RequestSet[]): RequestSet {
  return sets.reduce<RequestSet>((all, set) => (all.length === 0 ? set : [...all, ...subtractSets(set, all)]), []);
}

/** Of the requests that meet a rule: those that may get the answer, and those that may get another. */
interface UnderRules {
  readonly may: RequestSet;
  readonly mayNot: RequestSet;
}

const knownRest = new WeakMap<Rules, Map<string, RequestSet>>();
const knownUnder = new WeakMap<Rules, Map<string, UnderRules>>();

/** Requests that meet no rule. */
function meetingNone(leaf: Rules, authority: string): RequestSet {
  return remembered(knownRest, leaf, authority, () => {
    const { may, mayNot } = underRules(leaf, "allowed", authority);
    return subtractSets(subtractSets(everyRequest(), may), mayNot);
  });
}

function underRules(leaf: Rules, answer: string, authority: string): UnderRules {
  return remembered(knownUnder, leaf, `${answer}\0${authority}`, () => computeUnderRules(leaf, answer, authority));
}

/**
 * The first rule that a request meets wins, in an order that begins with any of the groups: so a request may get what its
 * first rule of some group leads to.
 */
function computeUnderRules({ list, then }: Rules, answer: string, authority: string): UnderRules {
  const may: RequestSet[number][] = [];
  const mayNot: RequestSet[number][] = [];
  const seen = new Set<string>();
  const effects = new Map<CallTree, number>();
  const effectOf = (tree: CallTree): number => {
    let effect = effects.get(tree);
    if (effect === undefined) effects.set(tree, (effect = effects.size));
    return effect;
  };
  for (const { rules } of list.groups) {
    const earlier: { readonly tree: CallTree; readonly requests: RequestSet; readonly key: string }[] = [];
    // Most groups have rules of one effect only: then none takes requests from another, and equal rules count once.
    const mixed = new Set(rules.map(then)).size > 1;
    for (const rule of rules) {
      const tree = then(rule);
      const own = `${String(effectOf(tree))} ${rule.key}`;
      const others = mixed ? earlier.filter((one) => one.tree !== tree) : [];
      const key = [own, ...others.map((one) => one.key)].join("\0");
      if (!mixed && seen.has(key)) continue;
      const requests = requestsMeeting(rule, authority);
      if (!seen.has(key)) {
        seen.add(key);
        const won = subtractSets(
          requests,
          others.flatMap((one) => one.requests),
        );
        if (tree.kind === "end") (answerOf(tree) === answer ? may : mayNot).push(...won);
        else {
          may.push(...intersectSets(won, possible(tree, answer, authority)));
          mayNot.push(...subtractSets(won, certain(tree, answer, authority)));
        }
      }
      if (mixed) earlier.push({ tree, requests, key: own });
    }
  }
  return { may, mayNot };
}

function remembered<K extends object, V>(known: WeakMap<K, Map<string, V>>, of: K, key: string, make: () => V): V {
  let values = known.get(of);
  if (values === undefined) known.set(of, (values = new Map()));
  let value = values.get(key);
  if (value === undefined) values.set(key, (value = make()));
  return value;
}
