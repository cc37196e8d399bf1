import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { OpenServiceMesh } from "../../../components/open-service-mesh";
import { recordRegistrations, type Registration, allRegistered, valueOf } from "../registrations";

// Vitest rewrites import(), so that the dynamic provider cannot be serialised here; the engine tests run the real one.
vi.mock("../../../components/open-service-mesh/mesh-ready", () => ({
  MeshReady: class extends pulumi.CustomResource {
    constructor(name: string, args: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
      super("aks-mesh:test:MeshReady", name, { ...args, osmVersion: undefined, trustDomain: undefined }, options);
    }
  },
}));

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({
    "aks-mesh:test:MeshReady": { osmVersion: "v1.2.9", trustDomain: "cluster.local" },
  });
});
beforeEach(() => {
  registrations.length = 0;
});

const named = (name: string): Registration =>
  registrations.find((registration) => registration.name === name) ?? expect.fail(`no ${name}`);

test("waits for the mesh, then patches its configuration, which outlives it", async () => {
  const cluster = new pulumi.ComponentResource("test:index:Cluster", "cluster");
  const mesh = new OpenServiceMesh("mesh", { kubeconfig: "secret text" }, { deletedWith: cluster });
  expect(await valueOf(mesh.osmVersion)).toBe("v1.2.9");
  expect(await valueOf(mesh.trustDomain)).toBe("cluster.local");
  expect(await valueOf(mesh.permissiveMode)).toBe(false);
  expect(await valueOf(mesh.retryPolicy)).toBe(true);
  await allRegistered();
  expect(named("mesh-config")).toMatchObject({
    type: "kubernetes:config.openservicemesh.io/v1alpha2:MeshConfigPatch",
    parent: "mesh",
    dependsOn: ["mesh-ready"],
    retainOnDelete: true,
    deletedWith: "cluster",
    inputs: {
      metadata: { name: "osm-mesh-config", namespace: "kube-system" },
      spec: { traffic: { enablePermissiveTrafficPolicyMode: false } },
    },
  });
  expect(named("mesh-ready").inputs).toMatchObject({ namespace: "kube-system", timeoutSeconds: 900 });
});

test("lets the patch be changed", async () => {
  const mesh = new OpenServiceMesh("mesh", {
    kubeconfig: "x",
    transform: { meshConfig: { spec: { traffic: { enableEgress: true } } } },
  });
  await valueOf(mesh.permissiveMode);
  await allRegistered();
  expect(named("mesh-config").inputs["spec"]).toEqual({ traffic: { enableEgress: true } });
});

test("refuses settings that cannot work", () => {
  expect(
    () => new OpenServiceMesh("mesh", { kubeconfig: "x", settings: { certificate: { keyBitSize: 512 } } }),
  ).toThrow("settings.certificate.keyBitSize: OSM takes 512 bits for 2048; write 2048 to 4096.");
});
