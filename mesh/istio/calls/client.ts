import { type CallTree, choice } from "../../analysis/call-tree";
import { memo } from "../../cluster/look-up";
import { type AccountKey, keyOf } from "../../cluster/keys";
import { type Labels, type PodState } from "../../cluster/workloads";
import { type NetworkEnd } from "../../network-policies";
import { type Reason, type VariesBy } from "../../request/request";
import { principalOf } from "../authorization/peer";
import { type IstioPlane } from "../plane";
import { type Scope, scopeOf } from "./scope";
import { interceptionOf } from "./interception";

/** Pods of one service account that call alike. */
export interface Client {
  readonly key: AccountKey;
  readonly namespace: string;
  readonly principal: string;
  /** Labels by which routes and rules may tell callers apart. */
  readonly labels: Labels;
  /** Equal for clients that routes and rules do not tell apart by their labels, nor by their namespaces. */
  readonly told: string;
  /** What they are told of; undefined without a sidecar. */
  readonly scope: Scope | undefined;
  /** None where no object shows one. */
  readonly pods: readonly PodState[];
}

/**
 * What becomes of the calls of clients that are told the same. It is worked out once for all of them, up to where those decide that are
 * called: they ask who calls.
 */
export type Calls = (client: Client) => CallTree;

/** Calls that go one of several ways. */
export function oneOf(
  by: VariesBy,
  ways: readonly { readonly weight: number; readonly calls: Calls }[],
  because: readonly Reason[] = [],
): Calls {
  const [only] = ways;
  if (ways.length === 1 && only !== undefined && because.length === 0) return only.calls;
  return (client) =>
    choice<CallTree>(
      by,
      ways.map(({ weight, calls }) => ({ weight, tree: calls(client) })),
      because,
    );
}

/** Address of a caller of which no object shows a pod: the last of those that are assumed. */
const unseenPod = "10.255.255.254";

export function addressOfClient({ pods }: Client): string {
  return pods[0]?.ips[0] ?? unseenPod;
}

/** The caller to the network; undefined where no network policy is there. */
export function endOfClient({ network }: IstioPlane, { namespace, pods }: Client): NetworkEnd | undefined {
  const [pod] = pods;
  return pod === undefined ? network?.ends.unseen(namespace) : network?.ends.of(pod);
}

const knownClients = new WeakMap<IstioPlane, (key: AccountKey) => readonly Client[]>();

/** A service account's pods, those that call alike together. */
export function clientsOf(plane: IstioPlane, account: AccountKey): readonly Client[] {
  let known = knownClients.get(plane);
  if (known === undefined) knownClients.set(plane, (known = memo((key) => computeClients(plane, key))));
  return known(account);
}

function computeClients(plane: IstioPlane, key: AccountKey): readonly Client[] {
  const [namespace = "", account = ""] = key.split("/");
  const { state } = plane;
  const principal = principalOf(state.settings.trustDomain, namespace, account);
  const pods = plane.podsOf(key);
  if (pods.length === 0) {
    const unseen = { namespace, labels: {}, annotations: {}, hostNetwork: false, running: false };
    const scope = state.hasSidecar(unseen) ? scopeOf(plane, namespace, undefined) : undefined;
    return [{ key, namespace, principal, labels: noLabels, told: toldOf(plane, namespace, noLabels), scope, pods }];
  }
  const [first] = pods;
  if (pods.length === 1 && first !== undefined) {
    const scope = state.hasSidecar(first) ? scopeOf(plane, namespace, first) : undefined;
    const labels = tellingLabels(plane, first);
    return [{ key, namespace, principal, labels, told: toldOf(plane, namespace, labels), scope, pods }];
  }
  const groups = new Map<
    string,
    { readonly scope: Scope | undefined; readonly labels: Labels; readonly pods: PodState[] }
  >();
  for (const pod of pods) {
    const scope = state.hasSidecar(pod) ? scopeOf(plane, namespace, pod) : undefined;
    const labels = tellingLabels(plane, pod);
    const group = classOf(plane, pod, scope, labels);
    const found = groups.get(group);
    if (found === undefined) groups.set(group, { scope, labels, pods: [pod] });
    else found.pods.push(pod);
  }
  return Array.from(groups.values(), ({ labels, scope, pods: alike }) => ({
    key,
    namespace,
    principal,
    labels,
    told: toldOf(plane, namespace, labels),
    scope,
    pods: alike,
  }));
}

const local = new WeakMap<IstioPlane, boolean>();

function toldOf(plane: IstioPlane, namespace: string, labels: Labels): string {
  let isLocal = local.get(plane);
  if (isLocal === undefined) local.set(plane, (isLocal = tellsNamespacesApart(plane)));
  return `${isLocal ? namespace : ""} ${labels === noLabels ? "{}" : JSON.stringify(labels)}`;
}

/**
 * Whether what happens to calls to a host differs between namespaces: by rules of destinations, of which those of the caller's own
 * namespace come first, by routes for callers of one, by hosts that are not for all, or that several namespaces have.
 */
function tellsNamespacesApart({ state, registry }: IstioPlane): boolean {
  return (
    state.destinationRules.length > 0 ||
    registry.shared.size > 0 ||
    registry.hosts.some(({ exportTo }) => exportTo.length > 0) ||
    state.virtualServices.some(({ http, tcp, tls }) =>
      [...http, ...tcp, ...tls].some(({ matches }) => matches.some(({ sourceNamespace }) => sourceNamespace !== "")),
    )
  );
}

function classOf(
  { network, readsAddresses }: IstioPlane,
  pod: PodState,
  scope: Scope | undefined,
  labels: Labels,
): string {
  return JSON.stringify([
    scope?.key ?? null,
    labels,
    interceptionOf(pod),
    network?.classOf(pod) ?? "",
    readsAddresses || network !== undefined ? pod.ips : [],
  ]);
}

const noLabels: Labels = {};

const telling = new WeakMap<IstioPlane, ReadonlySet<string>>();

/** Of a pod's labels those that routes or rules of callers ask for. */
function tellingLabels(plane: IstioPlane, { labels }: PodState): Labels {
  let names = telling.get(plane);
  if (names === undefined) {
    const { virtualServices, destinationRules } = plane.state;
    const selectors = [
      ...virtualServices.flatMap(({ http, tcp, tls }) =>
        [...http, ...tcp, ...tls].flatMap(({ matches }) => matches.map(({ sourceLabels }) => sourceLabels)),
      ),
      ...destinationRules.map(({ callers }) => callers),
    ];
    telling.set(plane, (names = new Set(selectors.flatMap((selector) => Object.keys(selector)))));
  }
  const asked = names;
  if (asked.size === 0) return noLabels;
  return Object.fromEntries(Object.entries(labels).filter(([name]) => asked.has(name)));
}

/** Whether the account has a pod with a sidecar, or would have. */
export function isInMesh(plane: IstioPlane, account: AccountKey): boolean {
  return clientsOf(plane, account).some(({ scope }) => scope !== undefined);
}

/** The account that a pod runs as. */
export function accountOf({ namespace, serviceAccount }: PodState): AccountKey {
  return keyOf(namespace, serviceAccount);
}
