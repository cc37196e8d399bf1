import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MeshPolicies } from "../../../components/mesh-policies";
import { NamespaceIsolation, type NamespaceIsolationArgs } from "../../../components/namespace-isolation";
import { decide } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { service, workload } from "../../mesh/osm/world";
import { recordRegistrations, type Registration, allRegistered, valueOf } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const peers = { "aks-mesh/preview": "12" };
const whole: NamespaceIsolationArgs = {
  namespace: "pr-12-shop",
  quota: { pods: "10", "requests.cpu": "1", "limits.memory": "4Gi" },
  containerDefaults: { requests: { cpu: "10m" }, limits: { memory: "256Mi" } },
  peers,
};

describe("NamespaceIsolation", () => {
  it("limits what a namespace holds, what a container gets, and whom its pods talk to", async () => {
    new NamespaceIsolation("f", whole);
    await allRegistered();
    const inputs = Object.fromEntries(registrations.map(({ type, inputs: given }) => [type.split(":").at(-1), given]));
    expect(inputs["ResourceQuota"]).toMatchObject({
      metadata: { namespace: "pr-12-shop" },
      spec: { hard: whole.quota },
    });
    expect(inputs["LimitRange"]).toMatchObject({
      spec: { limits: [{ type: "Container", defaultRequest: { cpu: "10m" }, default: { memory: "256Mi" } }] },
    });
    const allowed = [
      { namespaceSelector: { matchLabels: peers } },
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } },
    ];
    expect(inputs["NetworkPolicy"]).toMatchObject({
      spec: {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ from: allowed }],
        egress: [{ to: allowed }],
      },
    });
  });

  it("lets pods call what is said beyond the peers: one namespace at one port, and nobody in", async () => {
    new NamespaceIsolation("f", { namespace: "shop", peers, reaches: [{ namespace: "stock", port: 14001 }] });
    await allRegistered();
    const policy = registrations.find(({ type }) => type.endsWith(":NetworkPolicy"));
    expect(policy?.inputs).toMatchObject({
      spec: {
        ingress: [{ from: [{ namespaceSelector: { matchLabels: peers } }, {}] }],
        egress: [
          {},
          {
            to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "stock" } } }],
            ports: [{ port: 14001, protocol: "TCP" }],
          },
        ],
      },
    });
  });

  it("lets the mesh's calls within a preview and to what it reaches pass, and stops all others", async () => {
    new NamespaceIsolation("f", { namespace: "pr-12-shop", peers, reaches: [{ namespace: "stock", port: 14001 }] });
    await allRegistered();
    const spec: unknown = registrations.find(({ type }) => type.endsWith(":NetworkPolicy"))?.inputs["spec"];
    const meshed = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name,
        labels: { "openservicemesh.io/monitored-by": "osm", ...labels },
        annotations: { "openservicemesh.io/sidecar-injection": "enabled" },
      },
    });
    const isolated = ["pr-12-shop", "pr-12-till"].map((name) => meshed(name, peers));
    const spaces = [...isolated, meshed("stock"), meshed("other")];
    const objects = [
      ...spaces,
      ...spaces.flatMap(({ metadata: { name } }) => [workload("app", name, "app"), service("app", name)]),
      {
        apiVersion: "config.openservicemesh.io/v1alpha2",
        kind: "MeshConfig",
        metadata: { name: "osm-mesh-config", namespace: "kube-system" },
        spec: { traffic: { enablePermissiveTrafficPolicyMode: true } },
      },
    ];
    const networkPolicy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "bounds", namespace: "pr-12-shop" },
      spec,
    };
    const outcome = (given: readonly KubernetesObject[], from: string, to: string): string =>
      decide(osmMesh({ objects: given }), { from: `${from}/app`, to: `app.${to}:14001`, protocol: "http" }).outcome;
    const calls = [
      ["pr-12-shop", "pr-12-till"],
      ["pr-12-till", "pr-12-shop"],
      ["pr-12-shop", "stock"],
      ["stock", "pr-12-shop"],
      ["other", "pr-12-shop"],
      ["pr-12-shop", "other"],
    ] as const;
    expect(calls.map(([from, to]) => outcome(objects, from, to))).toEqual(calls.map(() => "allowed"));
    expect(calls.map(([from, to]) => outcome([...objects, networkPolicy], from, to))).toEqual([
      ...["allowed", "allowed", "allowed"],
      ...["unavailable", "unavailable", "unavailable"],
    ]);
    const rules = osmMesh({ objects: [...objects, networkPolicy] })
      .findings()
      .map(({ rule }) => rule);
    expect(rules).not.toContain("network-policy-stops-control-plane");
    expect(rules).not.toContain("network-policy-stops-dns");
  });

  it("makes only what is asked for", async () => {
    new NamespaceIsolation("f", { namespace: "shop", peers });
    await allRegistered();
    expect(registrations.map(({ type }) => type)).toEqual([
      "aks-mesh:index:NamespaceIsolation",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    ]);
  });

  it("isolates a namespace of the mesh before anything else is in it, and goes with it", async () => {
    const { namespace, ...isolation } = whole;
    const group = { metadata: { name: "routes", namespace }, spec: { matches: [{ name: "all", pathRegex: ".*" }] } };
    const policies = new MeshPolicies("p", { namespaces: [{ name: namespace, isolation }], httpRouteGroups: [group] });
    await valueOf(policies.namespaces);
    await allRegistered();
    const objects = registrations.filter(({ parent }) => parent === "p-pr-12-shop");
    expect(objects).toHaveLength(3);
    for (const one of objects) expect(one).toMatchObject({ deletedWith: "p-pr-12-shop" });
    const routes = registrations.find(({ type }) => type.endsWith(":HTTPRouteGroup"));
    expect(routes?.dependsOn).toEqual(expect.arrayContaining(objects.map(({ name }) => name)));
  });

  it.each<[string, Partial<NamespaceIsolationArgs>, RegExp]>([
    ["a namespace that is none", { namespace: "Shop" }, /namespace: "Shop"/],
    ["a quantity that is none", { quota: { pods: "many" } }, /quota\["pods"\]: "many"/],
    [
      "a quota of what sidecars do not name",
      { containerDefaults: {} },
      /containerDefaults\.requests\.cpu: the quota counts/,
    ],
    [
      "a default that is none",
      { containerDefaults: { requests: { cpu: "ten" }, limits: { memory: "1" } } },
      /"ten" is no/,
    ],
    ["peers without a label", { peers: {} }, /peers: without a label/],
    ["reaches without peers", { peers: undefined, reaches: [{ namespace: "a", port: 1 }] }, /reaches: without peers/],
    ["a reach to no namespace", { reaches: [{ namespace: "*", port: 1 }] }, /reaches\[0\]\.namespace: "\*"/],
    ["a reach to no port", { reaches: [{ namespace: "a", port: 0 }] }, /reaches\[0\]\.port: 0 is no port/],
  ])("refuses %s, and says what to write", (_, change, message) => {
    expect(() => new NamespaceIsolation("f", { ...whole, ...change })).toThrow(message);
    expect(() => new NamespaceIsolation("f", { ...whole, ...change })).toThrow(pulumi.RunError);
  });
});
