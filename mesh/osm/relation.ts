import { type CallTree, choice } from "../analysis/call-tree";
import { type Access, type AccessEntry } from "../analysis/mesh";
import { isHeadless } from "../cluster/workloads";
import { callFrom, clientOf } from "./calls/callers";
import { callAddress, type Client } from "./calls/client";
import { type ControlPlane } from "./control-plane";
import { servicePort } from "./service-port";
import { type AccountKey, keyOf, type MeshService } from "./state";

/** Who may call whom: of every caller the services that its sidecars are told of. */
export function relation(mesh: ControlPlane): Access {
  const callers = allCallers(mesh);
  const services = mesh.catalog.allMeshServices().map(servicePort);
  if (mesh.state.switches.permissive) return { callers, services, entries: permissiveEntries(mesh, callers) };
  const entries: AccessEntry[] = [];
  for (const caller of callers) {
    const client = clientOfKey(mesh, caller);
    for (const { service, ips } of mesh.outbound(client.account).upstreams) {
      entries.push({ callers: [caller], service: servicePort(service), tree: entryTree(mesh, client, service, ips) });
    }
  }
  return { callers, services, entries };
}

/** In permissive mode callers differ only by what is broken in their own pods, and where a name may lead to themselves. */
function permissiveEntries(mesh: ControlPlane, callers: readonly AccountKey[]): readonly AccessEntry[] {
  const groups = new Map<string, AccountKey[]>();
  const headless = new Set(
    mesh.catalog
      .allMeshServices()
      .filter(({ service }) => isHeadless(service))
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
    return mesh.outbound(client.account).upstreams.map(({ service, ips }) => ({
      callers: group,
      service: servicePort(service),
      tree: entryTree(mesh, client, service, ips),
    }));
  });
}

function clientOfKey(mesh: ControlPlane, caller: AccountKey): Client {
  const [namespace = "", name = ""] = caller.split("/");
  return clientOf(mesh, namespace, name);
}

function entryTree(mesh: ControlPlane, client: Client, service: MeshService, ips: readonly string[]): CallTree {
  const { host, port, kind } = servicePort(service);
  const authority = kind === "tcp" ? undefined : `${host}:${String(port)}`;
  // The name of a headless Service leads to all of its pods, also to those without this port.
  if (isHeadless(service.service)) {
    const [namespace = "", serviceAccount = ""] = client.key.split("/");
    return callFrom(mesh, { namespace, serviceAccount }, { host, port }, authority);
  }
  return choice<CallTree>(
    "endpoint",
    (ips.length === 0 ? [""] : ips).map((ip) => ({
      weight: 1,
      tree: callAddress(mesh, client, { ip, host, port, service: service.service }, authority),
    })),
  );
}

/** Every service account that runs pods of the mesh, that a TrafficTarget or an Egress names as a source, or that is an object. */
function allCallers(mesh: ControlPlane): readonly AccountKey[] {
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
