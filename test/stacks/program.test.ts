import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { armId } from "../../recovery/arm-ids";
import { type Registered, runProgram as run } from "./program";

const defaults = {
  location: "westeurope",
  owner: "team",
  registerFeature: "true",
  kubernetesVersion: "1.34",
  administrators: "[]",
  authorizedIpRanges: "[]",
  privateCluster: "false",
};

/** Runs the program of a stack; answers with what it registers, rejects with what it says when it fails. */
async function runProgram(stack: string, settings: Record<string, string> = {}): Promise<Registered[]> {
  const config = Object.entries({ ...defaults, ...settings }).map(([key, value]) => [`aks-mesh:${key}`, value]);
  return run(stack, Object.fromEntries(config));
}

// No test asks the Azure of whoever runs it.
beforeAll(() => void vi.stubEnv("ARM_METADATA_HOSTNAME", "https://localhost:1"));
afterAll(() => void vi.unstubAllEnvs());

const cluster = (registered: Registered[]) =>
  registered.find(({ type }) => type === "azure-native:containerservice:ManagedCluster")?.inputs ?? {};

describe("the program", () => {
  it.each([
    ["dev", "Free"],
    ["staging", "Standard"],
    ["prod", "Standard"],
  ])("%s has the tier %s and the mesh in its profile", async (stack, tier) => {
    expect(cluster(await runProgram(stack, { owner: "blue" }))).toMatchObject({
      resourceName: `aks-mesh-${stack}`,
      sku: { tier },
      disableLocalAccounts: true,
      addonProfiles: { openServiceMesh: { enabled: true, config: {} } },
      tags: { stack, owner: "blue" },
    });
  });

  it("plans the same as another identity where it is told who deploys", async () => {
    const deployerObjectId = "11111111-2222-3333-4444-555555555555";
    const registered = await runProgram("dev", { deployerObjectId });
    const assignments = registered.filter(({ type }) => type === "azure-native:authorization:RoleAssignment");
    expect(assignments.map(({ inputs }) => [inputs["principalId"], inputs["principalType"]])).toContainEqual([
      deployerObjectId,
      "ServicePrincipal",
    ]);
    expect(JSON.stringify(registered)).not.toContain("00000000beef");
  });

  it("makes only resources that recovery can look up by their inputs", async () => {
    const registered = (await runProgram("prod")).filter(({ type }) => type.startsWith("azure-native:"));
    expect(registered.length).toBeGreaterThan(8);
    for (const { type, inputs } of registered) expect(armId(type, inputs, "subscription"), type).toBeDefined();
  });

  it("refuses a stack that nobody defined, and says which there are", async () => {
    await expect(runProgram("qa")).rejects.toThrow(/No definition for the stack "qa".*dev, staging, prod/);
  });

  it("refuses settings that nothing reads, with what was probably meant", async () => {
    await expect(runProgram("dev", { kuberntesVersion: "1.36" })).rejects.toThrow(
      /aks-mesh:kuberntesVersion is no setting\. Did you mean kubernetesVersion\?.*pulumi config rm kuberntesVersion/,
    );
  });

  it("sends spans where a stack says so, and has a Jaeger for them where that is in the cluster", async () => {
    const types = (registered: Registered[]) => registered.map(({ type }) => type);
    const traced = await runProgram("dev", { tracing: "cluster" });
    expect(types(traced)).toContain("aks-mesh:index:TraceCollector");
    const meshConfig = traced.find(({ type }) => type.endsWith(":MeshConfigPatch"));
    expect(meshConfig?.inputs["spec"]).toMatchObject({
      observability: { tracing: { enable: true, address: "jaeger.mesh-tracing.svc.cluster.local", port: 9411 } },
    });
    const elsewhere = await runProgram("dev", { tracing: "http://otel.tracing.svc.cluster.local:9411" });
    expect(types(elsewhere)).not.toContain("aks-mesh:index:TraceCollector");
    expect(types(await runProgram("dev", { tracing: "off" }))).not.toContain("aks-mesh:index:TraceCollector");
    await expect(runProgram("dev", { tracing: "on" })).rejects.toThrow(
      /aks-mesh:tracing is "on": write off, cluster or/,
    );
  });

  it("has Kiali on Istio with a Prometheus in the cluster, and nowhere else", async () => {
    const istio = { mesh: "istio", meshRevisions: JSON.stringify(["asm-1-30"]), kiali: "true" };
    const registered = await runProgram("dev", { ...istio, metrics: "cluster" });
    expect(registered.map(({ type }) => type)).toContain("kubernetes:helm.sh/v3:Release");
    await expect(runProgram("dev", { ...istio, metrics: "on" })).rejects.toThrow(/Azure's wants tokens of Entra ID/);
    await expect(runProgram("dev", istio)).rejects.toThrow(/pulumi config set metrics cluster/);
    await expect(runProgram("dev", { kiali: "true", metrics: "cluster" })).rejects.toThrow(
      /the mesh is osm: Kiali reads Istio's/,
    );
  });

  it("runs on Istio where a stack says so, with the revision that new pods get first", async () => {
    const meshRevisions = JSON.stringify(["asm-1-30", "asm-1-29"]);
    const registered = await runProgram("dev", { mesh: "istio", meshRevisions });
    expect(cluster(registered)).toMatchObject({
      addonProfiles: { openServiceMesh: { enabled: false } },
      serviceMeshProfile: { mode: "Istio", istio: { revisions: ["asm-1-29", "asm-1-30"] } },
    });
    const names = (type: RegExp): string[] => registered.filter((one) => type.test(one.type)).map(({ name }) => name);
    expect(new Set(names(/FeatureRegistration$/))).toEqual(new Set(["EncryptionAtHost"]));
    expect(names(/:ConfigMap$/)).toEqual(["aks-mesh-dev-asm-1-30", "aks-mesh-dev-asm-1-29"]);
    expect(registered.map(({ type }) => type).join()).not.toMatch(/smi-spec|openservicemesh/);
    const namespaces = registered.filter(({ type }) => type.endsWith("core/v1:Namespace"));
    expect(namespaces.map(({ inputs }) => inputs["metadata"])).toContainEqual({
      ...{ name: "bookstore", labels: { "istio.io/rev": "asm-1-30" }, annotations: {} },
    });
    expect(registered.map(({ type }) => type)).toContain("kubernetes:security.istio.io/v1:AuthorizationPolicy");
  });

  it("names a tag in place of the revision where a stack has one, and moves the tag with the revision", async () => {
    const tagged = async (...meshRevisions: string[]) => {
      const settings = { mesh: "istio", meshRevisionTag: "prod", meshRevisions: JSON.stringify(meshRevisions) };
      const registered = await runProgram("dev", settings);
      const inputs = (type: RegExp) => registered.filter((one) => type.test(one.type)).map((one) => one.inputs);
      const [webhook] = inputs(/:MutatingWebhookConfiguration$/) as [
        { webhooks: { clientConfig: { service: { name: string } } }[] },
      ];
      const [pods] = inputs(/:StatefulSet$/) as [{ spec: { template: { metadata: { annotations: object } } } }];
      return {
        namespaces: inputs(/core\/v1:Namespace$/).map(({ metadata }) => metadata),
        points: webhook.webhooks.map(({ clientConfig }) => clientConfig.service.name),
        pods: pods.spec.template.metadata.annotations,
      };
    };
    const before = await tagged("asm-1-29", "asm-1-30");
    const after = await tagged("asm-1-30", "asm-1-29");
    expect(before.namespaces).toContainEqual({
      ...{ name: "bookstore", labels: { "istio.io/rev": "prod" }, annotations: {} },
    });
    expect(after.namespaces).toEqual(before.namespaces);
    expect(before.points).toEqual(["istiod-asm-1-29", "istiod-asm-1-29"]);
    expect(after.points).toEqual(["istiod-asm-1-30", "istiod-asm-1-30"]);
    expect(after.pods).toEqual({ "aks-mesh/mesh-revision": "asm-1-30" });
  });

  it.each([
    ["osm-off", "Disabled", undefined, undefined, /monitored-by/],
    ["permissive", "Istio", "PERMISSIVE", "asm-1-30", /istio\.io\/rev/],
    ["strict", "Istio", "STRICT", "asm-1-30", /istio\.io\/rev/],
    ["istio-off", "Disabled", undefined, "none", /monitored-by/],
  ])("keeps the policies of Open Service Mesh between two meshes: %s", async (stage, mode, mtls, made, marks) => {
    const istio = stage !== "istio-off";
    const registered = await runProgram("dev", {
      ...{ mesh: istio ? "istio" : "osm", meshMigration: stage },
      ...(istio && { meshRevisions: '["asm-1-30"]' }),
    });
    expect(cluster(registered)).toMatchObject({
      addonProfiles: { openServiceMesh: { enabled: false } },
      serviceMeshProfile: { mode },
    });
    const inputs = (type: RegExp) => registered.filter((one) => type.test(one.type)).map((one) => one.inputs);
    // On the way back its kinds may be yet to come.
    expect(inputs(/TrafficTarget$/).length > 0).toBe(istio);
    expect(inputs(/AuthorizationPolicy$/)).toEqual([]);
    expect(inputs(/PeerAuthentication$/)).toMatchObject(mtls === undefined ? [] : [{ spec: { mtls: { mode: mtls } } }]);
    expect(JSON.stringify(inputs(/:Namespace$/))).toMatch(marks);
    const [pods] = inputs(/:StatefulSet$/) as [{ spec: { template: { metadata: { annotations?: object } } } }];
    const annotations = made === undefined ? undefined : { "aks-mesh/mesh-revision": made };
    expect(pods.spec.template.metadata.annotations).toEqual(annotations);
  });

  it.each([
    [{ meshMigration: "half" }, /aks-mesh:meshMigration is "half", and is one of planned, osm-off/],
    [{ meshMigration: "strict" }, /"strict", a stage on the way to istio, and the mesh is osm.*pulumi config rm/],
    [{ mesh: "istio", meshMigration: "planned" }, /"planned", which is for previews alone/],
    [{ mesh: "linkerd" }, /aks-mesh:mesh is "linkerd": write osm or istio/],
    [{ meshRevisions: '["asm-1-30"]' }, /meshRevisions.*the mesh is osm.*pulumi config rm meshRevisions/],
    [{ meshRevisionTag: "prod" }, /meshRevisionTag.*the mesh is osm.*pulumi config rm meshRevisionTag/],
    [{ mesh: "istio", meshRevisionTag: "asm-1-30" }, /meshRevisionTag: "asm-1-30" is the name of a revision/],
    [{ mesh: "istio" }, /could not be asked which revisions of Istio.*pulumi config set/],
    [{ authorizedIpRanges: '["office"]' }, /authorizedIpRanges\[0\] is "office"\. Write an IPv4 address or range/],
    [{ nodeSubnetId: "nodes" }, /nodeSubnetId.*Microsoft.Network/],
    [{ kubernetesVersion: "1.37" }, /kubernetesVersion.*Write 1\.36/],
  ])("refuses %j", async (settings, text) => {
    await expect(runProgram("dev", settings)).rejects.toThrow(text);
  });

  it("refuses a login that kubelogin does not know", async () => {
    await expect(runProgram("dev", { kubeconfigLogin: "password" })).rejects.toThrow(
      /kubeconfigLogin is "password".*azurecli/,
    );
  });
});
