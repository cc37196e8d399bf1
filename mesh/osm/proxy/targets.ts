import { type AccountKey, accountOf, type ClusterState, memo, type TargetPolicy } from "../state";

/** The TrafficTargets that OSM honours, looked up by who calls and by who is called. */
export interface TargetIndex {
  /** Targets that name the account as a source, whatever the source's kind. */
  ofSource(account: AccountKey): readonly TargetPolicy[];
  /** Targets whose destination is the account: they make HTTP routes. */
  ofDestination(account: AccountKey): readonly TargetPolicy[];
  /** Targets whose destination has the identity: they make network permissions. */
  ofDestinationIdentity(identity: string): readonly TargetPolicy[];
  /**
   * Whether the account may reach another's pods. Unlike the others this look-up wants `kind: ServiceAccount` on both sides
   * (pkg/catalog/traffictarget.go, getAllowedDirectionalServiceAccounts).
   */
  reaches(account: AccountKey, server: AccountKey): boolean;
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

/** The TrafficTargets that OSM honours by the account that is called, `namespace/name`. */
export function targetsByDestination(
  targets: Iterable<TargetPolicy>,
  state: Pick<ClusterState, "isMonitored">,
): ReadonlyMap<AccountKey, readonly TargetPolicy[]> {
  const found = new Map<AccountKey, TargetPolicy[]>();
  for (const target of targets) {
    if (ignoredBecause(target, state) !== undefined) continue;
    const { key } = target.destination;
    const list = found.get(key);
    if (list === undefined) found.set(key, [target]);
    else list.push(target);
  }
  return found;
}

/** Accounts that one may reach and that are searched one by one. */
const fewAccounts = 16;

export function indexTargets(state: Pick<ClusterState, "targets" | "isMonitored">): TargetIndex {
  const byDestination = targetsByDestination(state.targets, state);
  const byIdentity = new Map<string, readonly TargetPolicy[]>();
  const bySource = new Map<AccountKey, TargetPolicy[]>();
  const reachable = new Map<AccountKey, AccountKey[]>();
  for (const targets of byDestination.values()) {
    const [first] = targets;
    if (first === undefined) continue;
    // Accounts whose names have dots may share an identity.
    const { identity } = first.destination;
    const others = byIdentity.get(identity);
    byIdentity.set(identity, others === undefined ? targets : [...others, ...targets]);
  }
  for (const target of state.targets) {
    if (ignoredBecause(target, state) !== undefined) continue;
    const { destination } = target;
    for (const source of target.sources) {
      const { key } = source;
      const list = bySource.get(key);
      if (list === undefined) bySource.set(key, [target]);
      else if (list.at(-1) !== target) list.push(target);
      if (source.kind !== "ServiceAccount" || destination.kind !== "ServiceAccount") continue;
      const server = accountOf(destination.namespace, destination.name);
      const accounts = reachable.get(key);
      if (accounts === undefined) reachable.set(key, [server]);
      else accounts.push(server);
    }
  }
  const none: readonly TargetPolicy[] = [];
  const manyReachable = memo((account: AccountKey): ReadonlySet<AccountKey> => new Set(reachable.get(account)));
  return {
    ofSource: (account) => bySource.get(account) ?? none,
    ofDestination: (account) => byDestination.get(account) ?? none,
    ofDestinationIdentity: (identity) => byIdentity.get(identity) ?? none,
    reaches: (account, server) => {
      const accounts = reachable.get(account);
      if (accounts === undefined) return false;
      return accounts.length > fewAccounts ? manyReachable(account).has(server) : accounts.includes(server);
    },
  };
}
