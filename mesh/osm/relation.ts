import { type CallTree, choice } from "../analysis/call-tree";
import { fingerprint } from "../analysis/fingerprint";
import {
  type Access,
  accountCaller,
  type AccessEntry,
  type Boundary,
  type Caller,
  sentTo,
  type ServicePort,
} from "../analysis/mesh";
import { hasAnswer } from "../analysis/outcome-sets";
import { callerShowing, outsideName, principalsAt } from "../analysis/outside";
import { sourceClasses } from "../cluster/source-ranges";
import { isHeadless } from "../cluster/workloads";
import { admittedAccounts, boundary, isOpen, outsideHosts } from "./boundary";
import { callerClass } from "./calls/caller-classes";
import { callFrom, clientOf } from "./calls/callers";
import { callAddress, type Client } from "./calls/client";
import { outboundInterceptionOf } from "./calls/interception";
import { hasOtherWays } from "./calls/other-ways";
import { type ControlPlane } from "./control-plane";
import { servicePort } from "./service-port";
import { isUnseen, shownAccounts } from "../cluster/shown-accounts";
import { type AccountKey, keyOf, type MeshService } from "./state";

/** Who may call whom: of every caller the services that its sidecars are told of, and what crosses the mesh's boundary. */
export function relation(mesh: ControlPlane): Access {
  const callers = allCallers(mesh);
  const services = mesh.catalog.allMeshServices().map(servicePort);
  const around = boundary(mesh);
  const outsiders = sourceClasses(around.ranges).map((one) => ({
    who: outsideName(one),
    caller: { kind: "outside", address: one.address } as const,
  }));
  const hosts = outsideHosts(mesh);
  const inMesh = mesh.state.switches.permissive ? permissiveEntries(mesh, callers) : strictEntries(mesh, callers);
  const entries = [
    ...inMesh,
    ...entriesInto(mesh, [...outsiders, ...withoutSidecar(mesh, callers)], around, inMesh),
    ...entriesToOutside(mesh, callers, hosts),
  ];
  const shown = shownAccounts(mesh.state);
  const unseen = callers.filter((caller) => isUnseen(shown, caller));
  return {
    callers,
    unseen,
    outsiders: outsiders.map(({ who }) => who),
    services,
    hosts,
    entries,
    otherwise: "refused",
  };
}

/** A caller, and how it is called. */
interface NamedCaller {
  readonly who: string;
  readonly caller: Caller;
}

/** Service accounts of which no pod has a sidecar: what they send is plain text, or TLS of their own. */
function withoutSidecar(mesh: ControlPlane, callers: readonly AccountKey[]): readonly NamedCaller[] {
  return callers
    .filter((caller) => !clientOfKey(mesh, caller).inMesh)
    .map((who) => ({ who, caller: accountCaller(who) }));
}

function strictEntries(mesh: ControlPlane, callers: readonly AccountKey[]): readonly AccessEntry[] {
  const entries: AccessEntry[] = [];
  for (const caller of callers) {
    const client = clientOfKey(mesh, caller);
    for (const { service, ips } of mesh.outbound(client.account).upstreams) {
      entries.push({ callers: [caller], service: servicePort(service), tree: entryTree(mesh, client, service, ips) });
    }
  }
  return entries;
}

/** What passes into the mesh without a sidecar, in plain text or by TLS of the caller's own. */
function entriesInto(
  mesh: ControlPlane,
  callers: readonly NamedCaller[],
  around: Boundary,
  told: readonly AccessEntry[],
): readonly AccessEntry[] {
  if (!isOpen(mesh)) return [];
  const known = new Set(told.flatMap((entry) => entry.callers.map((caller) => wayKey(caller, entry.service))));
  const entries: AccessEntry[] = [];
  for (const { who, caller } of callers) {
    // A server name that changes nothing is not told beside none.
    const unnamed = new Map<string, string>();
    for (const service of around.entrances) {
      const alike = new Map<string, { readonly callers: string[]; readonly tree: CallTree }>();
      for (const principal of principalsAt(service, around)) {
        const title = callerShowing(who, principal);
        if (known.has(wayKey(title, service))) continue;
        const tree = callFrom(mesh, caller, service, { ...sentTo(service), principal });
        const print = fingerprint(tree);
        const without = wayKey(title, { ...service, ...(service.tls && { tls: { serverName: "" } }) });
        if (service.tls?.serverName === "") unnamed.set(without, print);
        else if (unnamed.get(without) === print) continue;
        if (!hasAnswer(tree, "allowed")) continue;
        const same = alike.get(print);
        if (same === undefined) alike.set(print, { callers: [title], tree });
        else same.callers.push(title);
      }
      for (const found of alike.values()) entries.push({ ...found, service });
    }
  }
  return entries;
}

function wayKey(caller: string, { host, port, kind, tls }: ServicePort): string {
  return [caller, host, port, kind, tls?.serverName ?? "\0"].join("|");
}

/** What passes out of the cluster: callers that are answered alike together, as there may be many. */
function entriesToOutside(
  mesh: ControlPlane,
  callers: readonly AccountKey[],
  hosts: readonly ServicePort[],
): readonly AccessEntry[] {
  const free = callers.filter((caller) => hasOtherWays(mesh, caller));
  return hosts.flatMap((service) => {
    const alike = new Map<string, { readonly callers: AccountKey[]; readonly tree: CallTree }>();
    for (const caller of free) {
      const tree = callFrom(mesh, accountCaller(caller), service, sentTo(service));
      if (!hasAnswer(tree, "allowed")) continue;
      const print = fingerprint(tree);
      const known = alike.get(print);
      if (known === undefined) alike.set(print, { callers: [caller], tree });
      else known.callers.push(caller);
    }
    return Array.from(alike.values(), (found): AccessEntry => ({ ...found, service }));
  });
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
    // What is broken in its pods, and what goes around their sidecars.
    const pods = client.pods.map((pod) => [
      mesh.inbound(pod).listenersRefused ?? mesh.inbound(pod).ownRoutesRefused ?? "",
      mesh.state.hasSidecar(pod),
      callerClass(mesh, pod),
      outboundInterceptionOf(pod),
    ]);
    const own = client.pods.flatMap(({ ips }) => ips.filter((ip) => headless.has(ip)));
    // Network policies may tell any two callers apart.
    const network = mesh.network === undefined ? "" : caller;
    const broken = [...new Set(pods.map((pod) => JSON.stringify(pod)))].sort();
    const key = JSON.stringify([network, client.inMesh, broken, own]);
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
  const { namespace, serviceAccount } = accountCaller(caller);
  return clientOf(mesh, namespace, serviceAccount);
}

function entryTree(mesh: ControlPlane, client: Client, service: MeshService, ips: readonly string[]): CallTree {
  const called = servicePort(service);
  const { host, port } = called;
  const { authority } = sentTo(called);
  // The name of a headless Service leads to all of its pods, also to those without this port.
  if (isHeadless(service.service)) return callFrom(mesh, accountCaller(client.key), { host, port }, { authority });
  return choice<CallTree>(
    "endpoint",
    (ips.length === 0 ? [""] : ips).map((ip) => ({
      weight: 1,
      tree: callAddress(mesh, client, { ip, host, port, service: service.service }, authority),
    })),
  );
}

/** Every service account that runs pods of the mesh, that a policy lets call, or that is an object. */
function allCallers(mesh: ControlPlane): readonly AccountKey[] {
  const { state } = mesh;
  const callers = new Set<AccountKey>();
  for (const pod of state.pods)
    if (state.isMonitored(pod.namespace)) callers.add(keyOf(pod.namespace, pod.serviceAccount));
  for (const { sources } of [...state.targets, ...state.egresses]) {
    for (const { namespace, name, key } of sources) if (namespace !== "" && name !== "") callers.add(key);
  }
  for (const account of state.accounts) if (!account.endsWith("/default")) callers.add(account);
  for (const account of admittedAccounts(mesh)) callers.add(account);
  return [...callers].sort();
}
