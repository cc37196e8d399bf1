import { type ClusterState, identityOf, keyOf, type TargetPolicy } from "../state";
import { type TargetIndex } from "./targets";

/** The network filter that a server's sidecar puts first: any policy that matches lets the connection in. */
export interface NetworkFilter {
  /** TrafficTargets that let the identity in on the pod's port. */
  admitting(identity: string, port: number): readonly TargetPolicy[];
}

/** One policy: its sources on its ports. */
interface NetworkPolicy {
  readonly target: TargetPolicy;
  /** The pod's ports; undefined for any. */
  readonly ports: ReadonlySet<number> | undefined;
}

/** pkg/envoy/lds/rbac.go: one policy a target; a target that names a missing TCPRoute gives none. */
export function networkFilter(state: ClusterState, index: TargetIndex, identity: string): NetworkFilter {
  const ofAnyone: NetworkPolicy[] = [];
  const ofIdentity = new Map<string, NetworkPolicy[]>();
  for (const target of index.ofDestinationIdentity(identity)) {
    const ports = tcpPorts(state, target);
    if (ports === "missing") continue;
    const policy = { target, ports: ports.size === 0 ? undefined : ports };
    // Without a principal Envoy's policy says "any".
    if (target.sources.length === 0) ofAnyone.push(policy);
    for (const source of new Set(target.sources.map(({ namespace, name }) => identityOf(namespace, name)))) {
      const list = ofIdentity.get(source);
      if (list === undefined) ofIdentity.set(source, [policy]);
      else list.push(policy);
    }
  }
  const nobody: readonly NetworkPolicy[] = [];
  return {
    admitting(caller, port) {
      const targets: TargetPolicy[] = [];
      for (const policies of [ofAnyone, ofIdentity.get(caller) ?? nobody]) {
        for (const { target, ports } of policies) if (ports?.has(port) !== false) targets.push(target);
      }
      return targets;
    },
  };
}

/** Ports of all TCPRoutes that the target names. A TCPRoute without ports adds none; without any port all are open. */
function tcpPorts(state: ClusterState, target: TargetPolicy): ReadonlySet<number> | "missing" {
  const ports = new Set<number>();
  for (const rule of target.rules) {
    if (rule.kind !== "TCPRoute") continue;
    const route = state.tcpRoutes.get(keyOf(target.namespace, rule.name));
    if (route === undefined) return "missing";
    for (const port of route.ports) ports.add(port);
  }
  return ports;
}
