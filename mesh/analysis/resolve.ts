import { type HttpRequest, meets } from "../request/match";
import { type CallTree, end, type OutcomeTree, type Rule, type Rules, undefinedChoice } from "./call-tree";

/** What a tree comes to for one request. */
export function resolve(tree: CallTree, request: HttpRequest | undefined): OutcomeTree {
  switch (tree.kind) {
    case "end":
      return tree;
    case "choice":
      return {
        ...tree,
        branches: tree.branches.map(({ weight, tree: child }) => ({ weight, tree: resolve(child, request) })),
      };
    case "http":
      return request?.method === "CONNECT" ? tree.connect : resolve(tree.tree, request);
    case "normalised":
      return resolve(tree.tree, request?.normalised(tree.form));
    case "changed":
      return resolve(tree.tree, request?.changed(tree.change));
    case "rules":
      return request === undefined ? end("refused", []) : throughRules(tree, request);
  }
}

/** The rules that may be the first to be met: the first one of every group that has one. */
export function possibleWinners<R extends Rule>(list: Rules<R>["list"], isMet: (rule: R) => boolean): readonly R[] {
  const met = new Set(list.rules.filter(isMet));
  if (met.size <= 1) return [...met];
  const winners = new Set<R>();
  for (const { rules } of list.groups) {
    const first = rules.find((rule) => met.has(rule));
    if (first !== undefined) winners.add(first);
  }
  return [...winners];
}

function throughRules({ list, then, because, otherwise }: Rules, request: HttpRequest): OutcomeTree {
  const winners = possibleWinners<Rule>(list, (rule) => meets(request, rule));
  if (winners.length === 0) return otherwise;
  return undefinedChoice(
    "route-order",
    winners.map((rule) => withReasons(resolve(then(rule), request), because(rule))),
  );
}

function withReasons(tree: OutcomeTree, because: OutcomeTree["because"]): OutcomeTree {
  return because.length === 0 ? tree : { ...tree, because: [...because, ...tree.because] };
}
