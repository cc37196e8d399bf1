import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MeshPolicies, type MeshPoliciesArgs, policiesByKind } from "../../../components/mesh-policies";
import { good, goodObjects } from "../../mesh/osm/admission/objects";
import { recordRegistrations, type Registration, allRegistered, valueOf } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const policyObjects = goodObjects.filter(
  (object) => object.kind !== "MeshConfig" && object.kind !== "MeshRootCertificate",
);
const shop: MeshPoliciesArgs = { namespaces: [{ name: "shop" }], ...policiesByKind(policyObjects) };
const named = (name: string): Registration =>
  registrations.find((registration) => registration.name === name) ??
  expect.fail(`${name} is not among ${registrations.map((registration) => registration.name).join(", ")}`);

describe("MeshPolicies", () => {
  test("onboards namespaces before it applies policies, and an object after those it refers to", async () => {
    const policies = new MeshPolicies("p", shop);
    expect(await valueOf(policies.namespaces)).toEqual(["shop"]);
    await allRegistered();
    expect(named("p-shop").inputs).toMatchObject({
      metadata: {
        name: "shop",
        labels: { "openservicemesh.io/monitored-by": "osm" },
        annotations: {
          "openservicemesh.io/sidecar-injection": "enabled",
          "openservicemesh.io/metrics": "enabled",
        },
      },
    });
    expect(named("p-HTTPRouteGroup-shop-routes")).toMatchObject({
      type: "kubernetes:specs.smi-spec.io/v1alpha4:HTTPRouteGroup",
      parent: "p",
      dependsOn: ["p-shop"],
      deletedWith: "p-shop",
    });
    expect(named("p-TrafficTarget-shop-target").dependsOn).toEqual(
      expect.arrayContaining(["p-shop", "p-HTTPRouteGroup-shop-routes", "p-TCPRoute-shop-tcp"]),
    );
    expect(named("p-TrafficTarget-shop-target").inputs["spec"]).toEqual(good.target.spec);
    expect(registrations.filter(({ type }) => type.startsWith("kubernetes:")).length).toBe(1 + policyObjects.length);
  });

  test("leaves existing namespaces their owner: a patch, and nothing is deleted with it", async () => {
    const policies = new MeshPolicies("p", {
      namespaces: [{ name: "shop", existing: true, metrics: false }],
      tcpRoutes: [good.tcp],
    });
    await valueOf(policies.namespaces);
    await allRegistered();
    expect(named("p-shop").type).toBe("kubernetes:core/v1:NamespacePatch");
    expect(named("p-shop").inputs).toMatchObject({
      metadata: { annotations: { "openservicemesh.io/metrics": "disabled" } },
    });
    expect(named("p-TCPRoute-shop-tcp").deletedWith).toBe("");
    expect(policies.createdNamespace("shop")).toBeUndefined();
  });

  test("hands its own dependsOn and deletedWith to its children", async () => {
    const cluster = new pulumi.ComponentResource("test:index:Cluster", "cluster");
    await valueOf(new MeshPolicies("p", shop, { dependsOn: cluster, deletedWith: cluster }).namespaces);
    await allRegistered();
    expect(named("p-shop")).toMatchObject({ deletedWith: "cluster" });
  });

  test("makes Container insights collect the mesh's metrics where asked to", async () => {
    await valueOf(
      new MeshPolicies("p", { namespaces: [{ name: "shop" }], containerInsightsNamespaces: ["shop", "attic"] })
        .namespaces,
    );
    await allRegistered();
    expect(named("p-container-insights").inputs).toMatchObject({
      metadata: { name: "container-azm-ms-osmconfig", namespace: "kube-system" },
      data: {
        "schema-version": "v1",
        "config-version": "ver1",
        "osm-metric-collection-configuration": expect.stringContaining('monitor_namespaces = ["shop","attic"]'),
      },
    });
  });

  test("lets each child be changed", async () => {
    const policies = new MeshPolicies("p", {
      namespaces: [{ name: "shop" }],
      tcpRoutes: [good.tcp],
      transform: {
        policy: (args) => ({ ...args, metadata: { name: "tcp", namespace: "shop", labels: { team: "shop" } } }),
      },
    });
    await valueOf(policies.namespaces);
    await allRegistered();
    expect(named("p-TCPRoute-shop-tcp").inputs).toMatchObject({ metadata: { name: "tcp", labels: { team: "shop" } } });
  });

  test("refuses what cannot work, all at once, with object, property and remedy", () => {
    const args: MeshPoliciesArgs = {
      namespaces: [{ name: "shop" }],
      trafficTargets: [good.target],
      retries: [good.retry],
      mesh: { features: { retryPolicy: false } },
    };
    expect(() => new MeshPolicies("p", args)).toThrow(
      /The mesh policies have 3 errors:\n- TrafficTarget shop\/target: spec\.rules\[0\]\.name: .*\n- .*TCPRoute.*\n- Retry shop\/retry: spec: .*enableRetryPolicy/,
    );
  });

  const certificates = {
    certManager: { issuerName: "ca", issuerKind: "Issuer", issuerGroup: "cert-manager.io" },
  } as const;

  test.each<[string, Partial<MeshPoliciesArgs>, string]>([
    ["a namespace's name", { namespaces: [{ name: "Shop" }] }, 'namespaces[0].name: "Shop"'],
    ["a namespace twice", { namespaces: [{ name: "shop" }, { name: "shop" }] }, "namespaces[1].name"],
    ["the system's namespace", { namespaces: [{ name: "kube-system" }] }, "namespaces[0].name"],
    [
      "a mesh label of one's own",
      { namespaces: [{ name: "shop", labels: { "openservicemesh.io/ignore": "true" } }] },
      "namespaces[0].labels",
    ],
    ["a policy for another mode", { policy: { services: {}, mode: "permissive" } }, "mesh.permissiveMode is false"],
    ["a policy for open egress", { mesh: { egress: true }, policy: { services: {} } }, "mesh.egress is true"],
    ["a policy with an issuer of its own", { policy: { services: {}, certificates } }, "policy.certificates: AKS runs"],
    [
      "an issuer of one's own",
      {
        meshRootCertificates: [
          { metadata: { name: "root", namespace: "kube-system" }, spec: { provider: certificates } },
        ],
      },
      "meshRootCertificates: AKS runs",
    ],
    ["a policy elsewhere", { namespaces: [{ name: "attic" }], tcpRoutes: [good.tcp] }, "metadata.namespace"],
  ])("refuses %s", (_, args, message) => {
    expect(() => new MeshPolicies("p", { namespaces: [], ...args })).toThrow(message);
  });
});

describe("objects with Outputs", () => {
  const httpOnly = { ...good.target.spec, rules: good.target.spec.rules.filter(({ kind }) => kind !== "TCPRoute") };
  const withOutput = (): MeshPoliciesArgs => ({
    namespaces: [{ name: "shop" }],
    httpRouteGroups: [good.group],
    trafficTargets: [
      {
        metadata: good.target.metadata,
        spec: {
          ...httpOnly,
          destination: { kind: "ServiceAccount", name: "store", namespace: pulumi.output("shop") },
        },
      },
    ],
  });

  test("are applied as they turn out", async () => {
    const policies = new MeshPolicies("p", withOutput());
    await valueOf(policies.namespaces);
    await allRegistered();
    expect(named("p-TrafficTarget-shop-target").inputs["spec"]).toEqual(httpOnly);
    expect(named("p-TrafficTarget-shop-target").dependsOn).toContain("p-HTTPRouteGroup-shop-routes");
    expect(Object.keys(await valueOf(policies.access))).toEqual(["shop/buyer → shop/store:80"]);
  });

  test("do not keep the plain ones from being checked at once", () => {
    const args = { ...withOutput(), tcpRoutes: [{ ...good.tcp, spec: { matches: { ports: [70000] } } }] };
    expect(() => new MeshPolicies("p", args)).toThrow("TCPRoute shop/tcp: spec.matches.ports[0]");
  });

  test("give nothing of a secret away", async () => {
    const policies = new MeshPolicies("p", {
      ...withOutput(),
      httpRouteGroups: [
        { ...good.group, spec: { matches: [{ name: "buy", headers: [{ token: pulumi.secret("hunter2") }] }] } },
      ],
    });
    expect(await pulumi.isSecret(policies.access)).toBe(true);
  });
});
