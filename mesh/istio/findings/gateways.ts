import { type Finding, finding } from "../../analysis/finding";
import { type PodState } from "../../cluster/workloads";
import { domainsOf } from "../calls/gateway-hosts";
import { serversOf } from "../calls/gateway-servers";
import { type IstioMesh } from "../mesh";
import { listAt } from "../../manifests/inside";
import { anyHost, type GatewayState, isServedBy } from "../state/gateways";
import { meshGateway, type VirtualServiceState } from "../state/virtual-services";

/** Servers of Gateways that nobody comes to, and hosts of VirtualServices that no server of their Gateways has. */
export function gatewayFindings(mesh: IstioMesh): readonly Finding[] {
  // Those that istiod makes of the Gateway API's objects have findings of their own.
  const written = mesh.state.gateways.filter(({ object }) => object.apiVersion.startsWith("networking.istio.io/"));
  return [
    ...written.flatMap((gateway) => {
      const pods = mesh.state.pods.filter((pod) => isServedBy(gateway, pod));
      return [
        ...crashFindings(mesh, gateway),
        ...leftOutFindings(mesh, gateway, pods),
        ...closedPorts(mesh, gateway, pods),
      ];
    }),
    ...mesh.state.virtualServices
      .filter(({ semantics }) => semantics === "istio")
      .flatMap((service) => hostFindings(mesh, service)),
  ];
}

/** Servers over which istiod itself falls, with all that it does: another host with a namespace behind the one for all of them (sanitizeServerHostNamespace). */
function crashFindings(mesh: IstioMesh, gateway: GatewayState): readonly Finding[] {
  return listAt(gateway.object, "spec", "servers").flatMap((server, index): readonly Finding[] => {
    const hosts = listAt(server, "hosts");
    const first = hosts.indexOf(anyHost);
    const at = first < 0 ? -1 : hosts.findIndex((host, number) => number > first && String(host).includes("/"));
    if (at < 0) return [];
    return [
      finding(mesh, gateway, ["spec", "servers", index, "hosts", at], {
        severity: "error",
        rule: "gateway-stops-istiod",
        message: `It comes behind ${anyHost}: istiod ends with an error (index out of range) wherever a gateway's pods are selected, and starts no more.`,
        remedy: `Write ${anyHost} alone, which stands for all of them.`,
      }),
    ];
  });
}

/** Servers in whose place a pod has those of older Gateways. */
function leftOutFindings(mesh: IstioMesh, gateway: GatewayState, pods: readonly PodState[]): readonly Finding[] {
  const leftOut = pods.flatMap((pod) => serversOf(mesh, pod).leftOut);
  return gateway.servers.flatMap((server, index): readonly Finding[] => {
    const one = leftOut.find((out) => out.server === server);
    if (one === undefined) return [];
    const { older, hosts } = one;
    const other = `Gateway ${older.namespace}/${older.name}`;
    const isOwn = older === gateway;
    return [
      finding(mesh, gateway, ["spec", "servers", index], {
        severity: "error",
        rule: "server-left-out",
        message:
          hosts.length > 0
            ? `${isOwn ? "Another server" : other} says TLS for ${hosts.join(", ")} on port ${String(server.port)} of the same pods${isOwn ? "" : ", and is the older one, or the first by name"}: istiod leaves the server out, with all its hosts.`
            : `${isOwn ? "Another server" : other} has port ${String(server.port)} of the same pods with a protocol that ${server.protocol} does not go with: istiod leaves the server out.`,
        remedy:
          hosts.length > 0
            ? "Write each host into one server alone, and let VirtualServices name that Gateway."
            : "Write another port, or servers of one protocol.",
      }),
    ];
  });
}

/** Ports that no Service of the gateway's pods has: they are opened, and nothing leads there from outside. */
function closedPorts(mesh: IstioMesh, gateway: GatewayState, pods: readonly PodState[]): readonly Finding[] {
  const addresses = new Set(pods.flatMap(({ ips }) => ips));
  const ports = new Set(
    mesh.registry.hosts.flatMap((host) =>
      host.service === undefined
        ? []
        : host.ports
            .filter((port) => mesh.registry.endpoints(host, port).some(({ ip }) => addresses.has(ip)))
            .map(({ number }) => number),
    ),
  );
  if (ports.size === 0) return [];
  return gateway.servers.flatMap(({ port }, index): readonly Finding[] =>
    port === 0 || ports.has(port)
      ? []
      : [
          finding(mesh, gateway, ["spec", "servers", index, "port", "number"], {
            severity: "warning",
            rule: "gateway-port-closed",
            message: `No Service of the gateway's pods has port ${String(port)}: nobody outside comes to it.`,
            remedy: `Write a port of the Service, not of the pods: ${[...ports].sort((a, b) => a - b).join(", ")}.`,
          }),
        ],
  );
}

/** Hosts that none of the Gateways takes: their routes are at no gateway. */
function hostFindings(mesh: IstioMesh, service: VirtualServiceState): readonly Finding[] {
  const named = mesh.state.gateways.filter(({ namespace, name }) => service.gateways.includes(`${namespace}/${name}`));
  const isForMesh = service.gateways.includes(meshGateway);
  // Gateways that nothing shows may take them; one that is not there has a finding of its own.
  if (named.length === 0 || named.length < service.gateways.filter((one) => one !== meshGateway).length) return [];
  const open = named.flatMap((gateway) => gateway.servers.map((server) => ({ gateway, server })));
  if (open.length === 0) return [];
  const lost = service.hosts.flatMap((host, index) =>
    domainsOf({ ...service, hosts: [host] }, open).length > 0 ? [] : [{ host, index }],
  );
  // One that is for sidecars as well may have names for these and names for those.
  if (isForMesh && lost.length < service.hosts.length) return [];
  const taken = [...new Set(open.flatMap(({ server }) => server.hosts))].join(", ");
  return lost.map(({ host, index }) =>
    finding(mesh, service, ["spec", "hosts", index], {
      severity: "warning",
      rule: "host-not-at-gateway",
      message: `${named.map(({ namespace, name }) => `Gateway ${namespace}/${name}`).join(", ")} takes ${taken} and not ${host} of namespace ${service.namespace}: no gateway has its routes.`,
      remedy: "Write the host into a server of the Gateway, with this namespace where it names one.",
    }),
  );
}
