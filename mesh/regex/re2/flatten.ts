import { type Instruction, type Program } from "./program";

/**
 * Instructions of a program after RE2 has flattened it into lists: the number that Envoy compares. A list holds what can be
 * reached from its root without reading anything; splits vanish, but a list that leads into another has an instruction for that.
 */
export function flattenedSize({ instructions, start, anywhere }: Program): number {
  const at = (index: number): Instruction => instructions[index] ?? { op: "fail" };
  const { roots, parents } = successors();
  for (const root of [...roots].sort((a, b) => b - a)) {
    if (root !== 0 && root !== start && root !== anywhere) addDominators(root);
  }
  let size = 0;
  for (const root of roots) size += listLength(root);
  return size;

  /** Visits what is reached from an instruction, the better ways first, as far as the visitor wants. */
  function visit(from: number, goOn: (index: number, instruction: Instruction) => readonly number[]): Set<number> {
    const seen = new Set<number>();
    const stack = [from];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (seen.has(index)) continue;
      seen.add(index);
      stack.push(...goOn(index, at(index)).toReversed());
    }
    return seen;
  }

  /** Roots of lists: the beginnings, and what follows an instruction that is not a split; and the splits before each. */
  function successors(): { readonly roots: Set<number>; readonly parents: ReadonlyMap<number, readonly number[]> } {
    const roots = new Set([0, anywhere, start]);
    const parents = new Map<number, number[]>();
    visit(anywhere, (index, instruction) => {
      switch (instruction.op) {
        case "split":
          for (const to of [instruction.out, instruction.other]) {
            const known = parents.get(to);
            if (known === undefined) parents.set(to, [index]);
            else known.push(index);
          }
          return [instruction.out, instruction.other];
        case "nop":
          return [instruction.out];
        case "fail":
        case "match":
          return [];
        default:
          roots.add(instruction.out);
          return [instruction.out];
      }
    });
    return { roots, parents };
  }

  /** What is reached from a root without reading, up to other roots. */
  function within(root: number, found: (instruction: Instruction, isOtherRoot: boolean) => void): Set<number> {
    return visit(root, (index, instruction) => {
      const isOtherRoot = index !== root && roots.has(index);
      found(instruction, isOtherRoot);
      if (isOtherRoot) return [];
      if (instruction.op === "split") return [instruction.out, instruction.other];
      return instruction.op === "nop" ? [instruction.out] : [];
    });
  }

  /** What can be reached past the root as well begins a list of its own. */
  function addDominators(root: number): void {
    const reached = within(root, () => undefined);
    for (const index of reached) {
      if (parents.get(index)?.some((parent) => !reached.has(parent)) === true) roots.add(index);
    }
  }

  function listLength(root: number): number {
    let length = 0;
    within(root, (instruction, isOtherRoot) => {
      const stays = instruction.op !== "split" && instruction.op !== "nop";
      if (isOtherRoot || stays || (instruction.op === "split" && instruction.loop)) length += 1;
    });
    return length;
  }
}
