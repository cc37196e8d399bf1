import { type CallTree, type Rules } from "./call-tree";
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
      return `${answerOf(tree)}:${tree.backend ?? ""}`;
    case "http":
    case "normalised":
      return fingerprint(tree.tree);
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
