import { identityOf, keyOf, type ClusterState, type TargetPolicy } from "../state";
import { type TargetIndex } from "./targets";

/** One policy of the network filter that a server's sidecar puts first: any one that matches lets the connection in. */
export interface NetworkPolicy {
  readonly target: TargetPolicy;
  /** Undefined for anyone. */
  readonly principals: ReadonlySet<string> | undefined;
  /** The pod's ports; undefined for any. */
  readonly ports: ReadonlySet<number> | undefined;
}

/** pkg/envoy/lds/rbac.go: one policy a target; a target that names a missing TCPRoute gives none. */
export function networkPolicies(state: ClusterState, index: TargetIndex, identity: string): readonly NetworkPolicy[] {
  return index.ofDestinationIdentity(identity).flatMap((target): readonly NetworkPolicy[] => {
    const ports = new Set<number>();
    for (const rule of target.rules) {
      if (rule.kind !== "TCPRoute") continue;
      const route = state.tcpRoutes.get(keyOf(target.namespace, rule.name));
      if (route === undefined) return [];
      for (const port of route.ports) ports.add(port);
    }
    const principals = new Set(target.sources.map((source) => identityOf(source.namespace, source.name)));
    return [
      {
        target,
        principals: principals.size === 0 ? undefined : principals,
        ports: ports.size === 0 ? undefined : ports,
      },
    ];
  });
}
