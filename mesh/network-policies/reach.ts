import ipaddr from "ipaddr.js";
import { type ContainerPort } from "../cluster/workloads";
import { atMostMaybe, type Certainty, every, some } from "./certainty";
import {
  type Direction,
  type NetworkPolicy,
  type PolicyPeer,
  type PolicyPort,
  type PolicyRule,
} from "./network-policy";
import { isSelected, type KnownLabels } from "./selector";

/** One end of a connection. */
export type NetworkEnd = PodEnd | AddressEnd | AnybodyEnd;

/** A pod. */
export interface PodEnd {
  readonly kind: "pod";
  readonly namespace: string;
  readonly namespaceLabels: KnownLabels;
  readonly labels: KnownLabels;
  /** Its addresses; undefined where the objects do not tell them. */
  readonly ips: readonly string[] | undefined;
  /** Whether it has its node's address instead of one of its own. */
  readonly hostNetwork: boolean;
  /** Its container ports that have a name; undefined where the objects do not tell them. */
  readonly namedPorts: readonly ContainerPort[] | undefined;
}

/** An address outside of the cluster; undefined where it is not known. */
export interface AddressEnd {
  readonly kind: "address";
  readonly ip: string | undefined;
}

/** Whoever has an address: nothing tells whether it is a pod, and of which namespace and labels. Its own policies are not known. */
export interface AnybodyEnd {
  readonly kind: "anybody";
  readonly ip: string;
}

/** The port that is called: the pod's own, not that of a Service which led to it. */
export interface CalledPort {
  readonly port: number;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
}

/** What the network does with a connection. */
export interface Passage {
  /** `maybe` where the objects do not tell: labels or addresses that they lack, and what Kubernetes leaves to the network plugin. */
  readonly passes: Certainty;
  /** The policies that isolate an end and do not let the connection pass, by the end. Empty where it passes. */
  readonly stoppedBy: readonly { readonly direction: Direction; readonly policies: readonly NetworkPolicy[] }[];
}

const open: Passage = { passes: "yes", stoppedBy: [] };

/** Policies of each namespace that say something about a direction. */
export interface NetworkPolicies {
  readonly all: readonly NetworkPolicy[];
  readonly ofNamespace: ReadonlyMap<string, readonly NetworkPolicy[]>;
}

/** Puts policies in order, so that a connection is decided by those of its ends' namespaces alone. */
export function networkPolicies(all: readonly NetworkPolicy[]): NetworkPolicies {
  const ofNamespace = new Map<string, NetworkPolicy[]>();
  for (const policy of all) {
    const list = ofNamespace.get(policy.namespace);
    if (list === undefined) ofNamespace.set(policy.namespace, [policy]);
    else list.push(policy);
  }
  return { all, ofNamespace };
}

/**
 * Whether a connection passes, by the documentation of Kubernetes: a pod that some policy selects for a direction is isolated in
 * it, and then only what a rule of one of these policies names passes; the caller's end has to let it out and the other end in.
 * A pod reaches itself whatever policies say; which pod that is only the caller of this function knows.
 */
export function passage(policies: NetworkPolicies, from: NetworkEnd, to: NetworkEnd, called: CalledPort): Passage {
  const out = throughEnd(policies, "egress", from, to, (port) => isCalled(port, called, to));
  const into = throughEnd(policies, "ingress", to, from, (port) => isCalled(port, called, to));
  if (out === open && into === open) return open;
  const passes = every([out, into], (one) => one.passes);
  // A node and the pods that run on it always reach each other, and where pods run is not looked at.
  const onNode = isOnNode(from) || isOnNode(to);
  return {
    passes: passes === "no" && onNode ? "maybe" : passes,
    stoppedBy: [...out.stoppedBy, ...into.stoppedBy],
  };
}

function isOnNode(end: NetworkEnd): boolean {
  return end.kind === "pod" && end.hostNetwork;
}

/** Whether a policy selects a pod. Most network plugins leave pods of the host network alone, Kubernetes leaves it to them. */
export function selectsPod({ namespace, podSelector }: NetworkPolicy, pod: PodEnd): Certainty {
  if (pod.namespace !== namespace) return "no";
  const found = isSelected(podSelector, pod.labels);
  return pod.hostNetwork ? atMostMaybe(found) : found;
}

function throughEnd(
  { ofNamespace }: NetworkPolicies,
  direction: Direction,
  end: NetworkEnd,
  other: NetworkEnd,
  isPort: (port: PolicyPort) => Certainty,
): Passage {
  if (end.kind !== "pod") return open;
  const selecting: { readonly policy: NetworkPolicy; readonly selects: Certainty; readonly lets: Certainty }[] = [];
  for (const policy of ofNamespace.get(end.namespace) ?? []) {
    const rules = policy[direction];
    if (rules === undefined) continue;
    const selects = selectsPod(policy, end);
    if (selects === "no") continue;
    const lets = some(rules, (rule) => matchesRule(rule, policy.namespace, other, isPort));
    selecting.push({ policy, selects, lets });
  }
  const isolated = selecting.some(({ selects }) => selects === "yes");
  const surely = selecting.some(({ selects, lets }) => selects === "yes" && lets === "yes");
  // Whichever of them turn out to select the pod, each lets the connection pass.
  if (surely || selecting.every(({ lets }) => lets === "yes")) return open;
  const possibly = !isolated || selecting.some(({ lets }) => lets !== "no");
  const stopping = selecting.filter(({ lets }) => lets !== "yes").map(({ policy }) => policy);
  return { passes: possibly ? "maybe" : "no", stoppedBy: [{ direction, policies: stopping }] };
}

function matchesRule(
  { peers, ports }: PolicyRule,
  namespace: string,
  other: NetworkEnd,
  isPort: (port: PolicyPort) => Certainty,
): Certainty {
  const peer = peers === undefined ? "yes" : some(peers, (one) => matchesPeer(one, namespace, other));
  if (peer === "no" || ports === undefined) return peer;
  return every([peer, some(ports, isPort)], (one) => one);
}

function matchesPeer(peer: PolicyPeer, namespace: string, end: NetworkEnd): Certainty {
  if (peer.kind === "addresses") {
    if (end.kind === "address") return inBlock(peer, end.ip);
    // Kubernetes means addresses outside of the cluster. Some network plugins compare those of pods as well, some never do.
    if (end.kind === "anybody") return atMostMaybe(inBlock(peer, end.ip));
    return end.ips === undefined ? "maybe" : atMostMaybe(some(end.ips, (ip) => inBlock(peer, ip)));
  }
  if (end.kind === "address") return "no";
  if (end.kind === "anybody") return "maybe";
  const { podSelector = [], namespaceSelector } = peer;
  const around =
    namespaceSelector === undefined
      ? end.namespace === namespace
        ? "yes"
        : "no"
      : isSelected(namespaceSelector, end.namespaceLabels);
  if (around === "no") return "no";
  const found = every([around, isSelected(podSelector, end.labels)], (one) => one);
  return end.hostNetwork ? atMostMaybe(found) : found;
}

function inBlock(
  { cidr, except }: { readonly cidr: string; readonly except: readonly string[] },
  ip?: string,
): Certainty {
  if (ip === undefined) return cidr.endsWith("/0") && except.length === 0 ? "yes" : "maybe";
  if (!contains(cidr, ip)) return "no";
  return except.some((range) => contains(range, ip)) ? "no" : "yes";
}

/** Whether an address lies in a range. Of a range that is none, which the API server refuses, none does. */
export function contains(range: string, ip: string): boolean {
  if (!ipaddr.isValidCIDR(range) || !ipaddr.isValid(ip)) return false;
  const [base, bits] = ipaddr.parseCIDR(range);
  const address = ipaddr.process(ip);
  return address.kind() === base.kind() && address.match(base, bits);
}

function isCalled({ protocol, port, endPort }: PolicyPort, called: CalledPort, to: NetworkEnd): Certainty {
  if (protocol !== called.protocol) return "no";
  if (port === undefined) return "yes";
  if (typeof port === "number") {
    return called.port >= port && called.port <= (endPort ?? port) ? "yes" : "no";
  }
  if (to.kind !== "pod") return "no";
  if (to.namedPorts === undefined) return "maybe";
  const isNamed = (one: ContainerPort): boolean =>
    one.name === port && one.protocol === protocol && one.port === called.port;
  return to.namedPorts.some(isNamed) ? "yes" : "no";
}
