/** What the page is given: who calls whom, as numbers and text. No name in it is ever read as HTML. */
export interface PageData {
  readonly kind: "access" | "diff";
  /** Short sentences about the whole. */
  readonly notes: readonly string[];
  /** Longer ones that a reader may ask for, such as of what something is proved. */
  readonly remarks: readonly string[];
  readonly groups: readonly PageGroup[];
  readonly boxes: readonly PageBox[];
  readonly calls: readonly PageCall[];
  /** Places of boxes: the callers that the mesh makes no difference between, once for all calls that they share. */
  readonly callerSets: readonly (readonly number[])[];
  /** Lists of routes, once for all calls that have the same. The first is empty. */
  readonly routeLists: readonly (readonly string[])[];
}

/** Boxes that are shown, folded and unfolded together: a namespace, or what is outside of the mesh. */
export interface PageGroup {
  readonly title: string;
  readonly kind: "namespace" | "callers" | "hosts";
}

/** Who calls and is called. */
export interface PageBox {
  /** Place of its group. */
  readonly group: number;
  readonly title: string;
  /**
   * An account with what it serves, a service whose pods run under several accounts, an account whose pods have no sidecar, a
   * caller outside of the mesh, or a host outside of the cluster.
   */
  readonly kind: "account" | "service" | "no-sidecar" | "caller" | "host";
  /** Names of the services that lead to it. */
  readonly serves: readonly string[];
  /** What else is to be known, such as that nothing runs as it. */
  readonly note?: string;
  /** In a comparison: whether only one side has it. */
  readonly only?: "before" | "after";
}

/** How much of the calls passes; `share`: the part of a split's calls that goes to a backend. */
export type Tone = "all" | "some" | "unsettled" | "none" | "share";

/** The calls of some callers to one port of a service. */
export interface PageCall {
  /** Place of the set of its callers. */
  readonly callers: number;
  /** Place of the box that is called. */
  readonly to: number;
  /** Name and port that are called. */
  readonly address: string;
  /** In a few words, for an arrow. */
  readonly label: string;
  readonly tone: Tone;
  /** Place of the list of what passes; absent for none. */
  readonly passes?: number;
  /** Place of the list of routes that are denied to these callers, as they are others'; absent for none. */
  readonly denied?: number;
  readonly change?: PageChange;
}

/** What a change does to the calls from one caller to one port. */
export interface PageChange {
  readonly kind: ChangeKind;
  /** A request that shows it, and what it ends with on either side; absent where the sides cannot be compared. */
  readonly witness?: { readonly request: string; readonly before: string; readonly after: string };
}

/** As the analysis names changes. */
export type ChangeKind = "opens" | "closes" | "unsettles" | "settles" | "shares" | "answers" | "unknown";
