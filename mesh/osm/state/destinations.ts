import { type Destination, type DestinationPort, type SharedName } from "../../cluster/assumed-services";
import { keyOf } from "../../cluster/keys";
import { type GivenState } from "./cluster";

/**
 * Service accounts that TrafficTargets name as destinations, with the ports of their TCPRoutes: those of HTTP services where
 * the target has HTTP rules too, as such ports hold for both.
 */
export function destinationsOf({ targets, tcpRoutes }: GivenState): readonly Destination[] {
  return Array.from(targets.values(), ({ namespace, destination, rules }): Destination => {
    const protocol: DestinationPort["protocol"] = rules.some(({ kind }) => kind === "HTTPRouteGroup") ? "http" : "tcp";
    const routes = rules.flatMap((rule) =>
      rule.kind === "TCPRoute" ? [tcpRoutes.get(keyOf(namespace, rule.name))?.ports ?? []] : [],
    );
    const named = routes.flat().map((port): DestinationPort => ({ port, protocol }));
    const ports = named.length === 0 && routes.length > 0 ? [{ port: 80, protocol }] : named;
    return { namespace: destination.namespace, name: destination.name, ports };
  });
}

/** The Services among which TrafficSplits share out the calls to their roots. */
export function sharedNames({ splits }: GivenState): readonly SharedName[] {
  return Array.from(splits.values(), ({ namespace, service, backends }) => ({
    namespace,
    root: service.split(".")[0] ?? "",
    backends: backends.map((backend) => backend.service),
  }));
}
