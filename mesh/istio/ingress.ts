import { type ServicePort } from "../analysis/mesh";
import { type ServiceState } from "../cluster/workloads";
import { domainsOf, isPlain, type OpenPort, servedName } from "./calls/gateway";
import { matchesHost } from "./calls/scope";
import { isSubset } from "./labels";
import { type IstioPlane } from "./plane";

/** A port of a Service with an address outside, which a Gateway opens at the pods behind it. */
interface Ingress extends OpenPort {
  readonly service: ServiceState;
}

const known = new WeakMap<IstioPlane, readonly Ingress[]>();

function ingressesOf(plane: IstioPlane): readonly Ingress[] {
  let found = known.get(plane);
  if (found === undefined) {
    const { gateways, services } = plane.state;
    const exposed = gateways.length === 0 ? [] : [...services.values()].filter((service) => service.exposed);
    found = exposed.flatMap((service) => {
      const host = plane.registry.hostOf(service);
      return (host?.ports ?? []).flatMap((port) => {
        const pods = host === undefined ? [] : plane.registry.endpoints(host, port).map(({ ip }) => plane.podOfIp(ip));
        return gateways.flatMap((gateway) =>
          pods.some((pod) => pod !== undefined && isSubset(gateway.selector, pod.labels))
            ? gateway.servers.flatMap((server) => (server.port === port.number ? [{ service, gateway, server }] : []))
            : [],
        );
      });
    });
    known.set(plane, found);
  }
  return found;
}

/** Where a name leads for callers outside of the cluster: to the gateways whose Gateways serve it. */
export function ingressServices(plane: IstioPlane, host: string, port: number): readonly ServiceState[] {
  const serving = ingressesOf(plane).filter(
    ({ server }) => server.port === port && server.hosts.some((one) => matchesHost(servedName(one), host)),
  );
  return [...new Set(serving.map(({ service }) => service))];
}

/** The names by which callers outside come in, as far as a VirtualService has a route for them. */
export function ingressHosts(plane: IstioPlane): readonly ServicePort[] {
  const found = new Map<string, ServicePort>();
  for (const { gateway, server } of ingressesOf(plane)) {
    for (const service of plane.state.virtualServices) {
      for (const domain of domainsOf(service, [{ gateway, server }])) {
        // Every name that a pattern takes in is routed alike, but for those that others name.
        const host = domain === "*" ? anyName : domain.replace(/^\*/, "any");
        const plain = isPlain(server);
        const key = `${host}:${String(server.port)} ${String(plain)}`;
        found.set(key, {
          service: "",
          namespace: "",
          name: host,
          host,
          port: server.port,
          targetPort: server.port,
          protocol: server.protocol.toLowerCase(),
          kind: plain || server.endsTls ? "http" : "tcp",
          ...(!plain && { tls: { serverName: host } }),
          hosts: [host],
        });
      }
    }
  }
  return [...found.values()];
}

/** Stands for every name that no VirtualService has (RFC 2606 keeps it free). */
const anyName = "any.example";
