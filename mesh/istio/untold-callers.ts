import { type AccountKey } from "../cluster/keys";
import { clientsOf } from "./calls/client";
import { isGatewayPod } from "./calls/interception";
import { mayRouteUnknown } from "./calls/routes";
import { matchesHost } from "./host-patterns";
import { type IstioPlane } from "./plane";
import { type HostPort, type KnownHost } from "./registry";

/**
 * Whether calls to a port of a Service by its own name, of those whose sidecars are not told of it, fare at best as those of somebody
 * without a sidecar: no other host has its name or takes what goes to its port, and nobody is told apart by addresses.
 */
export function fareAsOutside(plane: IstioPlane, host: KnownHost, port: HostPort): boolean {
  const { state, network, readsAddresses, registry } = plane;
  return (
    network === undefined &&
    !readsAddresses &&
    host.service !== undefined &&
    !host.passthrough &&
    state.serviceRoutes.length === 0 &&
    !registry.patterns.some((pattern) => matchesHost(pattern.host, host.host)) &&
    !portsOutside(plane).has(port.number)
  );
}

const knownPorts = new WeakMap<IstioPlane, ReadonlySet<number>>();

/** Ports of ServiceEntries that may take connections whatever their names are. */
function portsOutside(plane: IstioPlane): ReadonlySet<number> {
  let found = knownPorts.get(plane);
  if (found === undefined) {
    const entries = plane.registry.hosts.filter(({ service }) => service === undefined);
    const ports = entries.flatMap(({ ports: all }) => all.filter(({ protocol }) => protocol !== "http"));
    knownPorts.set(plane, (found = new Set(ports.map(({ number }) => number))));
  }
  return found;
}

/** Whether a caller has sidecars alone, none of which is told of a host's port, or of routes for it. Gateways lead on by routes of their own. */
export function isUntold(plane: IstioPlane, caller: AccountKey, host: KnownHost, port: HostPort): boolean {
  return clientsOf(plane, caller).every(
    ({ scope, pods: [pod] }) =>
      scope !== undefined &&
      !scope.listens(host, port.number) &&
      !mayRouteUnknown(plane, scope, host.host, port.number) &&
      (pod === undefined || !isGatewayPod(pod)),
  );
}
