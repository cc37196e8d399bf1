import { alternate, concat, equal, flag, isAssertion, isCharacter, literal, type Node } from "./node";
import { foldAscii, type Range, union } from "./ranges";

/**
 * Takes out what neighbouring alternatives begin with, as RE2 does while it parses: first equal text, then an equal first
 * part, then single characters and classes become one class. `ABC|ABD|AEF` is `A(?:B[CD]|EF)` afterwards.
 */
export function factor(alternatives: readonly Node[], flags: number): readonly Node[] {
  return mergeCharacters(factorParts(factorText(alternatives, flags), flags), flags);
}

/** The prefix once, and one of the rests. */
function spliced(prefix: Node, rests: readonly Node[], flags: number): Node {
  return concat([prefix, alternate(factor(rests, flags), flags)], flags);
}

function factorText(alternatives: readonly Node[], flags: number): readonly Node[] {
  const result: Node[] = [];
  let run: Node[] = [];
  let shared: readonly number[] = [];
  let folded = 0;
  const endRun = (): void => {
    if (run.length < 2) result.push(...run);
    else {
      const count = shared.length;
      const rests = run.map((one) => withoutText(one, count));
      result.push(spliced(literal(shared, folded), rests, flags));
    }
  };
  for (const one of alternatives) {
    const leading = leadingText(one);
    const text = leading?.text ?? [];
    const fold = leading?.fold ?? 0;
    let same = 0;
    if (run.length > 0 && fold === folded) {
      while (same < shared.length && same < text.length && shared[same] === text[same]) same += 1;
    }
    if (same > 0) {
      shared = shared.slice(0, same);
      run.push(one);
    } else {
      endRun();
      run = [one];
      shared = text;
      folded = fold;
    }
  }
  endRun();
  return result;
}

function leadingText(node: Node): { readonly text: readonly number[]; readonly fold: number } | undefined {
  let at = node;
  while (at.op === "concat" && at.subs[0] !== undefined) at = at.subs[0];
  return at.op === "literal" ? { text: at.text, fold: at.flags & flag.foldCase } : undefined;
}

/** The node without the first characters of the text that it begins with. */
function withoutText(node: Node, count: number): Node {
  if (node.op === "literal") return literal(node.text.slice(count), node.flags);
  const [first] = node.op === "concat" ? node.subs : [];
  if (node.op !== "concat" || first === undefined) return node;
  const rest = withoutText(first, count);
  const others = node.subs.slice(1);
  return rest.op === "empty" ? concat(others, node.flags) : { ...node, subs: [rest, ...others] };
}

function factorParts(alternatives: readonly Node[], flags: number): readonly Node[] {
  const result: Node[] = [];
  let run: Node[] = [];
  let first: Node | undefined;
  const endRun = (): void => {
    if (first === undefined || run.length < 2) result.push(...run);
    else result.push(spliced(first, run.map(withoutFirst), flags));
  };
  for (const one of alternatives) {
    const leading = leadingPart(one);
    if (first !== undefined && leading !== undefined && mayBeShared(first) && equal(first, leading)) {
      run.push(one);
      continue;
    }
    endRun();
    run = [one];
    first = leading;
  }
  endRun();
  return result;
}

/** Whether one path for two changes nothing: so for assertions, classes, and these a fixed number of times. */
function mayBeShared(node: Node): boolean {
  const isClass = (one: Node): boolean => one.op === "class" || one.op === "anyCharacter" || one.op === "anyByte";
  return (
    isAssertion(node) ||
    isClass(node) ||
    (node.op === "repeat" && node.min === node.max && (isClass(node.sub) || isCharacter(node.sub)))
  );
}

function leadingPart(node: Node): Node | undefined {
  const first = node.op === "concat" && node.subs.length >= 2 ? node.subs[0] : node;
  return first?.op === "empty" ? undefined : first;
}

function withoutFirst(node: Node): Node {
  return node.op === "concat" && node.subs.length >= 2
    ? concat(node.subs.slice(1), node.flags)
    : { op: "empty", flags: node.flags };
}

function mergeCharacters(alternatives: readonly Node[], flags: number): readonly Node[] {
  const result: Node[] = [];
  let run: Node[] = [];
  const endRun = (): void => {
    if (run.length < 2) result.push(...run);
    else result.push({ op: "class", ranges: union(run.flatMap(charactersOf)), flags: flags & ~flag.foldCase });
    run = [];
  };
  for (const one of alternatives) {
    if (one.op !== "class" && !isCharacter(one)) {
      endRun();
      result.push(one);
    } else run.push(one);
  }
  endRun();
  return result;
}

function charactersOf(node: Node): readonly Range[] {
  if (node.op === "class") return node.ranges;
  if (!isCharacter(node)) return [];
  return node.text.flatMap((character) => {
    const range = { lo: character, hi: character };
    return (node.flags & flag.foldCase) === 0 ? [range] : foldAscii(range);
  });
}
