import { TooComplexError } from "../regex/automaton";
import { fullMatch } from "../regex/pattern";
import { type RequestCondition, requestsMeeting } from "../request/request-set";
import { type CallTree, type Changed, type Rule, type Rules } from "./call-tree";
import { possible } from "./outcome-sets";

/**
 * Whether any request under a Host header may pass; true where that takes too long to tell.
 *
 * @param authority Undefined for bytes that are not HTTP.
 */
export function mayPass(tree: CallTree, authority: string | undefined): boolean {
  switch (tree.kind) {
    case "end":
      return tree.outcome === "allowed";
    case "http":
    case "normalised":
      return mayPass(tree.tree, authority);
    case "changed":
      return authority === undefined ? mayPass(tree.tree, authority) : changedMayPass(tree, authority);
    case "choice":
      return tree.branches.some((branch) => mayPass(branch.tree, authority));
    case "rules":
      return authority !== undefined && rulesMayPass(tree, authority);
  }
}

function changedMayPass(tree: Changed, authority: string): boolean {
  if (!mayPass(tree.tree, tree.change.authority ?? authority)) return false;
  try {
    return possible(tree, "allowed", authority).length > 0;
  } catch (error) {
    if (error instanceof TooComplexError) return true;
    throw error;
  }
}

function rulesMayPass(tree: Rules, authority: string): boolean {
  try {
    let behindOthers = false;
    for (const { rules } of tree.list.groups) {
      let blocked = false;
      for (const rule of rules) {
        if (!mayPass(tree.then(rule), authority)) blocked = true;
        else if (canBeMet(rule, authority)) {
          if (!blocked) return true;
          behindOthers = true;
        }
      }
    }
    return mayPass(tree.otherwise, authority) || (behindOthers && possible(tree, "allowed", authority).length > 0);
  } catch (error) {
    if (error instanceof TooComplexError) return true;
    throw error;
  }
}

const known = new WeakMap<Rule, Map<string, boolean>>();

function canBeMet(rule: Rule, authority: string): boolean {
  let answers = known.get(rule);
  if (answers === undefined) known.set(rule, (answers = new Map()));
  let answer = answers.get(authority);
  if (answer === undefined) answers.set(authority, (answer = requestsMeeting(rule, authority).length > 0));
  return answer;
}

const asking = new WeakMap<CallTree, boolean>();

/** Whether any rule of a tree asks for the Host header. */
export function asksForHost(tree: CallTree): boolean {
  let found = asking.get(tree);
  if (found === undefined) asking.set(tree, (found = looksForHost(tree)));
  return found;
}

function looksForHost(tree: CallTree): boolean {
  switch (tree.kind) {
    case "end":
      return false;
    case "http":
    case "normalised":
      return asksForHost(tree.tree);
    case "changed":
      return tree.change.authority === undefined && asksForHost(tree.tree);
    case "choice":
      return tree.branches.some((branch) => asksForHost(branch.tree));
    case "rules":
      return tree.list.rules.some((rule) => conditionAsks(rule) || asksForHost(tree.then(rule)));
  }
}

function conditionAsks(condition: RequestCondition): boolean {
  const { also = [], except = [] } = condition;
  return hostConditions(condition).length > 0 || [...also, ...except].some(conditionAsks);
}

/** Patterns that a condition has for the Host header. */
export function hostConditions({ headers }: Pick<RequestCondition, "headers">): readonly string[] {
  if (headers === undefined) return [];
  return [...headers].flatMap(([name, regex]) => (["host", ":authority"].includes(name.toLowerCase()) ? [regex] : []));
}

/** Whether a condition's patterns for the Host header let one of these through. */
export function meetsHost(condition: Pick<RequestCondition, "headers">, hosts: readonly string[]): boolean {
  const patterns = hostConditions(condition);
  return patterns.length === 0 || hosts.some((host) => patterns.every((pattern) => fullMatch(pattern, host)));
}
