import { describe, expect, it } from "vitest";
import { type KubernetesObject, nowhere, type Problem } from "../../../mesh/manifests";
import { readers } from "../../../mesh/manifests/reader";
import {
  type AddressEnd,
  type CalledPort,
  type NetworkEnd,
  networkPolicies,
  networkPolicyProblems,
  notRead,
  passage,
  type PodEnd,
  readNetworkPolicy,
} from "../../../mesh/network-policies";

const policy = (spec: object, namespace = "shop", name = "n"): KubernetesObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace },
  ...{ spec },
});

const pod = (namespace: string, labels: Readonly<Record<string, string>>, more: Partial<PodEnd> = {}): PodEnd => ({
  kind: "pod",
  namespace,
  namespaceLabels: { labels: { "kubernetes.io/metadata.name": namespace }, complete: true },
  labels: { labels, complete: true },
  ips: ["10.0.0.9"],
  hostNetwork: false,
  namedPorts: [{ name: "web", port: 8080, protocol: "TCP" }],
  ...more,
});

const front = pod("shop", { app: "front" });
const stock = pod("shop", { app: "stock" });
const stranger = pod("other", { app: "front" });
const outside: AddressEnd = { kind: "address", ip: "192.0.2.7" };
const http: CalledPort = { port: 8080, protocol: "TCP" };

function through(specs: readonly object[], from: NetworkEnd, to: NetworkEnd, called = http) {
  const problems: Problem[] = [];
  const read = specs.map((spec, index) =>
    readNetworkPolicy(readers(nowhere, problems)(policy(spec, "shop", String(index)))),
  );
  expect(problems).toEqual([]);
  return passage(networkPolicies(read), from, to, called);
}

const passes = (spec: object, from: NetworkEnd, to: NetworkEnd, called = http) =>
  through([spec], from, to, called).passes;

describe("a connection", () => {
  it("passes where no policy selects an end, and stops where one that names nobody does", () => {
    expect(through([], stranger, stock).passes).toBe("yes");
    expect(passes({ podSelector: { matchLabels: { app: "front" } } }, stranger, stock)).toBe("yes");
    const stopped = through([{ podSelector: {} }], stranger, stock);
    expect(stopped.passes).toBe("no");
    expect(stopped.stoppedBy).toMatchObject([{ direction: "ingress", policies: [{ namespace: "shop", name: "0" }] }]);
  });

  it("needs both ends: what the caller may send out, and what the other may take in", () => {
    const out = { podSelector: { matchLabels: { app: "front" } }, policyTypes: ["Egress"] };
    expect(through([out], front, stock).stoppedBy).toMatchObject([{ direction: "egress" }]);
    const allowed = { ...out, egress: [{ to: [{ podSelector: { matchLabels: { app: "stock" } } }] }] };
    expect(passes(allowed, front, stock)).toBe("yes");
    expect(through([allowed, { podSelector: { matchLabels: { app: "stock" } } }], front, stock).passes).toBe("no");
  });

  it("is let through by any of the policies that select a pod", () => {
    expect(through([{ podSelector: {} }, { podSelector: {}, ingress: [{}] }], stranger, stock).passes).toBe("yes");
  });

  it("meets policyTypes' defaults: ingress always, egress where there are egress rules", () => {
    const rule = { egress: [{ to: [{ podSelector: { matchLabels: { app: "nobody" } } }] }] };
    expect(passes({ podSelector: {}, ...rule }, front, stranger)).toBe("no");
    expect(passes({ podSelector: {}, egress: [] }, front, stranger)).toBe("yes");
    expect(passes({ podSelector: {}, policyTypes: ["Ingress"], ...rule }, front, stranger)).toBe("yes");
  });

  it.each<[string, object, "yes" | "no"]>([
    ["an empty from is everybody", { from: [] }, "yes"],
    ["a podSelector alone stays within the namespace", { from: [{ podSelector: {} }] }, "no"],
    ["an empty namespaceSelector is every namespace", { from: [{ namespaceSelector: {} }] }, "yes"],
    [
      "namespaceSelector and podSelector of one peer both count",
      { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "back" } } }] },
      "no",
    ],
    [
      "two peers are alternatives",
      { from: [{ namespaceSelector: {} }, { podSelector: { matchLabels: { app: "back" } } }] },
      "yes",
    ],
    [
      "a namespace has its name as a label",
      { from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "other" } } }] },
      "yes",
    ],
    [
      "NotIn holds without the label",
      { from: [{ namespaceSelector: { matchExpressions: [{ key: "team", operator: "NotIn", values: ["a"] }] } }] },
      "yes",
    ],
    [
      "In does not",
      { from: [{ namespaceSelector: { matchExpressions: [{ key: "team", operator: "In", values: [""] }] } }] },
      "no",
    ],
    ["an ipBlock is no pod's for certain only outside of it", { from: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }, "no"],
  ])("%s", (_, rule, wanted) => {
    expect(passes({ podSelector: {}, ingress: [rule] }, stranger, stock)).toBe(wanted);
  });

  it("meets ports by number, range, name and protocol", () => {
    const into = (ports: readonly object[], called?: CalledPort) =>
      passes({ podSelector: {}, ingress: [{ ports }] }, stranger, stock, called);
    expect(into([{ port: 8080 }])).toBe("yes");
    expect(into([{ port: 80 }])).toBe("no");
    expect(into([{ port: 8000, endPort: 8080 }])).toBe("yes");
    expect(into([{ port: 8000, endPort: 8079 }])).toBe("no");
    expect(into([{ port: "web" }])).toBe("yes");
    expect(into([{ port: "web" }], { port: 8081, protocol: "TCP" })).toBe("no");
    expect(into([{ port: "web", protocol: "UDP" }], { port: 8080, protocol: "UDP" })).toBe("no");
    expect(into([{ protocol: "UDP" }])).toBe("no");
    expect(into([])).toBe("yes");
  });

  it("from outside is let in by an ipBlock without what it excepts", () => {
    const from = (ipBlock: object) => passes({ podSelector: {}, ingress: [{ from: [{ ipBlock }] }] }, outside, stock);
    expect(from({ cidr: "192.0.2.0/24" })).toBe("yes");
    expect(from({ cidr: "192.0.2.0/24", except: ["192.0.2.0/28"] })).toBe("no");
    expect(from({ cidr: "198.51.100.0/24" })).toBe("no");
    expect(passes({ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }, outside, stock)).toBe("no");
  });
});

describe("what the objects do not tell", () => {
  const team = { namespaceSelector: { matchLabels: { team: "a" } } };
  it("is open: labels of a namespace that is not among them, addresses, and pods that are not shown", () => {
    const unseen = pod("other", {}, { labels: { labels: {}, complete: false } });
    const unknown = pod("other", {}, { namespaceLabels: { labels: {}, complete: false } });
    expect(passes({ podSelector: {}, ingress: [{ from: [team] }] }, unknown, stock)).toBe("maybe");
    expect(passes({ podSelector: {}, ingress: [{ from: [team] }] }, stranger, stock)).toBe("no");
    const some = { namespaceSelector: {}, podSelector: { matchLabels: { app: "front" } } };
    expect(passes({ podSelector: {}, ingress: [{ from: [some] }] }, unseen, stock)).toBe("maybe");
    const block = {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }],
    };
    expect(passes(block, stock, { kind: "address", ip: undefined })).toBe("maybe");
  });

  it("is decided where it does not matter", () => {
    const unseen = pod("shop", {}, { labels: { labels: {}, complete: false } });
    // Selected or not: what the policy stops another lets through, and what it lets through passes either way.
    expect(passes({ podSelector: { matchLabels: { app: "x" } }, ingress: [{}] }, stranger, unseen)).toBe("yes");
    expect(passes({ podSelector: { matchLabels: { app: "x" } } }, stranger, unseen)).toBe("maybe");
  });

  it("is open where Kubernetes leaves it to the plugin: ipBlocks that hold pods, and pods with their node's network", () => {
    const any = { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] };
    expect(passes(any, stranger, stock)).toBe("maybe");
    const onNode = pod("other", {}, { hostNetwork: true });
    expect(passes({ podSelector: {} }, onNode, stock)).toBe("maybe");
    expect(passes({ podSelector: {} }, stranger, pod("shop", {}, { hostNetwork: true }))).toBe("maybe");
  });
});

describe("networkPolicyProblems", () => {
  it.each<[string, object, string]>([
    ["a misspelt field", { podSelectors: {} }, "spec.podSelectors"],
    ["an unknown type", { podSelector: {}, policyTypes: ["In"] }, "spec.policyTypes[0]"],
    ["a peer that is none", { ingress: [{ from: [{}] }] }, "spec.ingress[0].from[0]"],
    [
      "a block beside a selector",
      { egress: [{ to: [{ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }] }] },
      "spec.egress[0].to[0]",
    ],
    [
      "a range that is none",
      { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0" } }] }] },
      "spec.ingress[0].from[0].ipBlock.cidr",
    ],
    [
      "an exception outside of it",
      { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/9"] } }] }] },
      "spec.ingress[0].from[0].ipBlock.except[0]",
    ],
    [
      "an exception that is all of it",
      { ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/8"] } }] }] },
      "spec.ingress[0].from[0].ipBlock.except[0]",
    ],
    ["a port that is none", { ingress: [{ ports: [{ port: 70_000 }] }] }, "spec.ingress[0].ports[0].port"],
    ["a number in quotes", { ingress: [{ ports: [{ port: "80" }] }] }, "spec.ingress[0].ports[0].port"],
    [
      "an endPort beside a name",
      { ingress: [{ ports: [{ port: "web", endPort: 90 }] }] },
      "spec.ingress[0].ports[0].endPort",
    ],
    [
      "an endPort before the port",
      { ingress: [{ ports: [{ port: 90, endPort: 80 }] }] },
      "spec.ingress[0].ports[0].endPort",
    ],
    [
      "In without values",
      { podSelector: { matchExpressions: [{ key: "a", operator: "In" }] } },
      "spec.podSelector.matchExpressions[0].values",
    ],
    [
      "Exists with values",
      { podSelector: { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] } },
      "spec.podSelector.matchExpressions[0].values",
    ],
    [
      "a label's value that is none",
      { podSelector: { matchLabels: { app: "a b" } } },
      "spec.podSelector.matchLabels.app",
    ],
  ])("refuses %s at its place", (_, spec, path) => {
    expect(networkPolicyProblems(policy(spec)).map((one) => one.path)).toEqual([path]);
  });

  it("takes what the API server takes, empty fields and null included", () => {
    const peers = [
      { podSelector: {}, namespaceSelector: null },
      { ipBlock: { cidr: "2001:db8::/32", except: ["2001:db8:1::/48"] } },
    ];
    const spec = {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [null, { from: peers, ports: [{}] }],
      egress: null,
    };
    expect(networkPolicyProblems(policy(spec))).toEqual([]);
  });
});

describe("notRead", () => {
  it("names whose policy a kind is that this analysis does not read", () => {
    expect(notRead({ apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy" })).toBe("Cilium");
    expect(notRead({ apiVersion: "crd.projectcalico.org/v1", kind: "GlobalNetworkPolicy" })).toBe("Calico");
    expect(notRead({ apiVersion: "policy.networking.k8s.io/v1alpha1", kind: "AdminNetworkPolicy" })).toContain(
      "Kubernetes",
    );
    expect(notRead({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" })).toBeUndefined();
  });
});
