import { memo } from "../cluster/look-up";
import { type Answer, type Outcome, type Reason, type VariesBy } from "../request/request";
import { type PathNormalization } from "../request/path-normalization";
import { type RequestChange } from "../request/request-change";
import { type RequestCondition } from "../request/request-set";
import { anyOf, definedShares, noShares, type Shares, weighted, whole } from "./shares";

/**
 * What a mesh does with the calls from one caller to one address under one Host header, for all methods, paths and
 * headers at once: ends, choices that the mesh makes call by call or never defines, and rules of sidecars.
 */
export type CallTree = End | Choice<CallTree> | Rules | HttpOnly | Normalised | Changed;

/** One end of a call. */
export interface End extends Answer {
  readonly kind: "end";
  /** The Service that answered or was to answer, `namespace/name`. */
  readonly backend?: string;
  /** Which of its pods, where the mesh leads calls to some of them alone: the name of a DestinationRule's subset. */
  readonly subset?: string;
  readonly because: readonly Reason[];
  /** What stopped the call, where it is not the mesh. */
  readonly layer?: "network";
}

/** What is sent, and how it left the caller. */
export interface Content {
  /** Whether the caller's sidecar sent it by an HTTP route: then what fails afterwards is answered with 503. */
  readonly routed: boolean;
  /** Host header; undefined for bytes that are not HTTP. */
  readonly authority: string | undefined;
  /** The caller's own TLS around it; undefined for none. */
  readonly tls?: OwnTls | undefined;
}

/** TLS that the caller speaks itself, not its sidecar. */
export interface OwnTls {
  /** Empty for none. */
  readonly serverName: string;
  /** Name in the client certificate that it shows, of the mesh's authority. */
  readonly principal?: string | undefined;
}

/** A choice. Weights are relative. */
export interface Choice<Tree> {
  readonly kind: "choice";
  readonly by: VariesBy;
  readonly branches: readonly { readonly weight: number; readonly tree: Tree }[];
  /** Nothing defines which branch it is, nor how often: weights mean nothing. */
  readonly undefined?: true;
  /** Why there is a choice. */
  readonly because: readonly Reason[];
}

/** A condition on requests that leads somewhere. */
export interface Rule extends RequestCondition {
  /** Equal for rules with equal conditions. */
  readonly key: string;
  /** The condition as the objects write it. Default: its patterns. */
  readonly text?: string;
}

/** Rules that come in this order. */
export interface RuleGroup<R extends Rule = Rule> {
  /** The object that they come from, such as `TrafficTarget shop/buyers`. */
  readonly source: string;
  readonly rules: readonly R[];
}

/**
 * Rules decide: the first that a request meets. Those of a group come in the group's order; among several groups the mesh
 * leaves the order open, and any of them may come first. A mesh that defines the order has one group.
 */
export interface Rules<R extends Rule = Rule> {
  readonly kind: "rules";
  /** Shared by all the callers that the same sidecar answers. */
  readonly list: {
    /** Each rule once. */
    readonly rules: readonly R[];
    readonly groups: readonly RuleGroup<R>[];
  };
  /** What a rule leads to for this caller: one and the same tree for rules that do the same. */
  then(this: void, rule: R): CallTree;
  /** The objects that make a rule do so. */
  because(this: void, rule: R): readonly Reason[];
  /** For requests that meet no rule. */
  readonly otherwise: End;
}

/** A sidecar's HTTP routes were entered. They take no CONNECT: Envoy gives it to routes made for it alone. */
export interface HttpOnly {
  readonly kind: "http";
  readonly tree: CallTree;
  readonly connect: End;
}

/** A sidecar brings the path into a normal form before it looks at it, and passes on that. */
export interface Normalised {
  readonly kind: "normalised";
  readonly form: PathNormalization;
  readonly tree: CallTree;
}

/** A proxy passes on another request than it got: what comes behind sees that one. */
export interface Changed {
  readonly kind: "changed";
  readonly change: RequestChange;
  /** The form into which what comes behind brings paths. */
  readonly form: PathNormalization;
  readonly tree: CallTree;
}

/** A tree after a request's method, path and headers are known. */
export type OutcomeTree = End | Choice<OutcomeTree>;

export function end(outcome: Outcome, because: readonly Reason[], backend?: string): End {
  return { kind: "end", outcome, because, ...(backend !== undefined && { backend }) };
}

/** A sidecar's answer where no route matches. */
export function noRoute(text: string, because: readonly Reason[] = []): End {
  return end("no-route", [...because, { text }]);
}

/** What an upstream that cannot be used comes to: an HTTP call gets 503, a TCP connection ends. */
export function failure(http: boolean, text: string | undefined, because: readonly Reason[] = []): End {
  return end(http ? "unavailable" : "refused", text === undefined ? because : [...because, { text }]);
}

/** A choice, or its only branch. */
export function choice<Tree>(
  by: VariesBy,
  branches: readonly { readonly weight: number; readonly tree: Tree }[],
  because: readonly Reason[] = [],
): Tree | Choice<Tree> {
  const [only] = branches;
  return branches.length === 1 && only !== undefined && because.length === 0
    ? only.tree
    : { kind: "choice", by, branches, because };
}

/** A choice that nothing defines, or its only branch. */
export function undefinedChoice<Tree>(
  by: VariesBy,
  trees: readonly Tree[],
  because: readonly Reason[] = [],
): Tree | Choice<Tree> {
  const [only] = trees;
  if (trees.length === 1 && only !== undefined && because.length === 0) return only;
  return { kind: "choice", by, branches: trees.map((tree) => ({ weight: 1, tree })), undefined: true, because };
}

/** The same where what others than one backend answer counts as refused. Where it is not known who answers, it may be that one. */
export function answeredOnlyBy(backend: string, tree: CallTree): CallTree {
  const within = memo((child: CallTree): CallTree => answeredOnlyBy(backend, child));
  const ofEnd = (one: End): End =>
    one.outcome === "allowed" && (one.backend ?? backend) !== backend ? end("refused", one.because, one.backend) : one;
  switch (tree.kind) {
    case "end":
      return ofEnd(tree);
    case "choice":
      return { ...tree, branches: tree.branches.map((branch) => ({ ...branch, tree: within(branch.tree) })) };
    case "rules":
      return { ...tree, then: (rule) => within(tree.then(rule)), otherwise: ofEnd(tree.otherwise) };
    default:
      return { ...tree, tree: within(tree.tree) };
  }
}

/** The ends that can be reached. */
export function endsOf(tree: OutcomeTree): readonly End[] {
  return tree.kind === "end" ? [tree] : tree.branches.flatMap((branch) => endsOf(branch.tree));
}

/**
 * What makes the answer vary; undefined where it does not. Where one of several ways varies of itself, that is what does: which way is
 * taken then makes no answer certain.
 */
export function causeOf(tree: OutcomeTree): VariesBy | undefined {
  if (tree.kind === "end") return undefined;
  for (const branch of tree.branches) {
    const cause = causeOf(branch.tree);
    if (cause !== undefined) return cause;
  }
  return new Set(endsOf(tree).map(({ outcome }) => outcome)).size > 1 ? tree.by : undefined;
}

/** Who answers: a Service, and the subset of its pods where that is told. */
export function answering({ backend, subset }: Pick<End, "backend" | "subset">): string | undefined {
  return backend === undefined || subset === undefined ? backend : `${backend} ${subset}`;
}

/**
 * Shares of the calls that each backend answers; null where what is not defined decides it.
 *
 * @param nameOf what a backend is called. Default: the Service's name, whichever of its pods answer.
 */
export function sharesOf(
  tree: OutcomeTree,
  nameOf: (one: End) => string | undefined = ({ backend }) => backend,
): Readonly<Record<string, number | null>> {
  return definedShares(sharesIn(tree, nameOf));
}

function sharesIn(tree: OutcomeTree, nameOf: (one: End) => string | undefined): Shares {
  if (tree.kind === "end") return tree.outcome === "allowed" ? whole(nameOf(tree)) : noShares;
  const branches = tree.branches.map(({ weight, tree: child }) => ({ weight, shares: sharesIn(child, nameOf) }));
  return tree.undefined === true ? anyOf(branches.map(({ shares }) => shares)) : weighted(branches);
}

/** Every reason in the tree once, in order. */
export function reasonsOf(tree: OutcomeTree): readonly Reason[] {
  const found = new Map<string, Reason>();
  const visit = (node: OutcomeTree): void => {
    for (const reason of node.because) if (!found.has(reason.text)) found.set(reason.text, reason);
    if (node.kind === "choice") for (const branch of node.branches) visit(branch.tree);
  };
  visit(tree);
  return [...found.values()];
}
