import { type KubernetesObject, type ValuePath } from "../manifests";
import { type Reader } from "../manifests/reader";
import { type LabelSelector, readSelector } from "./selector";

/** A NetworkPolicy of networking.k8s.io/v1. */
export interface NetworkPolicy {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
  /** The pods of its namespace that it is about. */
  readonly podSelector: LabelSelector;
  /** What may come in; undefined where the policy says nothing about it, and empty where nothing may. */
  readonly ingress: readonly PolicyRule[] | undefined;
  /** What may go out, likewise. */
  readonly egress: readonly PolicyRule[] | undefined;
}

/** Lets connections of these peers pass on these ports. */
export interface PolicyRule {
  /** Undefined for everybody. */
  readonly peers: readonly PolicyPeer[] | undefined;
  /** Undefined for every port of every protocol. */
  readonly ports: readonly PolicyPort[] | undefined;
}

/** The other end of a connection, as a rule names it. */
export type PolicyPeer =
  | {
      readonly kind: "pods";
      /** Undefined for all pods of the namespaces. */
      readonly podSelector: LabelSelector | undefined;
      /** Undefined for the policy's own namespace. */
      readonly namespaceSelector: LabelSelector | undefined;
    }
  | { readonly kind: "addresses"; readonly cidr: string; readonly except: readonly string[] };

/** Ports of the pod that is called. */
export interface PolicyPort {
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
  /** A number, or the name of a container port; undefined for all of the protocol. */
  readonly port: number | string | undefined;
  /** Last port of a range that begins with a number. */
  readonly endPort: number | undefined;
}

/** The two directions of the kind's fields. */
export type Direction = "ingress" | "egress";

/** The kind's version. */
export const networkPolicyVersion = "networking.k8s.io/v1";

/**
 * Reads a NetworkPolicy as the API server stores it: `policyTypes` left out mean Ingress, and Egress where there are egress
 * rules (SetDefaults_NetworkPolicy of Kubernetes).
 */
export function readNetworkPolicy(reader: Reader): NetworkPolicy {
  const { object } = reader;
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  const given = reader.texts(spec["policyTypes"], ["spec"], "policyTypes");
  const rulesOf = (direction: Direction): readonly PolicyRule[] =>
    reader
      .list(spec[direction], ["spec"], direction)
      .map((rule, index) => readRule(reader, rule, ["spec", direction, index], direction));
  const ingress = rulesOf("ingress");
  const egress = rulesOf("egress");
  const types = given.length > 0 ? given : ["Ingress", ...(egress.length > 0 ? ["Egress"] : [])];
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    podSelector: readSelector(reader, spec["podSelector"], ["spec", "podSelector"]),
    ingress: types.includes("Ingress") ? ingress : undefined,
    egress: types.includes("Egress") ? egress : undefined,
  };
}

function readRule(reader: Reader, value: unknown, path: ValuePath, direction: Direction): PolicyRule {
  const rule = reader.record(value, path);
  const key = direction === "ingress" ? "from" : "to";
  const peers = reader.list(rule[key], path, key).map((item, index) => readPeer(reader, item, [...path, key, index]));
  const ports = reader
    .list(rule["ports"], path, "ports")
    .map((item, index) => readPort(reader, item, [...path, "ports", index]));
  // An empty list is the same as none: everybody, everything.
  return {
    peers: peers.length === 0 ? undefined : peers,
    ports: ports.length === 0 ? undefined : ports,
  };
}

function readPeer(reader: Reader, value: unknown, path: ValuePath): PolicyPeer {
  const peer = reader.record(value, path);
  const { ipBlock, podSelector, namespaceSelector } = peer;
  if (ipBlock !== undefined && ipBlock !== null) {
    const block = reader.record(ipBlock, path, "ipBlock");
    return {
      kind: "addresses",
      cidr: reader.text(block["cidr"], [...path, "ipBlock"], "cidr") ?? "",
      except: reader.texts(block["except"], [...path, "ipBlock"], "except"),
    };
  }
  const selector = (key: "podSelector" | "namespaceSelector", given: unknown): LabelSelector | undefined =>
    given === undefined || given === null ? undefined : readSelector(reader, given, [...path, key]);
  return {
    kind: "pods",
    podSelector: selector("podSelector", podSelector),
    namespaceSelector: selector("namespaceSelector", namespaceSelector),
  };
}

function readPort(reader: Reader, value: unknown, path: ValuePath): PolicyPort {
  const { protocol, port, endPort } = reader.record(value, path);
  return {
    protocol: reader.text(protocol, path, "protocol") ?? "TCP",
    port: typeof port === "string" ? port : reader.integer(port, path, "port"),
    endPort: reader.integer(endPort, path, "endPort"),
  };
}

/** CIDRs of callers that a policy tells apart. */
export function callerRanges({ ingress = [] }: Pick<NetworkPolicy, "ingress">): readonly string[] {
  return rangesOf(ingress);
}

/** CIDRs of what is called that a policy tells apart. */
export function calledRanges({ egress = [] }: Pick<NetworkPolicy, "egress">): readonly string[] {
  return rangesOf(egress);
}

function rangesOf(rules: readonly PolicyRule[]): readonly string[] {
  return rules.flatMap(({ peers = [] }) =>
    peers.flatMap((peer) => (peer.kind === "addresses" ? [peer.cidr, ...peer.except] : [])),
  );
}
