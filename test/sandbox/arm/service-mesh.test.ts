import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type JsonObject, objectAt, stringsAt } from "../../../sandbox/arm/json";
import { clusterPath, clusterWith, createCluster, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await startTestEmulator();
  await emulator.control("PUT", "settings", { requireFeature: false });
  await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westus2" });
});
afterEach(() => emulator.close());

const revisionsPath = "/subscriptions/SUB/providers/Microsoft.ContainerService/locations/westus2/meshRevisionProfiles";
const meshed = (istio: JsonObject = {}, properties: JsonObject = {}): JsonObject =>
  clusterWith({ ...properties, serviceMeshProfile: { mode: "Istio", istio } });
const with_ = (...revisions: string[]): JsonObject => meshed({ revisions });

async function update(body: JsonObject, version = "2026-05-01") {
  const answer = await emulator.arm("PUT", `${clusterPath}?api-version=${version}`, body);
  if (answer.status < 300) await emulator.finish(answer);
  return answer;
}
const profile = async (version = "2026-05-01"): Promise<JsonObject> =>
  objectAt(
    (await emulator.arm("GET", `${clusterPath}?api-version=${version}`)).body,
    "properties",
    "serviceMeshProfile",
  );
const revisions = async (): Promise<string[]> => stringsAt(await profile(), "istio", "revisions");
const reached = (): readonly string[] | undefined => [...emulator.backend.clusters.values()][0]?.istio;
const reason = (text: string): string => `Requested change in revisions is not allowed. Reason: ${text}.`;

describe("revisions of the Istio add-on", () => {
  it("are listed for a region, all meshes or the one", async () => {
    const { body } = await emulator.arm("GET", revisionsPath);
    expect(body).toMatchObject({
      value: [
        {
          name: "istio",
          type: "Microsoft.ContainerService/locations/meshRevisionProfiles",
          properties: {
            meshRevisions: [
              {
                revision: "asm-1-29",
                upgrades: ["asm-1-30"],
                compatibleWith: [
                  { name: "KubernetesOfficial", versions: ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"] },
                  { name: "AKSLongTermSupport" },
                ],
              },
              { revision: "asm-1-30", upgrades: [] },
            ],
          },
        },
      ],
    });
    const one = await emulator.arm("GET", `${revisionsPath}/istio`);
    expect([one.body]).toEqual(body["value"]);
    expect((await emulator.arm("GET", `${revisionsPath}/linkerd`)).status).toBe(404);
  });

  it("go out of support when a newer one is released", async () => {
    expect((await emulator.control("POST", "releases", { meshRevision: "asm-1-33" })).status).toBe(400);
    await emulator.control("POST", "releases", { meshRevision: "asm-1-31" });
    const { body } = await emulator.arm("GET", `${revisionsPath}/istio`);
    expect(objectAt(body, "properties")["meshRevisions"]).toMatchObject([
      { revision: "asm-1-30", upgrades: ["asm-1-31"] },
      { revision: "asm-1-31", compatibleWith: [{ versions: ["1.33", "1.34", "1.35", "1.36", "1.37"] }, {}] },
    ]);
  });
});

describe("the Istio add-on of a new cluster", () => {
  it("gets the revision before the newest where none is named, and init containers with it", async () => {
    expect((await update(meshed())).status).toBe(201);
    expect(await profile()).toEqual({
      mode: "Istio",
      istio: { revisions: ["asm-1-29"], components: { proxyRedirectionMechanism: "InitContainers" } },
    });
    expect(reached()).toEqual(["asm-1-29"]);
  });

  it("gets the CNI plug-in with asm-1-30, which older API versions do not know", async () => {
    await update(with_("asm-1-30"));
    expect(objectAt(await profile(), "istio", "components")).toEqual({ proxyRedirectionMechanism: "CNIChaining" });
    expect(objectAt(await profile("2025-09-01"), "istio")).toEqual({ revisions: ["asm-1-30"], components: {} });
    const named = meshed({ components: { proxyRedirectionMechanism: "InitContainers" } });
    expect(errorOf(await update(named, "2025-09-01"))).toMatchObject({ code: "UnmarshalError" });
    expect((await update(named)).status).toBe(200);
    expect(objectAt(await profile(), "istio", "components")).toEqual({ proxyRedirectionMechanism: "InitContainers" });
  });

  it.each([
    ["asm-1-28", "Revision asm-1-28 is not supported by the service mesh add-on"],
    ["asm-1-99", "Revision asm-1-99 is not supported by the service mesh add-on"],
    ["1.27", "Revision 1.27 is not supported by the service mesh add-on"],
  ])("is not installed with %s", async (revision, text) => {
    const answer = await update(with_(revision));
    expect({ status: answer.status, ...errorOf(answer) }).toMatchObject({
      status: 400,
      code: "BadRequest",
      message: reason(text),
    });
    expect(emulator.backend.clusters.size).toBe(0);
  });

  it("is installed with one revision, which takes the cluster's version of Kubernetes", async () => {
    expect(errorOf(await update(with_("asm-1-29", "asm-1-30"))).message).toBe(
      reason("A mesh is installed with one revision; the second begins an upgrade"),
    );
    const preview = clusterWith({ kubernetesVersion: "1.37", serviceMeshProfile: { mode: "Istio" } });
    expect(errorOf(await update(preview)).message).toBe(
      reason("No revision supported by the service mesh add-on is compatible with cluster version 1.37.2"),
    );
    const named = meshed({ revisions: ["asm-1-30"] }, { kubernetesVersion: "1.37" });
    expect(errorOf(await update(named)).message).toBe(
      reason("Revision asm-1-30 is not compatible with cluster version 1.37.2"),
    );
  });

  const vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v";
  const plugin = {
    keyVaultId: vault,
    certObjectName: "ca-cert",
    keyObjectName: "ca-key",
    rootCertObjectName: "root-cert",
    certChainObjectName: "cert-chain",
  };
  const secrets = { addonProfiles: { azureKeyvaultSecretsProvider: { enabled: true } } };
  const egress = { enabled: true, name: "out", gatewayConfigurationName: "routes" };
  const static_ = { networkProfile: { staticEgressGatewayProfile: { enabled: true } } };
  const gateways = (...egressGateways: JsonObject[]): JsonObject => ({ components: { egressGateways } });

  it.each<[string, string, JsonObject]>([
    [
      "BadRequest",
      "AzureKeyvaultSecretsProvider addon is required for Azure Service Mesh plugin certificate authority feature",
      meshed({ certificateAuthority: { plugin } }),
    ],
    [
      "InvalidParameter",
      "istio.certificateAuthority.plugin.certChainObjectName",
      meshed({ certificateAuthority: { plugin: { ...plugin, certChainObjectName: "" } } }, secrets),
    ],
    [
      "InvalidParameter",
      "'v' is no resource id of a key vault",
      meshed({ certificateAuthority: { plugin: { ...plugin, keyVaultId: "v" } } }, secrets),
    ],
    [
      "InvalidParameter",
      "there may be one ingress gateway of the mode external",
      meshed({
        components: {
          ingressGateways: [
            { enabled: true, mode: "External" },
            { enabled: false, mode: "External" },
          ],
        },
      }),
    ],
    ["BadRequest", "networkProfile.staticEgressGatewayProfile.enabled has to be true", meshed(gateways(egress))],
    ["InvalidParameter", "'Out' has to be a DNS name", meshed(gateways({ ...egress, name: "Out" }), static_)],
    ["InvalidParameter", "has to be a DNS name", meshed(gateways({ ...egress, name: "o".repeat(54) }), static_)],
    ["InvalidParameter", "a StaticGatewayConfiguration", meshed(gateways({ enabled: true, name: "out" }), static_)],
    ["InvalidParameter", "'aks-istio-egress/out' is there twice", meshed(gateways(egress, egress), static_)],
  ])("is refused with %s: %s", async (code, text, body) => {
    const answer = await update(body);
    expect({ status: answer.status, ...errorOf(answer) }).toMatchObject({ status: 400, code });
    expect(errorOf(answer).message).toContain(text);
    expect(emulator.backend.clusters.size).toBe(0);
  });

  it("takes gateways and a certificate authority from Key Vault", async () => {
    const body = meshed(
      {
        certificateAuthority: { plugin },
        components: {
          ingressGateways: [{ enabled: true, mode: "Internal" }],
          egressGateways: [egress, { ...egress, namespace: "shop" }],
        },
      },
      { ...secrets, ...static_ },
    );
    expect((await update(body)).status).toBe(201);
    expect(await profile()).toMatchObject({
      istio: {
        certificateAuthority: { plugin },
        components: { egressGateways: [{ namespace: "aks-istio-egress" }, { namespace: "shop" }] },
      },
    });
  });

  it("does not come to a mesh that signs by itself and runs", async () => {
    await update(meshed({}, secrets));
    const answer = await update(meshed({ certificateAuthority: { plugin } }));
    expect(errorOf(answer)).toMatchObject({
      code: "BadRequest",
      message: expect.stringContaining("Disable the mesh first"),
    });
    await update(clusterWith({ serviceMeshProfile: { mode: "Disabled" } }));
    expect((await update(meshed({ certificateAuthority: { plugin } }))).status).toBe(200);
  });
});

describe("a mesh that runs", () => {
  beforeEach(() =>
    createCluster(emulator, meshed({ components: { ingressGateways: [{ enabled: true, mode: "External" }] } })),
  );

  const upgrades = async (): Promise<unknown> => (await emulator.arm("GET", `${clusterPath}/meshUpgradeProfiles`)).body;
  const to = (...names: string[]): JsonObject => ({ value: [{ name: "istio", properties: { upgrades: names } }] });

  it("keeps what a later request leaves out, and forgets all when it is switched off", async () => {
    await update(clusterWith({}));
    await update(clusterWith({ serviceMeshProfile: { mode: "Istio", istio: { components: {} } } }));
    expect(await profile()).toMatchObject({
      istio: { revisions: ["asm-1-29"], components: { ingressGateways: [{ mode: "External" }] } },
    });
    await update(clusterWith({ serviceMeshProfile: { mode: "Disabled" } }));
    expect(await profile()).toEqual({ mode: "Disabled" });
    expect(reached()).toEqual([]);
    expect(await upgrades()).toEqual({ value: [] });
  });

  it("is upgraded by a second revision, and completed or rolled back by leaving one out", async () => {
    expect(await upgrades()).toMatchObject(to("asm-1-30"));
    expect((await update(with_("asm-1-30", "asm-1-29"))).status).toBe(200);
    expect(await revisions()).toEqual(["asm-1-29", "asm-1-30"]);
    expect(reached()).toEqual(["asm-1-29", "asm-1-30"]);
    expect(await upgrades()).toMatchObject(to());
    expect((await update(with_("asm-1-29"))).status).toBe(200);
    expect(reached()).toEqual(["asm-1-29"]);
    await update(with_("asm-1-29", "asm-1-30"));
    await update(with_("asm-1-30"));
    expect(reached()).toEqual(["asm-1-30"]);
    expect(await upgrades()).toMatchObject({ value: [{ properties: { revision: "asm-1-30", upgrades: [] } }] });
    const one = await emulator.arm("GET", `${clusterPath}/meshUpgradeProfiles/istio`);
    expect(one.body).toMatchObject({ properties: { revision: "asm-1-30" } });
  });

  it("takes no other step", async () => {
    expect(errorOf(await update(with_("asm-1-30"))).message).toBe(
      reason("Revision asm-1-29 cannot be replaced at once: an upgrade begins with both revisions"),
    );
    await update(with_("asm-1-29", "asm-1-30"));
    await update(with_("asm-1-30"));
    expect(errorOf(await update(with_("asm-1-29", "asm-1-30"))).message).toBe(
      reason("Revision asm-1-30 cannot be upgraded to asm-1-29 on cluster version 1.35.4. Available upgrades: []"),
    );
    await emulator.control("POST", "releases", { meshRevision: "asm-1-31" });
    await update(with_("asm-1-30", "asm-1-31"));
    await emulator.control("POST", "releases", { meshRevision: "asm-1-32" });
    expect(errorOf(await update(with_("asm-1-31", "asm-1-32"))).message).toBe(
      reason("An upgrade from asm-1-30 to asm-1-31 is in progress: complete it or roll it back first"),
    );
    expect(await revisions()).toEqual(["asm-1-30", "asm-1-31"]);
  });

  it("may skip a revision while the next one is supported, and goes to the nearest one where it is not", async () => {
    await emulator.control("POST", "releases", { meshRevision: "asm-1-31" });
    expect(await upgrades()).toMatchObject(to("asm-1-30", "asm-1-31"));
    await emulator.control("POST", "releases", { meshRevision: "asm-1-32" });
    // 1.35 is taken by both; asm-1-30 is gone, so that asm-1-31 is the nearest.
    expect(await upgrades()).toMatchObject(to("asm-1-31"));
    expect(errorOf(await update(with_("asm-1-29", "asm-1-32"))).message).toContain("Available upgrades: [asm-1-31]");
    // The revision that runs stays, though no mesh is installed with it any more.
    expect((await update(with_("asm-1-29"))).status).toBe(200);
    expect((await update(with_("asm-1-29", "asm-1-31"))).status).toBe(200);
  });

  it("holds back a version of Kubernetes that its revision does not take", async () => {
    expect((await update(clusterWith({ kubernetesVersion: "1.36" }))).status).toBe(200);
    expect(errorOf(await update(clusterWith({ kubernetesVersion: "1.37" }))).message).toMatch(
      /^Upgrading Kubernetes to 1\.37\.2 is not allowed: revision asm-1-29 of the service mesh add-on is not compatible/,
    );
    await emulator.control("POST", "releases", { meshRevision: "asm-1-31" });
    await update(with_("asm-1-29", "asm-1-31"));
    await update(with_("asm-1-31"));
    expect((await update(clusterWith({ kubernetesVersion: "1.37" }))).status).toBe(200);
  });
});
