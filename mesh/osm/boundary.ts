import { type Boundary, type ServicePort } from "../analysis/mesh";
import { hostsByRange } from "../analysis/outside";
import { calledRanges, callerRanges } from "../network-policies";
import { leftAlone } from "./calls/interception";
import { servicePort } from "./service-port";
import { type ControlPlane } from "./control-plane";
import { type AccountKey, type EgressPolicy, type IngressPolicy, keyOf } from "./state";

/** What IngressBackends and network policies tell apart of callers without a sidecar. */
export function boundary(plane: ControlPlane): Boundary {
  const { state, catalog } = plane;
  const { ingresses, networkPolicies } = state;
  const named = (wanted: string): readonly string[] =>
    ingresses.flatMap(({ sources }) => sources.flatMap(({ kind, name }) => (kind === wanted ? [name] : [])));
  return {
    ranges: [...new Set([...named("IPRange"), ...addressesOfSources(plane), ...networkPolicies.flatMap(callerRanges)])],
    calledRanges: [
      ...new Set([
        ...state.egresses.flatMap(({ ipAddresses }) => ipAddresses),
        ...(state.switches.egress ? [] : leftAlone(plane).ranges),
        ...networkPolicies.flatMap(calledRanges),
      ]),
    ],
    principals: [...new Set(named("AuthenticatedPrincipal"))],
    entrances: catalog.allMeshServices().flatMap((service) => entrances(ingresses, servicePort(service))),
  };
}

/** Addresses of Services that IngressBackends name as sources, where no pod of the objects has them. */
function addressesOfSources({ state, podsOfIp }: ControlPlane): readonly string[] {
  const keys = state.ingresses.flatMap(({ sources }) =>
    sources.flatMap(({ kind, key }) => (kind === "Service" ? [key] : [])),
  );
  return [...new Set(keys)].flatMap((key) =>
    (state.endpoints.get(key)?.subsets ?? []).flatMap(({ addresses }) =>
      addresses.flatMap(({ ip }) => (podsOfIp(ip).length === 0 ? [`${ip}/32`] : [])),
    ),
  );
}

/**
 * The ways to a port of a Service: as what sidecars take it for; as HTTP where an IngressBackend makes that of it; and by TLS. An
 * IngressBackend for another Service of the same pods opens their port for this one too.
 */
function entrances(ingresses: readonly IngressPolicy[], service: ServicePort): readonly ServicePort[] {
  const backends = ingresses
    .filter(({ namespace }) => namespace === service.namespace)
    .flatMap((policy) => policy.backends.filter(({ port }) => port === service.targetPort));
  const ofProtocol = (wanted: string) => backends.filter(({ protocol }) => protocol.toLowerCase() === wanted);
  const secured = ofProtocol("https");
  const serverNames = secured.length === 0 ? [] : ["", ...secured.flatMap(({ sniHosts }) => sniHosts).map(anyNameOf)];
  const http = { ...service, kind: "http" } as const;
  return [
    service,
    ...(service.kind === "tcp" && ofProtocol("http").length > 0 ? [http] : []),
    ...Array.from(new Set(serverNames), (serverName) => ({ ...http, tls: { serverName } })),
  ];
}

/** A server name that a pattern such as `*.example.org` stands for. */
function anyNameOf(pattern: string): string {
  return pattern.startsWith("*.") ? `any${pattern.slice(1)}` : pattern;
}

/** Accounts outside of the mesh that IngressBackends let in by a Service of theirs, such as an ingress controller's. */
export function admittedAccounts(mesh: ControlPlane): readonly AccountKey[] {
  const { state } = mesh;
  return state.ingresses.flatMap(({ sources }) =>
    sources
      .filter(({ kind }) => kind === "Service")
      .flatMap(({ key }) => state.endpoints.get(key)?.subsets ?? [])
      .flatMap(({ addresses }) => addresses.flatMap(({ ip }) => mesh.podsOfIp(ip)))
      .map(({ namespace, serviceAccount }) => keyOf(namespace, serviceAccount)),
  );
}

/** Whether calls that are not the mesh's may get to what stands behind any Service. */
export function isOpen(mesh: ControlPlane): boolean {
  const { ingresses, endpoints, hasSidecar, switches } = mesh.state;
  const { inboundPortExclusions, interfaceExclusions } = switches;
  if (ingresses.length > 0 || inboundPortExclusions.length > 0 || interfaceExclusions.length > 0) return true;
  for (const { subsets } of endpoints.values()) {
    for (const { addresses } of subsets) {
      for (const { ip } of addresses) {
        const [pod] = mesh.podsOfIp(ip);
        if (pod === undefined || !hasSidecar(pod)) return true;
        if (Object.keys(pod.annotations).some((key) => key.includes("inbound-"))) return true;
      }
    }
  }
  return false;
}

/** Stands for every host outside of the cluster that no object names (RFC 2606 keeps the name free). */
const anyHost = "outside.example";

/** Hosts outside of the cluster that an account may have a way to, by the objects that say so. */
export function outsideHosts(plane: ControlPlane): readonly ServicePort[] {
  const { state } = plane;
  const { egress, egressPolicy } = state.switches;
  const found = new Map<string, ServicePort>();
  const add = (host: string, port: number, protocol: string, range?: string): void => {
    const tls = protocol === "https";
    const kind = protocol === "http" ? "http" : "tcp";
    const base = {
      service: "",
      namespace: "",
      name: host,
      host,
      port,
      targetPort: port,
      protocol,
      kind,
      hosts: [host],
      ...(range !== undefined && { range }),
    } as const;
    found.set(`${host} ${String(port)} ${protocol}`, tls ? { ...base, tls: { serverName: host } } : base);
  };
  add(anyHost, 80, "http");
  add(anyHost, 443, "https");
  // With mesh-wide egress they are like all others.
  const { ports, ranges } = egress ? { ports: [], ranges: [] } : leftAlone(plane);
  for (const port of ports) if (port !== 80 && port !== 443) add(anyHost, port, "tcp");
  for (const range of ranges) {
    const address = range.replace(/\/\d+$/, "");
    add(address, 80, "http", range);
    add(address, 443, "tcp", range);
  }
  const everywhere = (): readonly ServicePort[] => hostsByRange([...found.values()], boundary(plane).calledRanges);
  if (!egressPolicy || egress) return everywhere();
  for (const policy of state.egresses) {
    for (const { number, protocol } of policy.ports) {
      const sentAs = protocol === "http" || protocol === "https" ? protocol : "tcp";
      for (const { host, range } of hostsOf(policy, protocol)) add(host, number, sentAs, range);
    }
  }
  return everywhere();
}

/** What a port of an Egress leads to: its hosts, or each of its ranges. */
function hostsOf(
  { hosts, ipAddresses }: EgressPolicy,
  protocol: string,
): readonly { readonly host: string; readonly range?: string }[] {
  if ((protocol === "http" || protocol === "https") && hosts.length > 0) return hosts.map((host) => ({ host }));
  if (ipAddresses.length === 0) return [{ host: anyHost }];
  return ipAddresses.map((range) => ({ host: range.replace(/\/\d+$/, ""), ...(range.includes("/") && { range }) }));
}
