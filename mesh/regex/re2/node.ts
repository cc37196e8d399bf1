import { type Ranges } from "./ranges";

/** Settings that a pattern can change on its way, as bits: `(?i)`, `(?s)`, `(?m)` (which takes oneLine away), `(?U)`. */
export const flag = { foldCase: 1, dotAll: 2, oneLine: 4, nonGreedy: 8, dollar: 16 } as const;

/** An assertion about a place in the text. */
export type Assertion = "beginLine" | "endLine" | "beginText" | "endText" | "wordBoundary" | "noWordBoundary";

/**
 * A pattern as a tree, as RE2 holds it after parsing. Nodes are compared by reference where RE2 asks whether something has
 * changed: whoever leaves a node as it was returns the same one.
 */
export type Node = { readonly flags: number } & (
  | { readonly op: "nothing" | "empty" | "anyCharacter" | "anyByte" | Assertion }
  /** One character or several; with foldCase in either case. */
  | { readonly op: "literal"; readonly text: readonly number[] }
  | { readonly op: "class"; readonly ranges: Ranges }
  | { readonly op: "star" | "plus" | "quest"; readonly sub: Node }
  /** `max` is -1 where there is none. */
  | { readonly op: "repeat"; readonly sub: Node; readonly min: number; readonly max: number }
  | { readonly op: "capture"; readonly sub: Node; readonly index: number; readonly name?: string | undefined }
  | { readonly op: "concat" | "alternate"; readonly subs: readonly Node[] }
);

export type NodeOf<Op extends Node["op"]> = Extract<Node, { readonly op: Op }>;

const assertions: ReadonlySet<string> = new Set<Assertion>([
  "beginLine",
  "endLine",
  "beginText",
  "endText",
  "wordBoundary",
  "noWordBoundary",
]);

export function isAssertion(node: Node): boolean {
  return assertions.has(node.op);
}

/** Whether a node is a literal of exactly one character. */
export function isCharacter(node: Node): node is NodeOf<"literal"> {
  return node.op === "literal" && node.text.length === 1;
}

export function literal(text: readonly number[], flags: number): Node {
  return text.length === 0 ? { op: "empty", flags } : { op: "literal", text, flags };
}

/** The parts one after the other. */
export function concat(subs: readonly Node[], flags: number): Node {
  const [only] = subs;
  if (only === undefined) return { op: "empty", flags };
  return subs.length === 1 ? only : { op: "concat", subs, flags };
}

/** One of the parts. */
export function alternate(subs: readonly Node[], flags: number): Node {
  const [only] = subs;
  if (only === undefined) return { op: "nothing", flags };
  return subs.length === 1 ? only : { op: "alternate", subs, flags };
}

/** `sub*`, `sub+` or `sub?`; such an operator on such an operator of the same flags is one. */
export function repetition(op: "star" | "plus" | "quest", sub: Node, flags: number): Node {
  if (sub.flags === flags) {
    if (sub.op === op || sub.op === "star") return isRepetition(sub) ? sub : { op, sub, flags };
    if (isRepetition(sub)) return { op: "star", sub: sub.sub, flags };
  }
  return { op, sub, flags };
}

export function isRepetition(node: Node): node is NodeOf<"star" | "plus" | "quest"> {
  return node.op === "star" || node.op === "plus" || node.op === "quest";
}

/** Whether two trees are the same pattern. */
export function equal(a: Node, b: Node): boolean {
  if (a === b) return true;
  const differ = (bit: number): boolean => ((a.flags ^ b.flags) & bit) !== 0;
  if (a.op !== b.op) return false;
  switch (a.op) {
    case "literal":
      return (
        b.op === a.op &&
        !differ(flag.foldCase) &&
        a.text.length === b.text.length &&
        a.text.every((character, index) => character === b.text[index])
      );
    case "class":
      return (
        b.op === a.op &&
        a.ranges.length === b.ranges.length &&
        a.ranges.every(({ lo, hi }, index) => b.ranges[index]?.lo === lo && b.ranges[index].hi === hi)
      );
    case "star":
    case "plus":
    case "quest":
      return b.op === a.op && !differ(flag.nonGreedy) && equal(a.sub, b.sub);
    case "repeat":
      return b.op === a.op && !differ(flag.nonGreedy) && a.min === b.min && a.max === b.max && equal(a.sub, b.sub);
    case "capture":
      return b.op === a.op && a.index === b.index && a.name === b.name && equal(a.sub, b.sub);
    case "concat":
    case "alternate":
      return b.op === a.op && a.subs.length === b.subs.length && a.subs.every((sub, i) => equal(sub, b.subs[i] ?? sub));
    case "endText":
      return !differ(flag.dollar);
    default:
      return true;
  }
}
