import type * as fc from "fast-check";
import { type KubernetesObject } from "../../mesh/manifests";
import { type Draw, drawn } from "../generate/draw";

/** A connection that is asked about: from, to, protocol, port. An end is `namespace/pod`, or an address outside of the cluster. */
export type Question = readonly [from: string, to: string, protocol: string, port: number];

/** Objects, and what is asked about them. */
export interface NetworkCase {
  readonly objects: readonly KubernetesObject[];
  readonly questions: readonly Question[];
}

const namespaces = ["a", "b", "c"] as const;
const protocols = ["TCP", "UDP", "SCTP"] as const;
const portNames = ["web", "metrics", "dns"] as const;
const outside = ["192.0.2.7", "198.51.100.9", "203.0.113.200"] as const;

/** Namespaces, pods and NetworkPolicies that the API server takes, and every pair of ends on the ports that they name. */
export function arbitraryNetworkCase(): fc.Arbitrary<NetworkCase> {
  return drawn((draw) => {
    const spaces = namespaces.map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { ...drawLabels(draw, ["team", "stage"]), "kubernetes.io/metadata.name": name } },
    }));
    const pods = draw
      .list(2, 5, () => draw.pick(namespaces))
      .map((namespace, index) => drawPod(draw, namespace, index));
    const policies = draw
      .list(1, 4, () => draw.pick(namespaces))
      .map((namespace, index) => drawPolicy(draw, namespace, index));
    const ends = [...pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`), ...outside];
    const ports = [
      ...portNames.flatMap((_, index) => [["TCP", 8080 + index] as const]),
      ...protocols.map((protocol) => [protocol, draw.pick([53, 80, 8080, 9000, 9005, 9010, 9011])] as const),
    ];
    const questions = ends.flatMap((from) =>
      ends
        // A pod reaches itself whatever policies say, and addresses outside are none of the cluster's business.
        .filter((to) => to !== from && (from.includes("/") || to.includes("/")))
        .flatMap((to) => ports.map(([protocol, port]): Question => [from, to, protocol, port])),
    );
    return { objects: [...spaces, ...pods, ...policies], questions };
  });
}

function drawLabels(draw: Draw, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(draw.some(keys).map((key) => [key, draw.pick(["x", "y", ""])]));
}

function drawPod(draw: Draw, namespace: string, index: number) {
  // Container ports of one container have different names.
  const ports = draw.some(portNames).map((name, number) => ({
    name,
    containerPort: 8080 + ((index + number) % 3),
    ...(draw.oneIn(3) && { protocol: draw.pick(protocols) }),
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    // A label of its own: of pods that look alike the analyzer keeps two.
    metadata: {
      name: `p${String(index)}`,
      namespace,
      labels: { ...drawLabels(draw, ["app", "tier"]), id: String(index) },
    },
    spec: { containers: [{ name: "main", ports }] },
    // In no ipBlock below: whether these mean pods as well Kubernetes leaves to the network plugin.
    status: { podIP: `fd00::${String(index + 1)}` },
  };
}

function drawPolicy(draw: Draw, namespace: string, index: number) {
  const types = draw.pick([["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Ingress", "Egress"], undefined]);
  const ingress = types === undefined || types.includes("Ingress");
  const egress = types === undefined ? draw.oneIn(2) : types.includes("Egress");
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `n${String(index)}`, namespace },
    spec: {
      podSelector: drawSelector(draw, ["app", "tier"]),
      ...(types !== undefined && { policyTypes: types }),
      ...(ingress && !draw.oneIn(6) && { ingress: draw.list(0, 3, () => drawRule(draw, "from")) }),
      ...(egress && !draw.oneIn(6) && { egress: draw.list(0, 3, () => drawRule(draw, "to")) }),
    },
  };
}

function drawRule(draw: Draw, key: "from" | "to") {
  return {
    ...(!draw.oneIn(5) && { [key]: draw.list(draw.oneIn(6) ? 0 : 1, 3, () => drawPeer(draw)) }),
    ...(!draw.oneIn(3) && { ports: draw.list(draw.oneIn(6) ? 0 : 1, 3, () => drawPort(draw)) }),
  };
}

function drawPeer(draw: Draw) {
  if (draw.oneIn(4)) {
    return {
      ipBlock: draw.pick([
        { cidr: "0.0.0.0/0" },
        { cidr: "0.0.0.0/0", except: ["192.0.2.0/24", "10.0.0.0/8"] },
        { cidr: "198.51.100.0/24", except: ["198.51.100.8/31"] },
        { cidr: "203.0.113.128/25" },
        { cidr: "192.0.2.7/32" },
        { cidr: "2001:db8::/32" },
      ]),
    };
  }
  const around = draw.oneIn(2) && {
    namespaceSelector: drawSelector(draw, ["team", "stage", "kubernetes.io/metadata.name"]),
  };
  return around === false
    ? { podSelector: drawSelector(draw, ["app", "tier"]) }
    : { ...around, ...(draw.oneIn(2) && { podSelector: drawSelector(draw, ["app", "tier"]) }) };
}

function drawSelector(draw: Draw, keys: readonly [string, ...string[]]) {
  if (draw.oneIn(4)) return {};
  const values = (key: string) => {
    if (key === "kubernetes.io/metadata.name") return namespaces;
    // To the analyzer a namespace without a label has an empty one, so that the empty value is asked of pods alone.
    return keys.includes("team") ? (["x", "y"] as const) : (["x", "y", ""] as const);
  };
  const labels = draw.oneIn(2) ? [] : draw.list(1, 2, () => draw.pick(keys));
  const expressions = draw.list(labels.length === 0 ? 1 : 0, 2, () => draw.pick(keys));
  return {
    ...(labels.length > 0 && { matchLabels: Object.fromEntries(labels.map((key) => [key, draw.pick(values(key))])) }),
    ...(expressions.length > 0 && {
      matchExpressions: expressions.map((key) => {
        const operator = draw.pick(["In", "NotIn", "Exists", "DoesNotExist"]);
        const needsValues = operator === "In" || operator === "NotIn";
        return { key, operator, ...(needsValues && { values: draw.list(1, 2, () => draw.pick(values(key))) }) };
      }),
    }),
  };
}

function drawPort(draw: Draw) {
  const protocol = draw.oneIn(2) && { protocol: draw.pick(protocols) };
  switch (draw.pick(["number", "number", "name", "range", "all"])) {
    case "number":
      return { ...protocol, port: draw.pick([53, 80, 8080, 8081, 8082, 9000]) };
    case "name":
      return { ...protocol, port: draw.pick(portNames) };
    case "range":
      return { ...protocol, port: draw.pick([8080, 9000]), endPort: draw.pick([9000, 9010]) };
    default:
      return { ...protocol, ...(protocol === false && { protocol: "TCP" }) };
  }
}
