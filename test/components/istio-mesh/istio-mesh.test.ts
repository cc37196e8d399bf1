import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { IstioMesh, type IstioMeshArgs } from "../../../components/istio-mesh";
import { allRegistered, recordRegistrations, type Registration, valueOf } from "../registrations";

// Vitest rewrites import(), so that the dynamic provider cannot be serialised here; the engine tests run the real one.
vi.mock("../../../components/istio-mesh/istio-ready", () => ({
  IstioReady: class extends pulumi.CustomResource {
    constructor(name: string, args: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
      super("aks-mesh:test:IstioReady", name, { ...args, istioVersion: undefined, trustDomain: undefined }, options);
    }
  },
}));

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({
    "aks-mesh:test:IstioReady": { istioVersion: "1.30.2", trustDomain: "cluster.local" },
  });
});
beforeEach(() => {
  registrations.length = 0;
});

const named = (name: string): Registration =>
  registrations.find((registration) => registration.name === name) ?? expect.fail(`no ${name}`);

async function build(args: Partial<IstioMeshArgs> = {}): Promise<IstioMesh> {
  const cluster = new pulumi.ComponentResource("test:index:Cluster", "cluster");
  const mesh = new IstioMesh(
    "mesh",
    { kubeconfig: "secret text", revisions: ["asm-1-29"], ...args },
    { deletedWith: cluster },
  );
  await valueOf(mesh.version);
  await allRegistered();
  return mesh;
}

test("waits for the mesh, then sets what holds for all of it", async () => {
  const mesh = await build();
  expect([mesh.kind, mesh.revision, await valueOf(mesh.version), await valueOf(mesh.trustDomain)]).toEqual([
    ...["istio", "asm-1-29", "1.30.2", "cluster.local"],
  ]);
  expect(named("mesh-ready").inputs).toMatchObject({ revisions: ["asm-1-29"], timeoutSeconds: 900 });
  const after = { parent: "mesh", dependsOn: ["mesh-ready"], deletedWith: "cluster" };
  expect(named("mesh-mtls")).toMatchObject({
    ...after,
    type: "kubernetes:security.istio.io/v1:PeerAuthentication",
    inputs: { metadata: { name: "default", namespace: "aks-istio-system" }, spec: { mtls: { mode: "STRICT" } } },
  });
  const settings = named("mesh-asm-1-29");
  expect(settings).toMatchObject({
    ...after,
    type: "kubernetes:core/v1:ConfigMap",
    inputs: { metadata: { name: "istio-shared-configmap-asm-1-29", namespace: "aks-istio-system" } },
  });
  expect(parse((settings.inputs["data"] as { mesh: string }).mesh)).toEqual({
    defaultHttpRetryPolicy: { attempts: 0 },
    outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
  });
});

test("gives each revision the same settings, those to come too, and namespaces the first", async () => {
  const mesh = await build({ revisions: ["asm-1-30", "asm-1-29"], nextRevisions: ["asm-1-31"] });
  const maps = registrations.filter(({ type }) => type === "kubernetes:core/v1:ConfigMap");
  expect(maps.map(({ name }) => name)).toEqual(["mesh-asm-1-30", "mesh-asm-1-29", "mesh-asm-1-31"]);
  expect(new Set(maps.map(({ inputs }) => JSON.stringify(inputs["data"]))).size).toBe(1);
  expect(named("mesh-ready").inputs["revisions"]).toEqual(["asm-1-30", "asm-1-29"]);
  expect(mesh.namespaceMetadata()).toEqual({ labels: { "istio.io/rev": "asm-1-30" }, annotations: {} });
  expect(mesh.namespaceMetadata(false)).toEqual({ labels: {}, annotations: {} });
});

test("makes the addresses of egress gateways, once their definition and namespaces are there, and waits for them", async () => {
  const gateway = {
    namespace: "aks-istio-egress",
    name: "routes",
    nodePoolName: "out1a2b3",
    excludeCidrs: ["10.0.0.0/8"],
  };
  await build({ staticGatewayConfigurations: [gateway] });
  expect(named("mesh-ready").inputs["egressNamespaces"]).toEqual(["aks-istio-egress"]);
  expect(named("mesh-aks-istio-egress-routes")).toMatchObject({
    type: "kubernetes:egressgateway.kubernetes.azure.com/v1alpha1:StaticGatewayConfiguration",
    dependsOn: ["mesh-ready"],
    inputs: {
      metadata: {
        ...{ name: "routes", namespace: "aks-istio-egress" },
        annotations: { "pulumi.com/waitFor": "jsonpath={.status.egressIpPrefix}" },
      },
      spec: { gatewayNodepoolName: "out1a2b3", provisionPublicIps: true, excludeCidrs: ["10.0.0.0/8"] },
    },
  });
});

test("makes a tag stand for the first revision, once the mesh is ready, and namespaces name it", async () => {
  const mesh = await build({ revisions: ["asm-1-30", "asm-1-29"], revisionTag: "prod" });
  expect(mesh.namespaceMetadata().labels).toEqual({ "istio.io/rev": "prod" });
  const tag = registrations.filter(({ name }) => name === "mesh-tag-prod");
  expect(tag.map(({ type }) => type).sort()).toEqual([
    "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
    "kubernetes:core/v1:Service",
  ]);
  for (const { inputs, dependsOn, deletedWith } of tag) {
    expect(inputs["metadata"]).toMatchObject({ labels: { "istio.io/rev": "asm-1-30", "istio.io/tag": "prod" } });
    expect({ dependsOn, deletedWith }).toEqual({ dependsOn: ["mesh-ready"], deletedWith: "cluster" });
  }
  await expect(build({ revisionTag: "default" })).rejects.toThrow(/revisionTag: "default"/);
});

test("lets its children be changed", async () => {
  await build({
    transform: {
      sharedConfigMap: { data: { mesh: "accessLogFile: /dev/stdout" } },
      peerAuthentication: (args) => ({ ...args, spec: { mtls: { mode: "PERMISSIVE" } } }),
    },
  });
  expect(named("mesh-asm-1-29").inputs["data"]).toEqual({ mesh: "accessLogFile: /dev/stdout" });
  expect(named("mesh-mtls").inputs["spec"]).toEqual({ mtls: { mode: "PERMISSIVE" } });
});

test("refuses arguments that cannot work, all at once", () => {
  expect(
    () =>
      new IstioMesh("mesh", {
        kubeconfig: "x",
        revisions: [],
        readyTimeoutSeconds: 1,
        settings: { retryAttempts: -1 },
      }),
  ).toThrow(/settings\.retryAttempts.*\n.*revisions: \[\].*\n.*readyTimeoutSeconds: 1/s);
});
