import { type AccessChange, type Finding, shareChanges } from "../mesh";

/**
 * What is to be said about the preview of one pull request: filled by `aks-mesh preview up` and `down`, read by the comment.
 * Plain data, so that it can go through a file from the job that runs the pull request's code to the job that may write
 * comments. It must hold no secret: see `hideSecrets` in ./comment. Commands that a person shall type are not in it: the
 * comment makes them itself, for the pull request's code may have changed the file.
 */
export interface PreviewReport extends Review {
  /** Number of the pull request. */
  readonly pullRequest: number;
  /** The commit that runs, 40 hexadecimal digits; empty where a run was cut off before it said so. */
  readonly commit: string;
  /** Name of the stack, such as `pr-12`. */
  readonly stack: string;
  /** `shared`: namespaces of its own in the shared cluster. `own`: a cluster of its own. */
  readonly kind: "shared" | "own";
  readonly state: PreviewState;
  /** Where the application is reached. */
  readonly addresses: readonly Address[];
  /** Absent where nobody looked. */
  readonly health?: Health;
  /** When the reaper removes it, ISO 8601 in UTC. */
  readonly expires?: string;
  /** The stack's outputs. The value of a secret one never comes here. */
  readonly outputs: readonly StackOutput[];
}

/** What an analysis says of a pull request's plans; what it does not know is absent. */
export interface Review {
  /** What merging would do to resources; of a program that ended early, until then. */
  readonly plan?: Plan;
  /** Why merging would be refused: by the program or by the engine. */
  readonly refused?: string;
  /** Who may call whom. */
  readonly access?: AccessReport;
  /** What the preview costs a month. */
  readonly cost?: MonthlyCost;
  /** What merging does to the cost a month. */
  readonly merging?: CostChange;
  /** How the preview differs from the stack that it stands for, each a sentence. */
  readonly differences?: readonly string[];
  /** The cluster that the preview is on. */
  readonly cluster?: ClusterPlace;
}

/** Where a cluster is in Azure. */
export interface ClusterPlace {
  readonly resourceGroupName: string;
  readonly clusterName: string;
}

/** Where a preview stands. */
export type PreviewState =
  | { readonly status: "running" }
  | {
      readonly status: "failed";
      /** What went wrong, for the developer; may be long. */
      readonly error: string;
    }
  | { readonly status: "removed" }
  | {
      readonly status: "teardown-failed";
      readonly error: string;
      /** What is left: resources or namespaces, one name each. The comment says the command that removes it. */
      readonly left: readonly string[];
    };

/** What an update does to resources. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** Number of resources that stay as they are. */
  readonly unchanged: number;
  /** The program ended early: there may be more. */
  readonly partial?: boolean;
}

/** One resource that changes. */
export interface PlannedChange {
  readonly op: "create" | "update" | "replace" | "delete";
  /** Pulumi's type token. */
  readonly type: string;
  readonly name: string;
  /** Properties that differ, such as `spec.replicas`. */
  readonly properties?: readonly string[];
  /** Changes that tell a reviewer nothing, such as a tag with the commit: folded. */
  readonly noise: boolean;
}

/** What the pull request does to who may call whom. */
export interface AccessReport {
  /** What it was compared with, in words: `main`, or `the preview of 1a2b3c4`. */
  readonly comparedWith: string;
  /** `unknown`: the reason why nothing could be compared. An empty list of changes is a proof that nothing changes. */
  readonly changes: readonly AccessLine[] | { readonly unknown: string };
  /** How many guarantees there are. */
  readonly guarantees: number;
  /** Those that the pull request breaks, and those that cannot be proved with it. */
  readonly broken: readonly BrokenGuarantee[];
  /** What all of this rests on and is not so, each a sentence; absent where there is nothing of the kind. */
  readonly unmetAssumptions?: readonly string[];
}

/** A change of access without the objects behind its verdicts. */
export interface AccessLine extends Pick<AccessChange, "kind" | "from" | "to" | "request"> {
  readonly before?: ShortVerdict;
  readonly after?: ShortVerdict;
  /** What becomes of the shares of those who answer, such as `shop/cart-v2 20 % → 50 %`; absent where they stay. */
  readonly shares?: readonly string[];
}

/** What a call ends with. */
export type ShortVerdict = Pick<NonNullable<AccessChange["before"]>, "outcome" | "status" | "outcomes" | "variesBy">;

/** A guarantee that does not hold, with a request that shows it; or, by its rule, one that cannot be proved. */
export type BrokenGuarantee = Pick<Finding, "object" | "message" | "request" | "remedy"> &
  Partial<Pick<Finding, "rule">>;

/** An address of the application. */
export interface Address {
  /** What answers there, such as `bookbuyer`. */
  readonly name: string;
  /** `http` or `https`. */
  readonly url: string;
}

/** How many of the preview's workloads are ready. */
export interface Health {
  readonly ready: number;
  readonly total: number;
  /** What is not well, one sentence each. */
  readonly problems: readonly string[];
}

/** What the Azure resources cost a month at list prices. */
export interface MonthlyCost {
  /** `USD`, as Azure's retail price list says. */
  readonly currency: string;
  /** Sum of the known parts; null as soon as one part has no known price. Never a guess. */
  readonly total: number | null;
  readonly parts: readonly CostPart[];
}

/** What a change does to the cost a month at list prices. */
export interface CostChange {
  readonly currency: string;
  /** More than before, or less; null as soon as one of the parts has no known price. */
  readonly difference: number | null;
  /** What it touches. */
  readonly parts: readonly {
    readonly name: string;
    /** Absent for what is new. */
    readonly before?: Omit<CostPart, "name">;
    /** Absent for what goes. */
    readonly after?: Omit<CostPart, "name">;
  }[];
}

/** The cost of one resource. */
export interface CostPart {
  readonly name: string;
  /** What is paid for, such as `2 × Standard_D2ds_v5`. */
  readonly what: string;
  /** A month, 730 hours; null where the price is not known. */
  readonly amount: number | null;
}

/** An output of the stack. */
export type StackOutput =
  | { readonly name: string; readonly secret: true }
  | { readonly name: string; readonly secret: false; readonly value: string };

/** An access change as the report carries it: verdicts without the Kubernetes objects that explain them. */
export function accessLine({ kind, from, to, request, before, after }: AccessChange): AccessLine {
  const shares = before && after ? shareChanges(before, after) : [];
  return {
    kind,
    from,
    to,
    ...(request && { request }),
    ...(before && { before: shortVerdict(before) }),
    ...(after && { after: shortVerdict(after) }),
    ...(shares.length > 0 && { shares }),
  };
}

function shortVerdict({ outcome, status, outcomes, variesBy }: ShortVerdict): ShortVerdict {
  return { outcome, status, ...(outcomes && { outcomes }), ...(variesBy && { variesBy }) };
}
