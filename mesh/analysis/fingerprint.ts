import { changeKey } from "../request/request-change";
import { answering, type CallTree, type Rules } from "./call-tree";
import { answerOf } from "./outcome-sets";

const prints = new WeakMap<CallTree, string>();

/** Equal only for trees that answer every request alike; the reverse is left to the automata. */
export function fingerprint(tree: CallTree): string {
  let found = prints.get(tree);
  if (found === undefined) prints.set(tree, (found = computePrint(tree)));
  return found;
}

function computePrint(tree: CallTree): string {
  switch (tree.kind) {
    case "end":
      return `${answerOf(tree)}:${answering(tree) ?? ""}`;
    case "http":
    case "normalised":
      return fingerprint(tree.tree);
    case "changed":
      return `changed(${changeKey(tree.change)},${fingerprint(tree.tree)})`;
    case "choice":
      if (tree.undefined === true) {
        const prints = new Set(tree.branches.map((branch) => fingerprint(branch.tree)));
        return `${tree.by}?(${[...prints].sort().join()})`;
      }
      return `${tree.by}(${tree.branches
        .map(({ weight, tree: child }) => `${String(weight)}*${fingerprint(child)}`)
        .sort()
        .join()})`;
    case "rules":
      return `rules(${groupsPrint(tree)},${fingerprint(tree.otherwise)})`;
  }
}

/** Whether two trees are built alike, so that their {@link fingerprint}s are equal; trees that are not may yet be so. */
export function isSameTree(a: CallTree, b: CallTree): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "end":
      return b.kind === "end" && a.outcome === b.outcome && a.status === b.status && answering(a) === answering(b);
    case "http":
    case "normalised":
      return a.kind === b.kind && isSameTree(a.tree, b.tree);
    case "changed":
      return b.kind === "changed" && changeKey(a.change) === changeKey(b.change) && isSameTree(a.tree, b.tree);
    case "choice":
      return (
        b.kind === "choice" &&
        a.by === b.by &&
        a.undefined === b.undefined &&
        isSameList(
          a.branches,
          b.branches,
          (one, other) => one.weight === other.weight && isSameTree(one.tree, other.tree),
        )
      );
    case "rules":
      return b.kind === "rules" && areSameRules(a, b);
  }
}

function areSameRules(a: Rules, b: Rules): boolean {
  return (
    isSameTree(a.otherwise, b.otherwise) &&
    isSameList(a.list.groups, b.list.groups, (group, other) =>
      isSameList(group.rules, other.rules, (one, two) => one.key === two.key && isSameTree(a.then(one), b.then(two))),
    )
  );
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (one: T, other: T) => boolean): boolean {
  if (a.length !== b.length) return false;
  return a.every((one, index) => {
    const other = b[index];
    return other !== undefined && isSame(one, other);
  });
}

/** What a list of rules comes to for one caller: the rules of each group, with what they lead to. */
function groupsPrint({ list, then }: Rules): string {
  const effects = new Map<CallTree, string>();
  const effectOf = (tree: CallTree): string => {
    let effect = effects.get(tree);
    if (effect === undefined) effects.set(tree, (effect = fingerprint(tree)));
    return effect;
  };
  return list.groups
    .map(({ rules }) => rules.map((rule) => `${effectOf(then(rule))}=${rule.key}`).join())
    .sort()
    .join(";");
}
