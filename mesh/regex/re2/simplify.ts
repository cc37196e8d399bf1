import { concat, equal, flag, isAssertion, isCharacter, isRepetition, literal, type Node, repetition } from "./node";
import { lastOfUnicode } from "./groups";
import { countOf } from "./ranges";

/** The pattern with `*`, `+` and `?` as its only repetitions, in the steps in which RE2 gets there. */
export function simplify(node: Node): Node {
  return expand(coalesce(node));
}

/** The node with other parts; itself where they are the same. */
function withSubs(node: Node, change: (sub: Node) => Node): Node {
  switch (node.op) {
    case "star":
    case "plus":
    case "quest":
    case "repeat":
    case "capture": {
      const sub = change(node.sub);
      return sub === node.sub ? node : { ...node, sub };
    }
    case "concat":
    case "alternate": {
      const subs = changed(node.subs, change);
      return subs === node.subs ? node : { ...node, subs };
    }
    default:
      return node;
  }
}

/** RE2 walks equal neighbours once, which is the same and much quicker for long repetitions. */
function changed(subs: readonly Node[], change: (sub: Node) => Node): readonly Node[] {
  const result: Node[] = [];
  subs.forEach((sub, index) => {
    const last = result.at(-1);
    result.push(last !== undefined && subs[index - 1] === sub ? last : change(sub));
  });
  return result.every((sub, index) => sub === subs[index]) ? subs : result;
}

/** Joins repetitions of one character or class that follow each other: `a*aa?` is `a{1,}`. */
function coalesce(node: Node): Node {
  const walked = withSubs(node, coalesce);
  if (walked.op !== "concat") return walked;
  const parts = [...walked.subs];
  let joined = false;
  for (let index = 0; index + 1 < parts.length; index += 1) {
    const one = parts[index];
    const next = parts[index + 1];
    const both = one && next && join(one, next);
    if (both === undefined) continue;
    joined = true;
    [parts[index], parts[index + 1]] = both;
  }
  return joined ? { ...walked, subs: parts.filter(({ op }) => op !== "empty") } : walked;
}

function isCounted(node: Node): node is Extract<Node, { readonly op: "star" | "plus" | "quest" | "repeat" }> {
  return isRepetition(node) || node.op === "repeat";
}

function boundsOf(node: Node): { readonly min: number; readonly max: number } {
  switch (node.op) {
    case "star":
      return { min: 0, max: -1 };
    case "plus":
      return { min: 1, max: -1 };
    case "quest":
      return { min: 0, max: 1 };
    case "repeat":
      return node;
    default:
      return { min: 1, max: 1 };
  }
}

/** The two parts as one repetition and what is left beside it; undefined where they cannot be joined. */
function join(one: Node, next: Node): readonly [Node, Node] | undefined {
  if (!isCounted(one)) return undefined;
  const { sub } = one;
  if (!isCharacter(sub) && sub.op !== "class" && sub.op !== "anyCharacter" && sub.op !== "anyByte") return undefined;
  const first = boundsOf(one);
  const joined = (min: number, max: number): Node => ({
    op: "repeat",
    sub,
    min: first.min + min,
    max: first.max < 0 || max < 0 ? -1 : first.max + max,
    flags: one.flags,
  });
  const gone: Node = { op: "empty", flags: 0 };
  const alike = ((one.flags ^ next.flags) & flag.nonGreedy) === 0;
  if ((isCounted(next) && alike && equal(sub, next.sub)) || equal(sub, next)) {
    const { min, max } = boundsOf(next);
    return [gone, joined(min, max)];
  }
  const sameCase = ((sub.flags ^ next.flags) & flag.foldCase) === 0;
  if (isCharacter(sub) && next.op === "literal" && sameCase && next.text[0] === sub.text[0]) {
    let count = 1;
    while (count < next.text.length && next.text[count] === sub.text[0]) count += 1;
    const all = joined(count, count);
    return count === next.text.length ? [gone, all] : [all, literal(next.text.slice(count), next.flags)];
  }
  return undefined;
}

/** Writes counted repetitions out, and puts simpler parts for what is empty or everything. */
function expand(node: Node): Node {
  if (node.op === "class") {
    if (node.ranges.length === 0) return { op: "nothing", flags: node.flags };
    return countOf(node.ranges) > lastOfUnicode ? { op: "anyCharacter", flags: node.flags } : node;
  }
  if (node.op === "repeat") {
    const sub = expand(node.sub);
    return sub.op === "empty" ? sub : writtenOut(sub, node.min, node.max, node.flags);
  }
  const walked = withSubs(node, expand);
  if (!isRepetition(walked)) return walked;
  if (walked.sub.op === "empty") return walked.sub;
  const isSame = walked !== node && walked.op === walked.sub.op && walked.flags === walked.sub.flags;
  return isSame ? walked.sub : walked;
}

function writtenOut(sub: Node, min: number, max: number, flags: number): Node {
  // An assertion holds twice where it holds once.
  if (isAssertion(sub) || ((sub.op === "concat" || sub.op === "alternate") && sub.subs.every(isAssertion))) {
    return writtenOutAsIs(sub, Math.min(min, 1), Math.min(max, 1), flags);
  }
  return writtenOutAsIs(sub, min, max, flags);
}

function writtenOutAsIs(sub: Node, min: number, max: number, flags: number): Node {
  if (max < 0) {
    if (min === 0) return repetition("star", sub, flags);
    const last = repetition("plus", sub, flags);
    return concat([...copies(sub, min - 1), last], flags);
  }
  if (max === 0) return { op: "empty", flags };
  if (min === 1 && max === 1) return sub;
  const prefix = min > 0 ? concat(copies(sub, min), flags) : undefined;
  if (max <= min) return prefix ?? { op: "nothing", flags };
  // Nested, so that a machine has less to try: `x{2,5}` is `xx(?:x(?:x(?:x)?)?)?`.
  let suffix = repetition("quest", sub, flags);
  for (let count = min + 1; count < max; count += 1) {
    suffix = repetition("quest", { op: "concat", subs: [sub, suffix], flags }, flags);
  }
  return prefix === undefined ? suffix : { op: "concat", subs: [prefix, suffix], flags };
}

function copies(sub: Node, count: number): readonly Node[] {
  return Array.from({ length: count }, () => sub);
}
