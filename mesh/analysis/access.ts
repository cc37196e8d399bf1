import { type OsmMesh } from "../osm/mesh";
import { fullName } from "../osm/proxy/hostnames";
import { chainKind } from "../osm/proxy/outbound";
import { type AccountKey, keyOf, type MeshService } from "../osm/state";
import { type CallTree, choice } from "./call-tree";
import { callAddress, type Client } from "../osm/calls/client";
import { callTree, clientOf } from "./decide";

/** What happens to an account's calls to one port of a service, under the service's full name. */
export interface AccessEntry {
  /** The callers, `namespace/service account`. More than one where the mesh makes no difference between them. */
  readonly callers: readonly AccountKey[];
  readonly service: MeshService;
  readonly tree: CallTree;
}

/** Who may call whom. */
export interface Access {
  /** Every service account that runs pods or that a TrafficTarget or an Egress names as a source. */
  readonly callers: readonly AccountKey[];
  readonly services: readonly MeshService[];
  /** What is not here is refused: the caller's sidecar knows no such service. */
  readonly entries: readonly AccessEntry[];
}

/** The whole relation of a mesh. */
export function access(mesh: OsmMesh): Access {
  const callers = allCallers(mesh);
  const services = mesh.catalog.allMeshServices();
  if (mesh.state.switches.permissive) return { callers, services, entries: permissiveEntries(mesh, callers) };
  const entries: AccessEntry[] = [];
  for (const caller of callers) {
    const client = clientOfKey(mesh, caller);
    for (const { service, ips } of mesh.outbound(client.account).upstreams) {
      entries.push({ callers: [caller], service, tree: entryTree(mesh, client, service, ips) });
    }
  }
  return { callers, services, entries };
}

/** In permissive mode callers differ only by what is broken in their own pods, and where a name may lead to themselves. */
function permissiveEntries(mesh: OsmMesh, callers: readonly AccountKey[]): readonly AccessEntry[] {
  const groups = new Map<string, AccountKey[]>();
  const headless = new Set(
    mesh.catalog
      .allMeshServices()
      .filter(isHeadless)
      .flatMap((service) => mesh.endpointIps(service)),
  );
  for (const caller of callers) {
    const client = clientOfKey(mesh, caller);
    const faults = client.pods.map((pod) => mesh.inbound(pod).listenersRefused ?? "");
    const own = client.pods.flatMap(({ ips }) => ips.filter((ip) => headless.has(ip)));
    const key = JSON.stringify([client.inMesh, [...new Set(faults)].sort(), own]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [caller]);
    else group.push(caller);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const client = clientOfKey(mesh, first);
    return mesh
      .outbound(client.account)
      .upstreams.map(({ service, ips }) => ({ callers: group, service, tree: entryTree(mesh, client, service, ips) }));
  });
}

/** Whether a service's name leads to the addresses of its pods, not to one of its own. */
export function isHeadless({ service: { clusterIp } }: MeshService): boolean {
  return clusterIp === "" || clusterIp === "None";
}

function clientOfKey(mesh: OsmMesh, caller: AccountKey): Client {
  const [namespace = "", name = ""] = caller.split("/");
  return clientOf(mesh, namespace, name);
}

function entryTree(mesh: OsmMesh, client: Client, service: MeshService, ips: readonly string[]): CallTree {
  const host = fullName(service);
  const to = `${host}:${String(service.port)}`;
  const authority = chainKind(service.protocol) === "tcp" ? undefined : to;
  // The name of a headless Service leads to all of its pods, also to those without this port.
  if (isHeadless(service)) return callTree(mesh, client.key, to, authority);
  return choice<CallTree>(
    "endpoint",
    (ips.length === 0 ? [""] : ips).map((ip) => ({
      weight: 1,
      tree: callAddress(mesh, client, { ip, host, port: service.port, service: service.service }, authority),
    })),
  );
}

/** Every service account that runs pods of the mesh, that a TrafficTarget or an Egress names as a source, or that is an object. */
export function allCallers(mesh: OsmMesh): readonly AccountKey[] {
  const { state } = mesh;
  const callers = new Set<AccountKey>();
  for (const pod of state.pods)
    if (state.isMonitored(pod.namespace)) callers.add(keyOf(pod.namespace, pod.serviceAccount));
  for (const { sources } of [...state.targets, ...state.egresses]) {
    for (const { namespace, name, key } of sources) if (namespace !== "" && name !== "") callers.add(key);
  }
  for (const account of state.accounts) if (!account.endsWith("/default")) callers.add(account);
  return [...callers].sort();
}
