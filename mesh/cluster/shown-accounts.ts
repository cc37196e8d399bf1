import { type AccountKey, keyOf } from "./keys";
import { type PodState } from "./workloads";

/** Which service accounts objects show. */
export interface ShownAccounts {
  /** Accounts that are objects or that pods run as. */
  readonly accounts: ReadonlySet<string>;
  /** Accounts that pods run as. */
  readonly running: ReadonlySet<string>;
  /** Namespaces of which ServiceAccount objects are shown. */
  readonly withAccounts: ReadonlySet<string>;
  /** Namespaces of which pods are shown. */
  readonly withPods: ReadonlySet<string>;
}

/** What objects show of who runs. */
interface Shown {
  readonly pods: readonly Pick<PodState, "namespace" | "serviceAccount">[];
  /** Whether no object shows a pod. */
  readonly podsAssumed: boolean;
  /** ServiceAccount objects, `namespace/name`. */
  readonly accounts: ReadonlySet<string>;
}

export function shownAccounts(state: Shown): ShownAccounts {
  const pods = state.podsAssumed ? [] : state.pods;
  const running = new Set(pods.map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)));
  return {
    running,
    accounts: new Set([...state.accounts, ...running]),
    withAccounts: new Set(Array.from(state.accounts, (key) => key.slice(0, key.indexOf("/")))),
    withPods: new Set(pods.map(({ namespace }) => namespace)),
  };
}

/** Whether the objects show who runs in an account's namespace, and nothing as it. */
export function isUnseen({ accounts, running, withAccounts, withPods }: ShownAccounts, key: AccountKey): boolean {
  const namespace = key.slice(0, key.indexOf("/"));
  if (running.has(key)) return false;
  return withPods.has(namespace) || (withAccounts.has(namespace) && !accounts.has(key));
}
