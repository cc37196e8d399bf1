import { memo } from "../../cluster/look-up";
import { type AccountKey, keyOf } from "../../cluster/keys";
import { type Labels, type PodState } from "../../cluster/workloads";
import { type NetworkEnd } from "../../network-policies";
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
  /** What they are told of; undefined without a sidecar. */
  readonly scope: Scope | undefined;
  /** None where no object shows one. */
  readonly pods: readonly PodState[];
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
  const base = { key, namespace, principal };
  const pods = plane.podsOf(key);
  if (pods.length === 0) {
    const unseen = { namespace, labels: {}, annotations: {}, hostNetwork: false, running: false };
    const scope = state.hasSidecar(unseen) ? scopeOf(plane, namespace, undefined) : undefined;
    return [{ ...base, labels: {}, scope, pods }];
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
  return Array.from(groups.values(), (group) => ({ ...base, ...group }));
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
