import { type Outcome, statusOf, type VariesBy } from "../request/request";
import { changeKey, describeChange } from "../request/request-change";
import { type RequestCondition } from "../request/request-set";
import { answering, type CallTree, type Changed, type Rule, type Rules } from "./call-tree";
import { meetsHost } from "./may-pass";
import { anyOf, definedShares, noShares, type Shares, weighted, whole } from "./shares";

/** How much of what a caller sends to a service passes. */
export type Extent = "all" | "some" | "none";

/** A tree in few words. */
export interface Summary {
  readonly extent: Extent;
  /** Whether what passes may also fail. */
  readonly unsettled: boolean;
  /** The rules by which the caller passes; empty where it passes whatever it asks for, or never. */
  readonly rules: readonly Rule[];
  /** Rules by which the caller is denied, with the status of the answer. */
  readonly forbidden: readonly (Rule & { readonly status: number | null })[];
  /** Rules whose requests an authoriser outside of the mesh is asked about, before what else is told here. */
  readonly asked: readonly Rule[];
  /** What becomes of requests that meet none of its rules; empty where there are none, or all fail. */
  readonly rest: readonly Outcome[];
  /** What fails, and how. */
  readonly failures: readonly Outcome[];
  /** Shares of the backends of what passes by some rule; null where what is not defined decides it, or the request. */
  readonly shares: Readonly<Record<string, number | null>>;
  /** Who answers which requests, in the order of the rules; empty where it is the same for all, or not the request that decides it. */
  readonly answeredBy: readonly AnsweredBy[];
  readonly choices: readonly VariesBy[];
}

/** Requests, and the shares of those who answer them. */
export interface AnsweredBy {
  /** Rules that lead there; undefined for all that those before leave. */
  readonly rules: readonly Rule[] | undefined;
  readonly shares: Summary["shares"];
}

/**
 * Sums a tree up for a table or a picture. Exact sets of requests are `possible` and `certain`.
 *
 * @param hosts Host headers that calls may have: rules that want another are left out.
 */
export function summarize(tree: CallTree, hosts: readonly string[]): Summary {
  const failures = new Set<Outcome>();
  const choices = new Set<VariesBy>();
  let full = 0;
  let partial = 0;
  let failed = 0;

  const visit = (node: CallTree, told: Told, called: readonly string[]): Shares => {
    switch (node.kind) {
      case "http":
      case "normalised":
        return visit(node.tree, told, called);
      case "changed": {
        const { authority } = node.change;
        const inner = nothingTold();
        const shares = visit(node.tree, inner, authority === undefined ? called : [authority]);
        tellAfterChange(told, inner, node);
        return shares;
      }
      case "choice": {
        if (node.branches.length > 1) choices.add(node.by);
        const branches = node.branches.map(({ weight, tree: child }) => ({
          weight,
          shares: visit(child, told, called),
        }));
        return node.undefined === true ? anyOf(branches.map(({ shares }) => shares)) : weighted(branches);
      }
      case "rules":
        return visitRules(node, told, called);
      case "end":
        if (node.outcome === "allowed") {
          full += 1;
          return whole(answering(node));
        }
        failed += 1;
        failures.add(node.outcome);
        return noShares;
    }
  };
  const visitRules = ({ list, then, otherwise }: Rules, told: Told, called: readonly string[]): Shares => {
    // No request meets a rule without a method, or one that wants another Host header.
    const relevant = list.rules.filter((rule) => rule.methods.length > 0 && meetsHost(rule, called));
    if (relevant.length === 0 && otherwise.outcome === "allowed") return visit(otherwise, told, called);
    const passing = new Set<CallTree>();
    const onward = new Map<CallTree, Rule[]>();
    const byEnd = new Map<string, Rule>();
    const leavesSome = !list.rules.some(takesEverything);
    if (leavesSome && otherwise.outcome === "allowed") passing.add(otherwise);
    let decided = relevant.length;
    let stops = leavesSome && otherwise.outcome !== "allowed";
    for (const rule of relevant) {
      const next = then(rule);
      if (next.kind === "choice" && next.by === "external-authorization") {
        choices.add(next.by);
        told.asked.set(rule.key, rule);
        decided -= 1;
        stops = true;
      } else if (next.kind !== "end") {
        passing.add(next);
        onward.set(next, [...(onward.get(next) ?? []), rule]);
      } else if (next.outcome === "allowed") {
        passing.add(next);
        byEnd.set(rule.key, rule);
      } else {
        told.forbidden.set(rule.key, { ...rule, status: statusOf(next, "http") });
        stops = true;
      }
    }
    if (passing.size === 0) {
      failed += 1;
      failures.add(otherwise.outcome);
      return noShares;
    }
    const before = partial + failed;
    const behind: Behind[] = [];
    const shares = anyOf(
      Array.from(passing, (next) => {
        if (next.kind === "end") return whole(answering(next));
        if (leavesSome && otherwise.outcome !== "allowed") failures.add(otherwise.outcome);
        const inner = nothingTold();
        const fullBefore = full;
        const found = visit(next, inner, called);
        behind.push({ outer: onward.get(next) ?? [], inner, passes: full > fullBefore });
        return found;
      }),
    );
    // Every request passes: which rule it meets says who answers, and no more.
    if (!stops && partial + failed === before) {
      full += 1;
      return shares;
    }
    partial += 1;
    if (leavesSome) told.rest.add(otherwise.outcome);
    for (const [key, rule] of byEnd) told.rules.set(key, rule);
    tellBehind(told, behind, !leavesSome && behind.flatMap(({ outer }) => outer).length === decided);
    return shares;
  };
  const told = nothingTold();
  const shares = visit(tree, told, hosts);
  return {
    extent: full + partial === 0 ? "none" : partial > 0 || failed > 0 ? "some" : "all",
    unsettled: full + partial > 0 && failed > 0,
    rules: [...told.rules.values()],
    forbidden: [...told.forbidden.values()],
    asked: full + partial === 0 ? [] : [...told.asked.values()],
    rest: [...told.rest],
    failures: [...failures],
    shares: definedShares(shares),
    answeredBy: answeredBy(tree, hosts, definedShares(shares)),
    choices: [...choices],
  };
}

/** Who answers which requests, where the first rule that one meets decides it. */
function answeredBy(tree: CallTree, hosts: readonly string[], all: Summary["shares"]): readonly AnsweredBy[] {
  if (tree.kind === "http" || tree.kind === "normalised") return answeredBy(tree.tree, hosts, all);
  if (tree.kind !== "rules" || !Object.values(all).includes(null)) return [];
  const [group, ...others] = tree.list.groups;
  // Of several groups nothing says which rule comes first.
  if (group === undefined || others.length > 0) return [];
  const relevant = group.rules.filter((rule) => rule.methods.length > 0 && meetsHost(rule, hosts));
  const last = relevant.findIndex(takesEverything);
  const before = last < 0 ? relevant : relevant.slice(0, last);
  const ways: { readonly rules: Rule[]; readonly shares: Summary["shares"]; readonly key: string }[] = [];
  for (const rule of before) {
    const { shares } = summarize(tree.then(rule), hosts);
    const key = JSON.stringify(shares);
    const known = ways.at(-1);
    if (known?.key === key) known.rules.push(rule);
    else ways.push({ rules: [rule], shares, key });
  }
  const [final] = relevant.slice(last < 0 ? relevant.length : last);
  const rest = summarize(final === undefined ? tree.otherwise : tree.then(final), hosts);
  const found = [...ways, { rules: undefined, shares: rest.shares }].filter(
    ({ shares }) => Object.keys(shares).length > 0,
  );
  return found.length > 1 ? found.map(({ rules, shares }) => ({ rules, shares })) : [];
}

/** Whether something passes that may also fail, or that somebody else is asked about. */
export function mayFail({ unsettled, asked }: Summary): boolean {
  return unsettled || asked.length > 0;
}

/** What a part of a tree lets pass, and what not. */
interface Told {
  readonly rules: Map<string, Rule>;
  readonly forbidden: Map<string, Summary["forbidden"][number]>;
  readonly asked: Map<string, Rule>;
  readonly rest: Set<Outcome>;
}

function nothingTold(): Told {
  return { rules: new Map(), forbidden: new Map(), asked: new Map(), rest: new Set() };
}

/** Adds what is told of requests as a proxy has changed them. */
function tellAfterChange(told: Told, inner: Told, { change }: Changed): void {
  const key = changeKey(change);
  const after = <T extends Rule>(from: ReadonlyMap<string, T>, to: Map<string, T>): void => {
    for (const rule of from.values()) {
      const text = `${conditionText(rule)} after the change of ${describeChange(change)}`;
      to.set(`${rule.key} after ${key}`, { ...rule, key: `${rule.key} after ${key}`, text });
    }
  };
  after(inner.rules, told.rules);
  after(inner.forbidden, told.forbidden);
  after(inner.asked, told.asked);
  for (const outcome of inner.rest) told.rest.add(outcome);
}

/** What decides after rules that lead on. */
interface Behind {
  readonly outer: readonly Rule[];
  readonly inner: Told;
  /** Whether something passes there whatever is asked for. */
  readonly passes: boolean;
}

/**
 * Adds what comes of requests after the rules that lead them on.
 *
 * @param everywhere whether every request is led on, so that what is told after all of these rules is told of every request.
 */
function tellBehind(told: Told, behind: readonly Behind[], everywhere: boolean): void {
  const all = behind.flatMap(({ outer }) => outer);
  const under = <K, T>(of: (inner: Told) => Iterable<readonly [K, T]>): ReadonlyMap<K, Under<T>> => {
    const found = new Map<K, Under<T>>();
    for (const { outer, inner } of behind) {
      for (const [key, one] of of(inner)) found.set(key, { one, outer: [...(found.get(key)?.outer ?? []), ...outer] });
    }
    return found;
  };
  const isWhole = ({ outer }: Under<unknown>): boolean => everywhere && outer.length === all.length;
  const tell = <T extends Rule>(of: (some: Told) => Map<string, T>): void => {
    for (const [key, found] of under(of)) {
      const { one, outer } = found;
      if (isWhole(found)) of(told).set(key, one);
      else of(told).set(keyWithin(outer, key), { ...one, text: textWithin(one, outer, all) });
    }
  };
  tell(({ rules }) => rules);
  for (const { outer, inner, passes } of behind) {
    if (passes && inner.rules.size === 0 && !(everywhere && outer.length === all.length)) {
      for (const rule of outer) told.rules.set(rule.key, rule);
    }
  }
  tell(({ forbidden }) => forbidden);
  tell(({ asked }) => asked);
  for (const [outcome, found] of under(({ rest }) => [...rest].map((one) => [one, one] as const))) {
    if (isWhole(found) || outcome === "allowed") told.rest.add(outcome);
    else {
      const [first] = found.outer;
      const key = keyWithin(found.outer, outcome);
      const text = `the rest of ${anyText(found.outer, all)}`;
      if (first !== undefined) told.forbidden.set(key, { ...first, key, text, status: statusOf({ outcome }, "http") });
    }
  }
}

/** Something that is told after some rules. */
interface Under<T> {
  readonly one: T;
  readonly outer: readonly Rule[];
}

function keyWithin(outer: readonly Rule[], key: string): string {
  return [...outer.map((rule) => rule.key), key].join(" > ");
}

/** `GET of /books or /new`. */
function textWithin(one: Rule, outer: readonly Rule[], all: readonly Rule[]): string {
  return takesEverything(one) ? anyText(outer, all) : `${conditionText(one)} of ${anyText(outer, all)}`;
}

/** `/books or /new`; what takes everything comes after others, and is for what they leave. */
function anyText(outer: readonly Rule[], all: readonly Rule[]): string {
  return outer
    .map((rule) => (takesEverything(rule) && all.length > 1 ? "what is left" : conditionText(rule)))
    .join(" or ");
}

/** Whether every request meets a rule, so that nothing is left for what comes after. */
function takesEverything({ methods, path, headers, also, except }: Rule): boolean {
  return (
    methods.includes("*") &&
    (path === ".*" || path === "(?s:.*)") &&
    (headers === undefined || headers.size === 0) &&
    also === undefined &&
    except === undefined
  );
}

/** A condition in one line. */
export function conditionText({
  text,
  methods,
  path,
  headers = new Map(),
}: RequestCondition & Pick<Rule, "text">): string {
  if (text !== undefined) return text;
  const named = [...headers].map(([name, regex]) => `${name}: ${regex}`);
  const verbs = methods.includes("*") ? "any method" : methods.join(",");
  return `${verbs} ${path}${named.length > 0 ? ` {${named.join(", ")}}` : ""}`;
}
