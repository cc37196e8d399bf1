import { alternativesOf, plainBeginning } from "../regex/alternatives";
import { changeKey } from "../request/request-change";
import { type RequestCondition } from "../request/request-set";
import { comparableName } from "../request/token-claims";
import { answering, type CallTree, type Rules } from "./call-tree";
import { answerOf } from "./outcome-sets";

/**
 * Equal for lists of trees of which each differs from its counterpart in names alone: in those of Services that answer, and in how the
 * paths begin that its rules tell apart. What sets of requests come to, taken from or cut with each other, is empty for both or for none.
 *
 * Rules see of a path which of some texts it begins with, and what comes then. So other texts in their places change nothing, as long
 * as none of them is the beginning of another, and what every path is held against besides (that it is one, of RFC 3986, normalised)
 * sees the same of all of them: they have no dots, no escapes, no empty segments, and end with a slash or they all do not.
 *
 * @param authority Host header.
 */
export function likenessOf(trees: readonly CallTree[], authority: string): string {
  const patterns = new Set<string>();
  const seen = new Set<CallTree>();
  for (const tree of trees) collect(tree, patterns, seen);
  const beginnings = beginningsOf(patterns);
  const named = new Map<string, number>();
  const backends = new Map<string, number>();
  const numbers = new Map<CallTree, number>();
  let asksForHost = false;

  const pathOf = (pattern: string): unknown =>
    beginnings === undefined
      ? pattern
      : alternativesOf(pattern)?.map((one) => {
          const beginning = beginnings.find((text) => one.startsWith(text));
          if (beginning === undefined) return one;
          return [numberIn(named, beginning), beginning.endsWith("/"), one.slice(beginning.length)];
        });
  const conditionOf = ({ methods, path, headers, also = [], except = [] }: RequestCondition): unknown => [
    methods,
    pathOf(path),
    Array.from(headers ?? [], ([name, pattern]) => {
      const key = comparableName(name);
      if (key === "host" || key === ":authority") asksForHost = true;
      return [key, key === ":path" ? pathOf(pattern) : pattern];
    }),
    also.map(conditionOf),
    except.map(conditionOf),
  ];
  const shapeOf = (tree: CallTree): unknown => {
    const known = numbers.get(tree);
    if (known !== undefined) return known;
    numbers.set(tree, numbers.size);
    switch (tree.kind) {
      case "end": {
        const backend = answering(tree);
        return backend === undefined ? [answerOf(tree)] : [answerOf(tree), numberIn(backends, backend)];
      }
      case "http":
        return ["http", shapeOf(tree.tree), shapeOf(tree.connect)];
      case "normalised":
        return [tree.form, shapeOf(tree.tree)];
      case "changed":
        return [tree.form, changeKey(tree.change), shapeOf(tree.tree)];
      case "choice":
        return [
          tree.by,
          tree.undefined === true,
          tree.branches.map(({ weight, tree: child }) => [weight, shapeOf(child)]),
        ];
      case "rules":
        return [
          tree.list.groups.map(({ rules }) => rules.map((rule) => [conditionOf(rule), shapeOf(tree.then(rule))])),
          shapeOf(tree.otherwise),
        ];
    }
  };
  const shapes = trees.map(shapeOf);
  return JSON.stringify([shapes, asksForHost ? authority : ""]);
}

/** Which of the keys that were asked for one is, in the order in which they were. */
function numberIn(numbers: Map<string, number>, key: string): number {
  let number = numbers.get(key);
  if (number === undefined) numbers.set(key, (number = numbers.size));
  return number;
}

/** All patterns for paths in a tree. */
function collect(tree: CallTree, patterns: Set<string>, seen: Set<CallTree>): void {
  if (seen.has(tree)) return;
  seen.add(tree);
  switch (tree.kind) {
    case "end":
      return;
    case "http":
    case "normalised":
      collect(tree.tree, patterns, seen);
      return;
    case "changed":
      // What comes behind sees another path: then this one sees how every path begins.
      if (tree.change.path !== undefined) patterns.add("/");
      collect(tree.tree, patterns, seen);
      return;
    case "choice":
      for (const branch of tree.branches) collect(branch.tree, patterns, seen);
      return;
    case "rules":
      collectOfRules(tree, patterns, seen);
  }
}

function collectOfRules({ list, then }: Rules, patterns: Set<string>, seen: Set<CallTree>): void {
  const add = ({ path, headers, also = [], except = [] }: RequestCondition): void => {
    patterns.add(path);
    for (const [name, pattern] of headers ?? []) if (name.toLowerCase() === ":path") patterns.add(pattern);
    also.forEach(add);
    except.forEach(add);
  };
  for (const rule of list.rules) {
    add(rule);
    collect(then(rule), patterns, seen);
  }
}

/** Patterns of any path at all, however it begins. */
const ofAnyPath: ReadonlySet<string> = new Set([".*", "(?s:.*)", "(?s:.+)", "/.*", "/(?s:.*)"]);

/**
 * Texts of which patterns tell which one a path begins with: the shortest, so that none begins with another. Undefined where the
 * patterns see more of how a path begins.
 */
function beginningsOf(patterns: Iterable<string>): readonly string[] | undefined {
  const all = new Set<string>();
  for (const pattern of patterns) {
    const alternatives = alternativesOf(pattern);
    if (alternatives === undefined) return undefined;
    for (const one of alternatives) {
      if (ofAnyPath.has(one)) continue;
      const beginning = plainBeginning(one);
      if (!/^\/[\w-]/.test(beginning) || beginning.includes("//")) return undefined;
      all.add(beginning);
    }
  }
  const found: string[] = [];
  for (const one of [...all].sort((a, b) => a.length - b.length)) {
    if (!found.some((shorter) => one.startsWith(shorter))) found.push(one);
  }
  return found;
}
