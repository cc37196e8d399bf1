import { type Outcome, statusOf, type VariesBy } from "../request/request";
import { type RequestCondition } from "../request/request-set";
import { type CallTree, type Rule, type Rules } from "./call-tree";
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
  /** What becomes of requests that meet none of its rules; empty where there are none, or all fail. */
  readonly rest: readonly Outcome[];
  /** What fails, and how. */
  readonly failures: readonly Outcome[];
  /** Shares of the backends of what passes by some rule; null where what is not defined decides it, or the request. */
  readonly shares: Readonly<Record<string, number | null>>;
  readonly choices: readonly VariesBy[];
}

/**
 * Sums a tree up for a table or a picture. Exact sets of requests are `possible` and `certain`.
 *
 * @param hosts Host headers that calls may have: rules that want another are left out.
 */
export function summarize(tree: CallTree, hosts: readonly string[]): Summary {
  const rules = new Map<string, Rule>();
  const forbidden = new Map<string, Summary["forbidden"][number]>();
  const failures = new Set<Outcome>();
  const rest = new Set<Outcome>();
  const choices = new Set<VariesBy>();
  let full = 0;
  let partial = 0;
  let failed = 0;

  const visit = (node: CallTree): Shares => {
    switch (node.kind) {
      case "http":
      case "normalised":
        return visit(node.tree);
      case "choice": {
        if (node.branches.length > 1) choices.add(node.by);
        const branches = node.branches.map(({ weight, tree: child }) => ({ weight, shares: visit(child) }));
        return node.undefined === true ? anyOf(branches.map(({ shares }) => shares)) : weighted(branches);
      }
      case "rules":
        return visitRules(node);
      case "end":
        if (node.outcome === "allowed") {
          full += 1;
          return whole(node.backend);
        }
        failed += 1;
        failures.add(node.outcome);
        return noShares;
    }
  };
  const visitRules = ({ list, then, otherwise }: Rules): Shares => {
    // No request meets a rule without a method, or one that wants another Host header.
    const relevant = list.rules.filter((rule) => rule.methods.length > 0 && meetsHost(rule, hosts));
    if (relevant.length === 0 && otherwise.outcome === "allowed") return visit(otherwise);
    const passing = new Set<CallTree>();
    const leavesSome = !list.rules.some(takesEverything);
    if (leavesSome && otherwise.outcome === "allowed") passing.add(otherwise);
    for (const rule of relevant) {
      const next = then(rule);
      if (next.kind !== "end") passing.add(next);
      else if (next.outcome === "allowed") {
        passing.add(next);
        rules.set(rule.key, rule);
      } else forbidden.set(rule.key, { ...rule, status: statusOf(next, "http") });
    }
    if (passing.size === 0) {
      failed += 1;
      failures.add(otherwise.outcome);
      return noShares;
    }
    partial += 1;
    if (leavesSome) rest.add(otherwise.outcome);
    return anyOf(
      Array.from(passing, (next) => {
        if (next.kind === "end") return whole(next.backend);
        if (leavesSome && otherwise.outcome !== "allowed") failures.add(otherwise.outcome);
        return visit(next);
      }),
    );
  };
  const shares = visit(tree);
  return {
    extent: full + partial === 0 ? "none" : partial > 0 || failed > 0 ? "some" : "all",
    unsettled: full + partial > 0 && failed > 0,
    rules: [...rules.values()],
    forbidden: [...forbidden.values()],
    rest: [...rest],
    failures: [...failures],
    shares: definedShares(shares),
    choices: [...choices],
  };
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
