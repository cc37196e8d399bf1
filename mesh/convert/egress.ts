import { type AccountKey, keyOf } from "../cluster/keys";
import { type Labels } from "../cluster/workloads";
import {
  type HttpMatchRequest,
  type HttpRoute,
  istioKinds,
  type IstioObject,
  type ServiceEntryPort,
  type ServiceEntrySpec,
} from "../istio/kinds";
import { type OsmMesh } from "../osm";
import { chainKind } from "../osm/proxy/outbound";
import { egressPolicies, voidBecause } from "../osm/proxy/egress-policies";
import { type EgressPolicy } from "../osm/state";
import { adviceOf, matchOf, noRetries, type Refusal } from "./routing";
import { type Selectors } from "./selectors";

/** What accounts may call outside of the mesh. */
export interface ConvertedEgress {
  /** ServiceEntries, and VirtualServices for who may send which requests. */
  readonly objects: readonly IstioObject[];
  /** Hosts for the Sidecars of accounts, by their label sets. Accounts that are not here are told of no host outside. */
  readonly hosts: ReadonlyMap<AccountKey, { readonly labels: readonly Labels[]; readonly hosts: readonly string[] }>;
  readonly said: readonly string[];
  readonly refused: readonly Refusal[];
}

/** A host outside, as the callers of one namespace are told of it. */
interface OutsideHost {
  readonly namespace: string;
  readonly host: string;
  readonly ports: Map<number, "HTTP" | "TLS" | "TCP">;
  /** Of connections that are not read; undefined where there are none. */
  addresses: readonly string[] | undefined;
  readonly routes: HttpRoute[];
}

/**
 * ServiceEntries for OSM's Egress objects. They are told of in the namespace of the callers alone, and there by Sidecars of single
 * accounts; what of requests an HTTPRouteGroup narrows is a VirtualService with OSM's own patterns, decided by the caller's sidecar as
 * in OSM.
 */
export function egressOf(mesh: OsmMesh, selectors: Selectors): ConvertedEgress {
  const { state } = mesh;
  const found = new Map<string, OutsideHost>();
  const hosts = new Map<AccountKey, { readonly labels: readonly Labels[]; readonly hosts: string[] }>();
  const said: string[] = [];
  const refused = new Map<string, Refusal>();
  if (state.egresses.length === 0) return { objects: [], hosts, said, refused: [] };
  if (!state.switches.egressPolicy) {
    said.push("Egress objects are left out: the MeshConfig turns them off (featureFlags.enableEgressPolicy).");
    return { objects: [], hosts, said, refused: [] };
  }
  for (const egress of state.egresses) {
    const fault = voidBecause(state, egress);
    if (fault !== undefined) said.push(`${placeOf(egress)} is left out, as OSM ignores it: ${fault}.`);
    const place = placeOf(egress);
    for (const text of state.switches.egress ? [openEgress] : refusalsOf(mesh, egress))
      refused.set(place, { place, text });
  }
  const accounts = new Set(state.egresses.flatMap(({ sources }) => sources.map(({ key }) => key)));
  for (const account of accounts) {
    const egresses = egressPolicies(state, account).filter((one) => !refused.has(placeOf(one)));
    const [first] = egresses;
    if (first === undefined) continue;
    const labels = selectors(account);
    if (labels === undefined) {
      const text = `no label set selects exactly the pods of ${account}, which it lets out: ${adviceOf(account)}`;
      refused.set(placeOf(first), { place: placeOf(first), text });
      continue;
    }
    const own: string[] = [];
    for (const egress of egresses) {
      for (const [host, text] of hostsOf(mesh, account, egress, labels, found)) {
        if (text === undefined) own.push(`./${host}`);
        else refused.set(placeOf(egress), { place: placeOf(egress), text });
      }
    }
    hosts.set(account, { labels, hosts: [...new Set(own)].sort() });
    if (mesh.catalog.podsOfAccount(account).length === 0) {
      said.push(
        `No pod of ${account} is shown, which Egress objects let out: its pods need ${labels.map(labelText).join(" or ")}.`,
      );
    }
  }
  return { objects: [...found.values()].flatMap(objectsOf), hosts, said, refused: [...refused.values()] };
}

function labelText(labels: Labels): string {
  return `the label ${Object.entries(labels)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ")}`;
}

const openEgress =
  "mesh-wide egress lets everything out, and an Egress then takes things away on its ports alone: turn off MeshConfig spec.traffic.enableEgress, or take the Egress out";

function placeOf({ namespace, name }: EgressPolicy): string {
  return `Egress ${namespace}/${name}`;
}

/** What of an Egress is one thing in OSM and another in Istio, whoever calls. */
function refusalsOf({ state, catalog }: OsmMesh, { ports, hosts }: EgressPolicy): readonly string[] {
  const texts: string[] = [];
  const readAsHttp = new Set(
    catalog.allMeshServices().flatMap(({ port, protocol }) => (chainKind(protocol) === "http" ? [port] : [])),
  );
  for (const { number, protocol } of ports) {
    if (protocol === "http" && hosts.length === 0) {
      texts.push(
        `port ${String(number)} is http, and no host is named: it opens nothing, and takes the requests to that port from other Egress objects: name hosts, or take the port out`,
      );
    }
    if (protocol === "http" || !readAsHttp.has(number)) continue;
    texts.push(
      `port ${String(number)} is ${protocol} there and HTTP of Services of the mesh, and Istio's sidecars read all that goes to an HTTP port: use another port for one of them`,
    );
  }
  for (const host of hosts) {
    const [name = "", namespace = ""] = host.split(".");
    if (!state.services.has(keyOf(namespace, name))) continue;
    texts.push(
      `${host} is a Service of the cluster, which Istio knows without it: call it by a Sidecar's hosts instead`,
    );
  }
  return texts;
}

/** The hosts of an Egress, each with what is wrong with it, if anything is. */
function hostsOf(
  mesh: OsmMesh,
  account: AccountKey,
  egress: EgressPolicy,
  labels: readonly Labels[],
  found: Map<string, OutsideHost>,
): readonly (readonly [host: string, fault: string | undefined])[] {
  const [namespace = ""] = account.split("/");
  const addresses = egress.ipAddresses;
  return egress.ports.flatMap(({ number, protocol }) => {
    switch (protocol) {
      case "http":
        return egress.hosts.map((host) => {
          return [host, addHttp(mesh, account, number, labels, outside(found, namespace, host))] as const;
        });
      case "https":
      case "tcp":
      case "tcp-server-first": {
        const isNamed = protocol === "https" && egress.hosts.length > 0;
        // Istio wants a name, which nobody calls: the connections are told by their addresses and port.
        const hosts = isNamed ? egress.hosts : [`${egress.name}.${egress.namespace}.egress.invalid`];
        return hosts.map((host) => {
          return [host, addPort(outside(found, namespace, host), number, isNamed ? "TLS" : "TCP", addresses)] as const;
        });
      }
      default:
        return [];
    }
  });
}

function outside(found: Map<string, OutsideHost>, namespace: string, host: string): OutsideHost {
  const key = `${namespace} ${host}`;
  const known = found.get(key) ?? { namespace, host, addresses: undefined, ports: new Map(), routes: [] };
  found.set(key, known);
  return known;
}

function addPort(
  known: OutsideHost,
  number: number,
  protocol: "HTTP" | "TLS" | "TCP",
  addresses: readonly string[] | undefined,
): string | undefined {
  const { ports, host } = known;
  const other = ports.get(number);
  if (other !== undefined && other !== protocol) {
    return `port ${String(number)} of ${host} is ${other} in another one: give it one protocol`;
  }
  ports.set(number, protocol);
  if (addresses !== undefined && known.addresses !== undefined && known.addresses.join() !== addresses.join()) {
    return `${host} has other ipAddresses in another one, and Istio has one list for a host: write the same in both`;
  }
  known.addresses ??= addresses;
  if ((known.addresses ?? []).length > 0 && [...ports.values()].includes("HTTP")) {
    return `${host} is called by http, where ipAddresses mean nothing, and by other protocols, where they do: leave ipAddresses out`;
  }
  return undefined;
}

/** A host that is called by requests, with the routes of one account. */
function addHttp(
  mesh: OsmMesh,
  account: AccountKey,
  port: number,
  labels: readonly Labels[],
  known: OutsideHost,
): string | undefined {
  const { host, namespace } = known;
  if (host.includes("*")) return `OSM would have to resolve the name ${host}, and fails: name the hosts`;
  const { configurations } = mesh.outbound(account);
  const told = configurations.map((one) =>
    one.refusedEgress().length > 0 || one.routesRefused !== undefined ? "refused" : one.egressHost(port, host),
  );
  const [routed] = told;
  if (routed === undefined || routed === "refused" || told.includes("refused")) {
    return `Envoy refuses what OSM makes of the Egress objects of ${account}: name each host once for a port, and write patterns that RE2 takes`;
  }
  const fault = addPort(known, port, "HTTP", undefined);
  if (fault !== undefined) return fault;
  const matches = routed.routes.filter(({ methods }) => methods.length > 0).map(matchOf);
  const match = labels.flatMap((sourceLabels) =>
    matches.map((one): HttpMatchRequest => ({ ...one, port, sourceLabels, sourceNamespace: namespace })),
  );
  const route = [{ destination: { host, port: { number: port } } }];
  if (match.length > 0) known.routes.push({ match, route, retries: noRetries });
  return undefined;
}

function objectsOf({ namespace, host, addresses = [], ports, routes }: OutsideHost): readonly IstioObject[] {
  const named = host.replaceAll("*", "any").replaceAll(/[^a-z0-9]+/gi, "-");
  const metadata = { name: `egress-${named.toLowerCase()}`, namespace };
  const isHttp = [...ports.values()].includes("HTTP");
  const spec: ServiceEntrySpec = {
    hosts: [host],
    ...(addresses.length > 0 && { addresses }),
    ports: Array.from(ports, ([number, protocol]): ServiceEntryPort => ({
      number,
      name: `${protocol.toLowerCase()}-${String(number)}`,
      protocol,
    })),
    location: "MESH_EXTERNAL",
    // OSM resolves the names that requests go to, and leaves other connections where they were to go.
    resolution: isHttp ? "DNS" : "NONE",
    exportTo: ["."],
  };
  const entry: IstioObject = { apiVersion: istioKinds.ServiceEntry.apiVersion, kind: "ServiceEntry", metadata, spec };
  if (!isHttp) return [entry];
  const { apiVersion } = istioKinds.VirtualService;
  return [
    entry,
    { apiVersion, kind: "VirtualService", metadata, spec: { hosts: [host], exportTo: ["."], http: routes } },
  ];
}
