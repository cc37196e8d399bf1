import { type ClusterState, keyOf, type Subject, type TargetPolicy } from "../state";
import { type TargetIndex } from "./targets";

/** The network filter that a server's sidecar puts first: any policy that matches lets the connection in. */
export interface NetworkFilter {
  /** TrafficTargets that let the identity in on the pod's port. */
  admitting(identity: string, port: number): readonly TargetPolicy[];
}

/** One policy: its sources on its ports. */
interface NetworkPolicy {
  readonly target: TargetPolicy;
  /** The pod's ports; empty for any. */
  readonly ports: ReadonlySet<number>;
}

/** Sources of one server's policies that are searched one by one. */
const fewSources = 16;

/** pkg/envoy/lds/rbac.go: one policy a target; a target that names a missing TCPRoute gives none. */
export function networkFilter(state: ClusterState, index: TargetIndex, identity: string): NetworkFilter {
  const policies: NetworkPolicy[] = [];
  for (const target of index.ofDestinationIdentity(identity)) {
    const ports = tcpPorts(state, target);
    if (ports !== "missing") policies.push({ target, ports });
  }
  const naming = policiesNaming(policies);
  return {
    admitting: (caller, port) =>
      naming(caller)
        .filter(({ ports }) => ports.size === 0 || ports.has(port))
        .map(({ target }) => target),
  };
}

/** Finds the policies that let an identity in. Without a principal Envoy's policy says "any". */
function policiesNaming(policies: readonly NetworkPolicy[]): (caller: string) => readonly NetworkPolicy[] {
  const count = policies.reduce((sum, { target }) => sum + target.sources.length, 0);
  if (count <= fewSources) {
    const isCaller =
      (caller: string) =>
      ({ identity }: Subject): boolean =>
        identity === caller;
    return (caller) =>
      policies.filter(({ target: { sources } }) => sources.length === 0 || sources.some(isCaller(caller)));
  }
  const ofAnyone = policies.filter(({ target }) => target.sources.length === 0);
  const ofIdentity = new Map<string, NetworkPolicy[]>();
  for (const policy of policies) {
    for (const source of new Set(policy.target.sources.map(({ identity }) => identity))) {
      const list = ofIdentity.get(source);
      if (list === undefined) ofIdentity.set(source, [policy]);
      else list.push(policy);
    }
  }
  return (caller) => [...ofAnyone, ...(ofIdentity.get(caller) ?? [])];
}

const noPorts: ReadonlySet<number> = new Set();

/** Ports of all TCPRoutes that the target names. A TCPRoute without ports adds none; without any port all are open. */
function tcpPorts(state: ClusterState, target: TargetPolicy): ReadonlySet<number> | "missing" {
  if (target.rules.every(({ kind }) => kind !== "TCPRoute")) return noPorts;
  const ports = new Set<number>();
  for (const rule of target.rules) {
    if (rule.kind !== "TCPRoute") continue;
    const route = state.tcpRoutes.get(keyOf(target.namespace, rule.name));
    if (route === undefined) return "missing";
    for (const port of route.ports) ports.add(port);
  }
  return ports;
}
