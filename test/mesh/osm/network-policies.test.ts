import { describe, expect, it } from "vitest";
import { checkGuarantees, decide, diff } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { service, target, workload } from "./world";

const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name,
    labels: { "openservicemesh.io/monitored-by": "osm", ...labels },
    annotations: { "openservicemesh.io/sidecar-injection": "enabled" },
  },
});

const policy = (name: string, space: string, spec: object): KubernetesObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace: space },
  ...{ spec },
});

const group: KubernetesObject = {
  apiVersion: "specs.smi-spec.io/v1alpha4",
  kind: "HTTPRouteGroup",
  metadata: { name: "routes", namespace: "store" },
  ...{ spec: { matches: [{ name: "all", pathRegex: ".*", methods: ["*"] }] } },
};
const rule = [{ kind: "HTTPRouteGroup", name: "routes", matches: ["all"] }];

/** A buyer in one namespace that may call a store in another. The store's Service has another port than its pods. */
const world: readonly KubernetesObject[] = [
  namespace("buyer"),
  namespace("store"),
  workload("buyer", "buyer", "buyer"),
  workload("store", "store", "store"),
  service("store", "store", { port: 80, targetPort: 8080 }),
  group,
  target("in", "store/store", ["buyer/buyer"], rule),
];

const request = { from: "buyer/buyer", to: "store.store:80", protocol: "http", path: "/" } as const;
const asked = (...policies: readonly KubernetesObject[]) =>
  decide(osmMesh({ objects: [...world, ...policies] }), request);
const fromBuyer = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "buyer" } } };

describe("a call that the mesh allows", () => {
  it("passes only where the network lets it, and the policy that stops it is the reason", () => {
    expect(asked().outcome).toBe("allowed");
    const stopped = asked(policy("closed", "store", { podSelector: {} }));
    expect(stopped).toMatchObject({ outcome: "unavailable", status: 503, stoppedBy: ["network"] });
    expect(stopped.because.map(({ text }) => text)).toContain("NetworkPolicy store/closed");
    expect(asked(policy("open", "store", { podSelector: {}, ingress: [{ from: [fromBuyer] }] })).outcome).toBe(
      "allowed",
    );
  });

  it("meets policies at the pods' own port, not the Service's and not the sidecar's", () => {
    const at = (port: number) =>
      asked(policy("port", "store", { podSelector: {}, ingress: [{ ports: [{ port }] }] })).outcome;
    expect(at(8080)).toBe("allowed");
    expect(at(80)).toBe("unavailable");
    expect(at(15003)).toBe("unavailable");
  });

  it("is stopped where the caller's own policies let nothing out", () => {
    const verdict = asked(policy("inside", "buyer", { podSelector: {}, policyTypes: ["Egress"] }));
    expect(verdict).toMatchObject({ outcome: "unavailable", stoppedBy: ["network"] });
  });

  it("varies by pod where only some of the store's pods can be reached, or only some of the caller's get out", () => {
    const other = workload("store-b", "store", "store", { app: "store", track: "b" });
    const closed = policy("closed", "store", { podSelector: { matchLabels: { track: "b" } } });
    expect(asked(other, closed)).toMatchObject({
      outcome: "varies",
      variesBy: "endpoint",
      backends: { "store/store": 0.5 },
    });
    const second = workload("buyer-b", "buyer", "buyer", { app: "buyer-b" });
    const inside = policy("inside", "buyer", {
      podSelector: { matchLabels: { app: "buyer-b" } },
      policyTypes: ["Egress"],
    });
    expect(asked(second, inside)).toMatchObject({ outcome: "varies", variesBy: "endpoint" });
  });

  it("varies by the network where the objects do not tell", () => {
    const block = policy("block", "store", {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }],
    });
    expect(asked(block)).toMatchObject({ outcome: "varies", variesBy: "network", stoppedBy: ["network"] });
  });
});

describe("a caller outside of the mesh", () => {
  it("may be a pod with any labels: what asks for labels is open, what lets nobody in is not", () => {
    const ingress: KubernetesObject = {
      apiVersion: "policy.openservicemesh.io/v1alpha1",
      kind: "IngressBackend",
      metadata: { name: "gate", namespace: "store" },
      ...{
        spec: {
          backends: [{ name: "store", port: { number: 8080, protocol: "http" } }],
          sources: [{ kind: "IPRange", name: "192.0.2.0/24" }],
        },
      },
    };
    const from = (...policies: readonly KubernetesObject[]) => {
      const mesh = osmMesh({ objects: [...world, ingress, ...policies] });
      const outsider = mesh.access().outsiders.find((one) => one.includes("192.0.2"));
      return mesh.access().entries.find(({ callers }) => callers.includes(outsider ?? ""))?.tree;
    };
    expect(from()).toBeDefined();
    expect(from(policy("closed", "store", { podSelector: {} }))).toBeUndefined();
    const labelled = policy("some", "store", { podSelector: {}, ingress: [{ from: [fromBuyer] }] });
    expect(JSON.stringify(from(labelled))).toContain('"by":"network"');
  });
});

describe("what follows from it", () => {
  const closed = policy("closed", "store", { podSelector: {} });
  const before = osmMesh({ objects: world });
  const after = osmMesh({ objects: [...world, closed] });

  it("is told by diff: a policy closes what the mesh leaves open", () => {
    expect(diff(before, after)).toMatchObject([{ kind: "closes", from: "buyer/buyer" }]);
    expect(diff(after, before)).toMatchObject([{ kind: "opens" }]);
  });

  it("decides guarantees: what only perhaps passes is neither never nor always", () => {
    const broken = (mesh: typeof before) =>
      (["never", "always"] as const).filter(
        (kind) => checkGuarantees(mesh, [{ name: kind, kind, from: ["buyer/buyer"], to: "store/store" }]).length > 0,
      );
    expect(broken(before)).toEqual(["never"]);
    expect(broken(after)).toEqual(["always"]);
    const block = { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] };
    expect(broken(osmMesh({ objects: [...world, policy("block", "store", block)] }))).toEqual(["never", "always"]);
  });

  it("parts callers that permissive mode would treat alike", () => {
    const config: KubernetesObject = {
      apiVersion: "config.openservicemesh.io/v1alpha2",
      kind: "MeshConfig",
      metadata: { name: "osm-mesh-config", namespace: "kube-system" },
      ...{ spec: { traffic: { enablePermissiveTrafficPolicyMode: true } } },
    };
    const objects = [...world, config, policy("open", "store", { podSelector: {}, ingress: [{ from: [fromBuyer] }] })];
    const mesh = osmMesh({ objects: [...objects, namespace("thief"), workload("thief", "thief", "thief")] });
    const entries = mesh.access().entries.filter(({ service: one }) => one.service === "store/store");
    expect(entries.map(({ callers }) => callers)).toContainEqual(["buyer/buyer"]);
    for (const { callers } of entries) {
      for (const from of callers) {
        const wanted = from === "thief/thief" ? "unavailable" : "allowed";
        if (from !== "store/store") expect(decide(mesh, { ...request, from }).outcome).toBe(wanted);
      }
    }
  });
});

describe("findings", () => {
  const found = (...policies: readonly KubernetesObject[]) =>
    osmMesh({ objects: [...world, ...policies] })
      .findings()
      .filter(({ rule: name }) => name.startsWith("network-policy"));

  it("are none where policies let pass what the mesh allows and needs", () => {
    const out = { podSelector: {}, policyTypes: ["Egress"], egress: [{}] };
    expect(
      found(
        policy("open", "store", { podSelector: {}, ingress: [{ from: [fromBuyer] }] }),
        policy("out", "buyer", out),
      ),
    ).toEqual([]);
  });

  it("name a policy that stops every call which the mesh allows, with the call", () => {
    const [one, ...others] = found(policy("closed", "store", { podSelector: {} }));
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      severity: "error",
      rule: "network-policy-stops-calls",
      object: "NetworkPolicy store/closed",
      request: { from: "buyer/buyer", to: "store.store.svc.cluster.local:80" },
    });
  });

  it("name a policy that selects no pod", () => {
    expect(found(policy("nobody", "store", { podSelector: { matchLabels: { app: "shop" } } }))).toMatchObject([
      { severity: "warning", rule: "network-policy-selects-nothing", object: "NetworkPolicy store/nobody" },
    ]);
  });

  it("name a policy that keeps sidecars from their control plane, and pods from DNS", () => {
    const dns = {
      to: [{ namespaceSelector: {}, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
      ports: [{ port: 53, protocol: "UDP" }],
    };
    const call = { to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "store" } } }] };
    const xds = {
      to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } }],
      ports: [{ port: 15128 }],
    };
    const out = (...egress: readonly object[]) =>
      policy("out", "buyer", { podSelector: {}, policyTypes: ["Egress"], egress });
    const rules = (...egress: readonly object[]) => found(out(...egress)).map((one) => one.rule);
    expect(rules(dns, call, xds)).toEqual([]);
    expect(rules(dns, call)).toEqual(["network-policy-stops-control-plane"]);
    expect(rules(call, xds)).toEqual(["network-policy-stops-dns"]);
  });

  it("name policies of kinds that are not read, and what the API server refuses", () => {
    const cilium = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      metadata: { name: "c", namespace: "store" },
    };
    expect(found(cilium)).toMatchObject([{ rule: "network-policy-not-read", object: "CiliumNetworkPolicy store/c" }]);
    const wrong = policy("wrong", "store", { podSelector: {}, ingress: [{ form: [] }] });
    expect(osmMesh({ objects: [...world, wrong] }).admissionFindings()).toMatchObject([
      { refused: true, finding: { property: "spec.ingress[0].form", remedy: "Did you mean from?" } },
    ]);
  });
});
