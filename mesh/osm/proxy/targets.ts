import { type AccountKey, accountOf, type ClusterState, identityOf, keyOf, type TargetPolicy } from "../state";

/** The TrafficTargets that OSM honours, looked up by who calls and by who is called. */
export interface TargetIndex {
  /** Targets that name the account as a source, whatever the source's kind. */
  ofSource(account: AccountKey): readonly TargetPolicy[];
  /** Targets whose destination is the account: they make HTTP routes. */
  ofDestination(account: AccountKey): readonly TargetPolicy[];
  /** Targets whose destination has the identity: they make network permissions. */
  ofDestinationIdentity(identity: string): readonly TargetPolicy[];
  /**
   * Accounts whose pods the account may reach. Unlike the others this look-up wants `kind: ServiceAccount` on both sides
   * (pkg/catalog/traffictarget.go, getAllowedDirectionalServiceAccounts).
   */
  reachableAccounts(account: AccountKey): ReadonlySet<AccountKey>;
}

/** Why OSM ignores a TrafficTarget, or undefined where it does not (pkg/smi/client.go, isValidTrafficTarget). */
export function ignoredBecause(target: TargetPolicy, state: Pick<ClusterState, "isMonitored">): string | undefined {
  if (!state.isMonitored(target.namespace)) return `namespace ${target.namespace} is not in the mesh`;
  if (target.destination.namespace !== target.namespace) {
    return `spec.destination.namespace ${JSON.stringify(target.destination.namespace)} is not its own namespace`;
  }
  if (target.rules.length === 0) return "it has no rules";
  const unknown = target.rules.find(({ kind }) => kind !== "HTTPRouteGroup" && kind !== "TCPRoute");
  return unknown === undefined ? undefined : `one of its rules is of kind ${unknown.kind}`;
}

export function indexTargets(state: Pick<ClusterState, "targets" | "isMonitored">): TargetIndex {
  const bySource = new Map<AccountKey, TargetPolicy[]>();
  const byDestination = new Map<AccountKey, TargetPolicy[]>();
  const byIdentity = new Map<string, TargetPolicy[]>();
  const reachable = new Map<AccountKey, Set<AccountKey>>();
  for (const target of state.targets) {
    if (ignoredBecause(target, state) !== undefined) continue;
    const { destination } = target;
    add(byDestination, keyOf(destination.namespace, destination.name), target);
    const identity = identityOf(destination.namespace, destination.name);
    add(byIdentity, identity, target);
    for (const source of target.sources) {
      const account = keyOf(source.namespace, source.name);
      const list = bySource.get(account);
      if (list === undefined) bySource.set(account, [target]);
      else if (list.at(-1) !== target) list.push(target);
      if (source.kind !== "ServiceAccount" || destination.kind !== "ServiceAccount") continue;
      const accounts = reachable.get(account) ?? new Set();
      accounts.add(accountOf(destination.namespace, destination.name));
      reachable.set(account, accounts);
    }
  }
  const none: readonly TargetPolicy[] = [];
  const noAccounts: ReadonlySet<AccountKey> = new Set();
  return {
    ofSource: (account) => bySource.get(account) ?? none,
    ofDestination: (account) => byDestination.get(account) ?? none,
    ofDestinationIdentity: (identity) => byIdentity.get(identity) ?? none,
    reachableAccounts: (account) => reachable.get(account) ?? noAccounts,
  };
}

function add<K>(map: Map<K, TargetPolicy[]>, key: K, target: TargetPolicy): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [target]);
  else list.push(target);
}
