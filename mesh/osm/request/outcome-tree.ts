import { type Outcome, type Reason, type VariesBy } from "./request";

/** All that can happen to a call: a leaf, or a choice that the mesh makes call by call or never defines. */
export type OutcomeTree = OutcomeLeaf | OutcomeChoice;

/** One end of a call. */
export interface OutcomeLeaf {
  readonly outcome: Outcome;
  /** The Service that answered or was to answer, `namespace/name`. */
  readonly backend?: string;
  readonly because: readonly Reason[];
}

/** A choice. Weights are relative; those of `route-order` mean nothing. */
export interface OutcomeChoice {
  readonly by: VariesBy;
  readonly branches: readonly { readonly weight: number; readonly tree: OutcomeTree }[];
  /** Why there is a choice. */
  readonly because?: readonly Reason[];
}

export function isLeaf(tree: OutcomeTree): tree is OutcomeLeaf {
  return "outcome" in tree;
}

/** A choice, or its only branch. */
export function choice(
  by: VariesBy,
  branches: readonly { readonly weight: number; readonly tree: OutcomeTree }[],
  because?: readonly Reason[],
): OutcomeTree {
  const [only] = branches;
  return branches.length === 1 && only !== undefined && because === undefined
    ? only.tree
    : { by, branches, ...(because && { because }) };
}

/** The outcomes that can happen. */
export function outcomesOf(tree: OutcomeTree): ReadonlySet<Outcome> {
  if (isLeaf(tree)) return new Set([tree.outcome]);
  const all = new Set<Outcome>();
  for (const branch of tree.branches) for (const outcome of outcomesOf(branch.tree)) all.add(outcome);
  return all;
}

/** What makes the outcome vary; undefined where it does not. */
export function causeOf(tree: OutcomeTree): VariesBy | undefined {
  if (isLeaf(tree)) return undefined;
  const sets = tree.branches.map((branch) => [...outcomesOf(branch.tree)].sort().join());
  if (new Set(sets).size > 1) return tree.by;
  for (const branch of tree.branches) {
    const cause = causeOf(branch.tree);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

/** Shares of the calls that each backend answers. Of undefined choices the first branch counts. */
export function sharesOf(tree: OutcomeTree): Readonly<Record<string, number>> {
  const shares = new Map<string, number>();
  const visit = (node: OutcomeTree, share: number): void => {
    if (isLeaf(node)) {
      if (node.outcome === "allowed" && node.backend !== undefined) {
        shares.set(node.backend, (shares.get(node.backend) ?? 0) + share);
      }
      return;
    }
    const total = node.branches.reduce((sum, { weight }) => sum + weight, 0);
    for (const { weight, tree: child } of node.branches) visit(child, total === 0 ? 0 : (share * weight) / total);
  };
  visit(tree, 1);
  return Object.fromEntries(
    [...shares].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, share]) => [key, round(share)]),
  );
}

/** Floating point leaves dust such as 0.30000000000000004. */
function round(share: number): number {
  return Math.round(share * 1e9) / 1e9;
}

/** Every reason in the tree once, in order. */
export function reasonsOf(tree: OutcomeTree): readonly Reason[] {
  const found = new Map<string, Reason>();
  const visit = (node: OutcomeTree): void => {
    for (const reason of node.because ?? []) if (!found.has(reason.text)) found.set(reason.text, reason);
    if (!isLeaf(node)) for (const branch of node.branches) visit(branch.tree);
  };
  visit(tree);
  return [...found.values()];
}
