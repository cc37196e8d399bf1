import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { type JsonObject, objectAt, stringAt } from "../../../sandbox/arm/json";
import {
  clusterPath,
  clusterWith,
  createCluster,
  errorOf,
  smallCluster,
  startTestEmulator,
  type TestEmulator,
} from "./emulator";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await startTestEmulator();
  await emulator.control("PUT", "settings", { requireFeature: false });
  await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westus2" });
});
afterEach(() => emulator.close());

const clusterId = (): string =>
  clusterPath.replace("SUB", emulator.identity.subscriptionId).replace("resourceGroups", "resourcegroups");
const plane = () => emulator.backend.clusters.get(clusterId().toLowerCase());

describe("a new cluster", () => {
  it("takes its time, then is as Azure was recorded to return it", async () => {
    const made = await emulator.arm("PUT", clusterPath, smallCluster);
    expect(made).toMatchObject({ status: 201, body: { properties: { provisioningState: "Creating" } } });
    expect(made.headers["azure-asyncoperation"]).toContain(
      "/providers/Microsoft.ContainerService/locations/westus2/operations/",
    );
    expect(made.headers["x-ms-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect((await emulator.finish(made)).body).toMatchObject({ status: "Succeeded", endTime: expect.any(String) });
    const { body } = await emulator.arm("GET", clusterPath);
    const nodes = "MC_rg_mesh_westus2";
    expect(body).toMatchObject({
      id: clusterId(),
      name: "mesh",
      type: "Microsoft.ContainerService/ManagedClusters",
      location: "westus2",
      sku: { name: "Base", tier: "Free" },
      identity: { type: "SystemAssigned", tenantId: emulator.identity.tenantId, principalId: expect.any(String) },
      properties: {
        provisioningState: "Succeeded",
        powerState: { code: "Running" },
        kubernetesVersion: "1.35",
        currentKubernetesVersion: "1.35.4",
        dnsPrefix: "pulumi",
        fqdn: expect.stringMatching(/^pulumi-\w{8}\.hcp\.westus2\.azmk8s\.io$/),
        azurePortalFQDN: expect.stringMatching(/^pulumi-\w{8}\.portal\.hcp\.westus2\.azmk8s\.io$/),
        enableRBAC: true,
        maxAgentPools: 100,
        nodeResourceGroup: nodes,
        servicePrincipalProfile: { clientId: "msi" },
        supportPlan: "KubernetesOfficial",
        oidcIssuerProfile: { enabled: false },
        securityProfile: {},
        workloadAutoScalerProfile: {},
        storageProfile: {
          diskCSIDriver: { enabled: true },
          fileCSIDriver: { enabled: true },
          snapshotController: { enabled: true },
        },
        identityProfile: {
          kubeletidentity: {
            resourceId: `/subscriptions/${emulator.identity.subscriptionId}/resourcegroups/${nodes}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mesh-agentpool`,
          },
        },
        networkProfile: {
          networkPlugin: "azure",
          networkPluginMode: "overlay",
          networkDataplane: "azure",
          podCidr: "10.244.0.0/16",
          podCidrs: ["10.244.0.0/16"],
          serviceCidr: "10.0.0.0/16",
          serviceCidrs: ["10.0.0.0/16"],
          dnsServiceIP: "10.0.0.10",
          outboundType: "loadBalancer",
          loadBalancerSku: "standard",
          loadBalancerProfile: { managedOutboundIPs: { count: 1 } },
          ipFamilies: ["IPv4"],
        },
        agentPoolProfiles: [
          {
            name: "systempool",
            count: 2,
            currentOrchestratorVersion: "1.35.4",
            enableAutoScaling: false,
            enableFIPS: false,
            enableNodePublicIP: false,
            kubeletDiskType: "OS",
            maxPods: 250,
            mode: "System",
            orchestratorVersion: "1.35",
            osDiskSizeGB: 128,
            osDiskType: "Managed",
            osSKU: "Ubuntu",
            osType: "Linux",
            powerState: { code: "Running" },
            provisioningState: "Succeeded",
            scaleDownMode: "Delete",
            type: "VirtualMachineScaleSets",
            upgradeSettings: { maxSurge: "10%" },
            vmSize: "standard_d2s_v3",
          },
        ],
      },
    });
    expect(plane()).toMatchObject({
      mesh: false,
      pools: [{ name: "systempool", mode: "System", count: 2, maxPods: 250 }],
      spec: { serviceCidr: "10.0.0.0/16", location: "westus2", nodeResourceGroup: nodes },
    });
    const group = await emulator.arm("GET", `/subscriptions/SUB/resourceGroups/${nodes}`);
    expect(group.body["managedBy"]).toBe(clusterId());
  });

  it("is found whatever the casing, in its group and in the subscription", async () => {
    await createCluster(emulator);
    expect((await emulator.arm("GET", clusterPath.toUpperCase())).body["id"]).toBe(clusterId());
    for (const list of [
      "/subscriptions/SUB/resourceGroups/RG/providers/microsoft.containerservice/managedclusters",
      "/subscriptions/SUB/providers/Microsoft.ContainerService/managedClusters",
    ]) {
      expect((await emulator.arm("GET", list)).body["value"]).toEqual([expect.objectContaining({ name: "mesh" })]);
    }
  });

  it.each<[string, string, JsonObject]>([
    ["UnmarshalError", "properties.dnsprefix", clusterWith({ dnsprefix: "x" })],
    ["UnmarshalError", "properties.networkProfile.plugin", clusterWith({ networkProfile: { plugin: "azure" } })],
    ["UnmarshalError", "properties.enableRBAC", clusterWith({ enableRBAC: "true" })],
    [
      "UnmarshalError",
      "properties.agentPoolProfiles[0].nodeTaint",
      clusterWith({ agentPoolProfiles: [{ name: "a", nodeTaint: [] }] }),
    ],
    ["UnmarshalError", "properties.agentPoolProfiles", clusterWith({ agentPoolProfiles: {} })],
    ["InvalidParameter", "properties.agentPoolProfiles[0].name", clusterWith({ agentPoolProfiles: [{ count: 1 }] })],
    ["InvalidParameter", "properties.networkProfile.podCidr", clusterWith({ networkProfile: { podCidr: "ten" } })],
    [
      "InvalidParameter",
      "properties.networkProfile.networkPolicy",
      clusterWith({ networkProfile: { networkPolicy: "weave" } }),
    ],
    ["InvalidParameter", "sku.tier", clusterWith({}, { sku: { name: "Base", tier: "Gold" } })],
    ["InvalidParameter", "location", clusterWith({}, { location: null })],
    ["InvalidParameter", "properties.agentPoolProfiles", clusterWith({ agentPoolProfiles: [] })],
    ["InvalidParameter", "identity", clusterWith({}, { identity: null })],
    ["K8sVersionNotSupported", "", clusterWith({ kubernetesVersion: "1.19" })],
    ["K8sVersionNotSupported", "", clusterWith({ kubernetesVersion: "1.32" })],
    ["InvalidParameter", "properties.dnsPrefix", clusterWith({ dnsPrefix: "-x" })],
    [
      "InvalidParameter",
      "properties.agentPoolProfiles[0].name",
      clusterWith({ agentPoolProfiles: [{ name: "Upper", mode: "System" }] }),
    ],
    [
      "InvalidParameter",
      "properties.agentPoolProfiles[0].maxPods",
      clusterWith({ agentPoolProfiles: [{ name: "a", mode: "System", maxPods: 5 }] }),
    ],
    [
      "InvalidParameter",
      "properties.agentPoolProfiles[0].minCount",
      clusterWith({ agentPoolProfiles: [{ name: "a", mode: "System", enableAutoScaling: true }] }),
    ],
    [
      "InvalidParameter",
      "properties.agentPoolProfiles[0].maxCount",
      clusterWith({ agentPoolProfiles: [{ name: "a", mode: "System", maxCount: 3 }] }),
    ],
    [
      "InvalidParameter",
      "properties.agentPoolProfiles[0].nodeTaints",
      clusterWith({ agentPoolProfiles: [{ name: "a", mode: "System", nodeTaints: ["x"] }] }),
    ],
    [
      "InvalidParameter",
      "properties.agentPoolProfiles",
      clusterWith({ agentPoolProfiles: [{ name: "a", mode: "User" }] }),
    ],
    [
      "AvailabilityZoneNotSupported",
      "properties.agentPoolProfiles[0].availabilityZones",
      clusterWith(
        { agentPoolProfiles: [{ name: "a", mode: "System", availabilityZones: ["1"] }] },
        { location: "westus" },
      ),
    ],
    [
      "SubscriptionNotEnabledEncryptionAtHost",
      "enableEncryptionAtHost",
      clusterWith({ agentPoolProfiles: [{ name: "a", mode: "System", enableEncryptionAtHost: true }] }),
    ],
    [
      "BadRequest",
      "properties.serviceMeshProfile.mode",
      clusterWith({
        addonProfiles: { OpenServiceMesh: { enabled: true } },
        serviceMeshProfile: { mode: "Istio", istio: { revisions: ["asm-1-27"] } },
      }),
    ],
    [
      "BadRequest",
      "properties.addonProfiles.openServiceMesh",
      clusterWith({
        addonProfiles: { openservicemesh: { enabled: true } },
        agentPoolProfiles: [
          { name: "a", mode: "System" },
          { name: "win", osType: "Windows", mode: "User" },
        ],
      }),
    ],
    [
      "InvalidParameter",
      "properties.metricsProfile.costAnalysis.enabled",
      clusterWith({ metricsProfile: { costAnalysis: { enabled: true } } }),
    ],
    [
      "InvalidParameter",
      "properties.securityProfile.defender.logAnalyticsWorkspaceResourceId",
      clusterWith({ securityProfile: { defender: { securityMonitoring: { enabled: true } } } }),
    ],
    [
      "InvalidParameter",
      "properties.securityProfile.azureKeyVaultKms",
      clusterWith({ securityProfile: { azureKeyVaultKms: { enabled: true, keyId: "k" } } }),
    ],
    [
      "InvalidParameter",
      "properties.securityProfile.workloadIdentity.enabled",
      clusterWith({ securityProfile: { workloadIdentity: { enabled: true } } }),
    ],
    [
      "InvalidParameter",
      "properties.networkProfile.networkPluginMode",
      clusterWith({ networkProfile: { networkPlugin: "kubenet", networkPluginMode: "overlay" } }),
    ],
    [
      "InvalidParameter",
      "properties.networkProfile.networkDataplane",
      clusterWith({ networkProfile: { networkPlugin: "azure", networkDataplane: "cilium" } }),
    ],
    [
      "InvalidParameter",
      "properties.networkProfile.networkPolicy",
      clusterWith({ networkProfile: { networkPolicy: "cilium" } }),
    ],
    [
      "InvalidParameter",
      "properties.networkProfile.dnsServiceIP",
      clusterWith({ networkProfile: { serviceCidr: "10.9.0.0/16", dnsServiceIP: "10.0.0.10" } }),
    ],
    [
      "InvalidParameter",
      "properties.networkProfile.podCidr",
      clusterWith({ networkProfile: { podCidr: "10.0.128.0/17" } }),
    ],
    [
      "InvalidParameter",
      "properties.autoUpgradeProfile.nodeOSUpgradeChannel",
      clusterWith({ autoUpgradeProfile: { upgradeChannel: "node-image", nodeOSUpgradeChannel: "None" } }),
    ],
    [
      "InvalidParameter",
      "properties.kubernetesVersion",
      clusterWith({ kubernetesVersion: "1.34.4", autoUpgradeProfile: { upgradeChannel: "patch" } }),
    ],
    [
      "InvalidParameter",
      "properties.nodeProvisioningProfile.mode",
      clusterWith({
        nodeProvisioningProfile: { mode: "Auto" },
        agentPoolProfiles: [{ name: "a", mode: "System", enableAutoScaling: true, minCount: 1, maxCount: 2 }],
      }),
    ],
    [
      "InvalidParameter",
      "properties.apiServerAccessProfile.authorizedIPRanges",
      clusterWith({ apiServerAccessProfile: { enablePrivateCluster: true, authorizedIPRanges: ["192.0.2.0/24"] } }),
    ],
    [
      "InvalidParameter",
      "properties.apiServerAccessProfile.privateDNSZone",
      clusterWith({
        apiServerAccessProfile: {
          enablePrivateCluster: true,
          privateDNSZone: "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/privateDnsZones/wrong.example",
        },
      }),
    ],
    [
      "InvalidParameter",
      "properties.identityProfile.kubeletidentity",
      clusterWith({
        identityProfile: {
          kubeletidentity: {
            resourceId:
              "/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity/userAssignedIdentities/k",
          },
        },
      }),
    ],
    ["InvalidParameter", "properties.disableLocalAccounts", clusterWith({ disableLocalAccounts: true })],
    [
      "InvalidParameter",
      "properties.aadProfile.enableAzureRBAC",
      clusterWith({ aadProfile: { enableAzureRBAC: true } }),
    ],
    ["InvalidParameter", "properties.supportPlan", clusterWith({ supportPlan: "AKSLongTermSupport" })],
  ])("is refused with %s at %s", async (code, target, body) => {
    const answer = await emulator.arm("PUT", clusterPath, body);
    expect({ status: answer.status, ...errorOf(answer) }).toMatchObject({ status: 400, code });
    if (target !== "") {
      expect(errorOf(answer).target).toBe(target);
      if (["UnmarshalError", "InvalidParameter", "BadRequest"].includes(code))
        expect(errorOf(answer).message).toContain(target);
    }
    expect(answer.body).toHaveProperty("subcode");
    expect((await emulator.arm("GET", clusterPath)).status).toBe(404);
    expect(emulator.backend.clusters.size).toBe(0);
  });

  it.each(["microsoftmesh", "loginmesh", "-mesh", "mesh-"])("cannot be called %s", async (name) => {
    const answer = await emulator.arm("PUT", clusterPath.replace(/mesh$/, name), smallCluster);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain(name);
  });

  it("may send back what only Azure writes", async () => {
    await createCluster(emulator);
    const { body } = await emulator.arm("GET", clusterPath);
    const answer = await emulator.arm("PUT", clusterPath, body);
    expect(errorOf(answer).message).toBe("");
    expect(answer.status).toBe(200);
  });
});

describe("an existing cluster", () => {
  beforeEach(() => createCluster(emulator));
  const update = async (body: JsonObject) => {
    const answer = await emulator.arm("PUT", clusterPath, body);
    if (answer.status === 200) await emulator.finish(answer);
    return answer;
  };

  it("keeps what a later PUT leaves out: properties, pools and add-ons", async () => {
    await update(
      clusterWith({
        addonProfiles: { openServiceMesh: { enabled: true, config: {} } },
        oidcIssuerProfile: { enabled: true },
      }),
    );
    expect(plane()?.mesh).toBe(true);
    await update({
      location: "westus2",
      tags: { a: "b" },
      properties: { addonProfiles: { azurepolicy: { enabled: true } } },
    });
    const { body } = await emulator.arm("GET", clusterPath);
    expect(body).toMatchObject({
      tags: { a: "b" },
      properties: {
        oidcIssuerProfile: {
          enabled: true,
          issuerURL: expect.stringContaining("https://westus2.oic.prod-aks.azure.com/"),
        },
        addonProfiles: {
          openServiceMesh: { enabled: true, config: null },
          azurepolicy: { enabled: true, identity: expect.anything() },
        },
        agentPoolProfiles: [{ name: "systempool" }],
      },
    });
    expect(plane()?.mesh).toBe(true);
    await update(clusterWith({ addonProfiles: { OPENSERVICEMESH: { enabled: false } } }));
    expect(plane()?.mesh).toBe(false);
    expect(Object.keys(objectAt((await emulator.arm("GET", clusterPath)).body, "properties", "addonProfiles"))).toEqual(
      ["openServiceMesh", "azurepolicy"],
    );
  });

  it.each<[string, JsonObject]>([
    ["dnsPrefix", { dnsPrefix: "other" }],
    ["nodeResourceGroup", { nodeResourceGroup: "other" }],
    ["enableRBAC", { enableRBAC: false }],
    ["diskEncryptionSetID", { diskEncryptionSetID: "/subscriptions/s/x" }],
    ["networkProfile.serviceCidr", { networkProfile: { serviceCidr: "10.9.0.0/16" } }],
    ["networkProfile.podCidr", { networkProfile: { podCidr: "10.9.0.0/16" } }],
    ["networkProfile.networkPlugin", { networkProfile: { networkPlugin: "kubenet" } }],
    ["apiServerAccessProfile.enablePrivateCluster", { apiServerAccessProfile: { enablePrivateCluster: true } }],
    [
      "properties.agentPoolProfiles[0].vmSize",
      { agentPoolProfiles: [{ name: "systempool", mode: "System", count: 2, vmSize: "Standard_D8s_v5" }] },
    ],
    [
      "properties.agentPoolProfiles[0].maxPods",
      { agentPoolProfiles: [{ name: "systempool", mode: "System", count: 2, maxPods: 50 }] },
    ],
  ])("does not change its %s", async (property, properties) => {
    const answer = await update({ location: "westus2", properties });
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: "PropertyChangeNotAllowed",
      message: `Changing property '${property}' is not allowed.`,
    });
  });

  it("does not move, and takes no new pool", async () => {
    expect(errorOf(await update({ ...smallCluster, location: "eastus" })).code).toBe("InvalidResourceLocation");
    const pools = [{ name: "second", mode: "User", count: 1 }];
    expect(errorOf(await update({ location: "westus2", properties: { agentPoolProfiles: pools } }))).toMatchObject({
      code: "BadRequest",
      message: expect.stringMatching(
        /^A new agent pool was introduced\. Adding agent pools to an existing cluster is not allowed/,
      ),
    });
  });

  it("scales a pool that is named", async () => {
    await update({
      location: "westus2",
      properties: { agentPoolProfiles: [{ name: "systempool", mode: "System", count: 5 }] },
    });
    expect(plane()?.pools).toMatchObject([{ name: "systempool", count: 5 }]);
  });

  it("runs one operation at a time", async () => {
    await emulator.control("PUT", "latency", { seconds: { clusterUpdate: 60 } });
    const first = await emulator.arm("PUT", clusterPath, smallCluster);
    expect(first.status).toBe(200);
    for (const second of [
      await emulator.arm("PUT", clusterPath, smallCluster),
      await emulator.arm("PUT", `${clusterPath}/agentPools/user`, { properties: { count: 1 } }),
      await emulator.arm("DELETE", clusterPath),
      await emulator.arm("PATCH", clusterPath, { tags: {} }),
    ]) {
      expect(second.status).toBe(409);
      expect(errorOf(second).code).toBe("OperationNotAllowed");
    }
    await emulator.control("PUT", "latency", { scale: 0.02 });
    await emulator.pass(60);
    await emulator.finish(first);
    expect((await emulator.arm("PATCH", clusterPath, { tags: { a: "1" } })).body["tags"]).toEqual({ a: "1" });
  });

  it("honours entity tags", async () => {
    const etag = stringAt((await emulator.arm("GET", clusterPath)).body, "eTag") ?? "";
    for (const method of ["PUT", "DELETE"]) {
      const body = method === "PUT" ? smallCluster : undefined;
      const refused = await emulator.arm(method, clusterPath, body, { "if-match": "other" });
      expect(refused.status, method).toBe(412);
      expect(errorOf(refused).code, method).toBe("EtagMismatch");
    }
    expect((await emulator.arm("PUT", clusterPath, smallCluster, { "if-none-match": "*" })).status).toBe(412);
    const answer = await emulator.arm("PUT", clusterPath, smallCluster, { "if-match": etag });
    expect(answer.status).toBe(200);
    expect(answer.body["eTag"]).not.toBe(etag);
    await emulator.finish(answer);
  });

  it("stops and starts", async () => {
    await emulator.finish(await emulator.arm("POST", `${clusterPath}/stop`));
    expect((await emulator.arm("GET", clusterPath)).body).toMatchObject({
      properties: { powerState: { code: "Stopped" } },
    });
    expect(plane()?.pools).toMatchObject([{ count: 0 }]);
    await emulator.finish(await emulator.arm("POST", `${clusterPath}/start`));
    expect(plane()?.pools).toMatchObject([{ count: 2 }]);
  });

  it("goes with its pools and its node resource group", async () => {
    await emulator.control("PUT", "latency", { seconds: { clusterDelete: 60 } });
    const answer = await emulator.arm("DELETE", clusterPath);
    expect(answer.status).toBe(202);
    expect(answer.headers).toMatchObject({ location: expect.anything(), "azure-asyncoperation": expect.anything() });
    expect((await emulator.arm("GET", clusterPath)).body).toMatchObject({
      properties: { provisioningState: "Deleting" },
    });
    await emulator.control("PUT", "latency", { scale: 0.02 });
    await emulator.pass(60);
    await emulator.finish(answer);
    expect((await emulator.arm("GET", clusterPath)).status).toBe(404);
    expect((await emulator.arm("GET", "/subscriptions/SUB/resourceGroups/MC_rg_mesh_westus2")).status).toBe(404);
    expect(emulator.backend.clusters.size).toBe(0);
    expect((await emulator.arm("DELETE", clusterPath)).status).toBe(204);
    const location = new URL(answer.headers["location"] ?? "");
    expect((await emulator.arm("GET", `${location.pathname}${location.search}`)).status).toBe(200);
  });

  it("keeps maintenance windows", async () => {
    const path = `${clusterPath}/maintenanceConfigurations`;
    const window = {
      properties: {
        maintenanceWindow: {
          schedule: { weekly: { intervalWeeks: 1, dayOfWeek: "Sunday" } },
          durationHours: 4,
          startTime: "02:00",
        },
      },
    };
    expect((await emulator.arm("PUT", `${path}/aksManagedAutoUpgradeSchedule`, window)).status).toBe(201);
    expect((await emulator.arm("GET", path)).body["value"]).toHaveLength(1);
    expect(errorOf(await emulator.arm("PUT", `${path}/mine`, window)).code).toBe("InvalidParameter");
    expect(errorOf(await emulator.arm("PUT", `${path}/default`, window)).code).toBe("InvalidParameter");
    const short = { properties: { maintenanceWindow: { ...window.properties.maintenanceWindow, durationHours: 1 } } };
    expect(errorOf(await emulator.arm("PUT", `${path}/aksManagedNodeOSUpgradeSchedule`, short)).target).toBe(
      "properties.maintenanceWindow.durationHours",
    );
  });
});

describe("credentials", () => {
  const kubeconfigOf = (body: JsonObject) => {
    const [first] = Array.isArray(body["kubeconfigs"]) ? body["kubeconfigs"] : [];
    return parse(Buffer.from(stringAt(first, "value") ?? "", "base64").toString("utf8"));
  };

  it("are a client certificate without Entra ID", async () => {
    await createCluster(emulator);
    const user = await emulator.arm("POST", `${clusterPath}/listClusterUserCredential`);
    expect(user.body).toMatchObject({ kubeconfigs: [{ name: "clusterUser" }] });
    expect(kubeconfigOf(user.body)).toMatchObject({ kind: "Config", "current-context": "mesh" });
    expect((await emulator.arm("POST", `${clusterPath}/listClusterAdminCredential`)).body).toMatchObject({
      kubeconfigs: [{ name: "clusterAdmin" }],
    });
  });

  it("send kubectl to kubelogin with Entra ID, and nobody else in when local accounts are off", async () => {
    await createCluster(
      emulator,
      clusterWith({ aadProfile: { managed: true, enableAzureRBAC: true }, disableLocalAccounts: true }),
    );
    const user = kubeconfigOf(
      (await emulator.arm("POST", `${clusterPath}/listClusterUserCredential?format=exec`)).body,
    );
    expect(user.users[0]).toMatchObject({
      name: "clusterUser_rg_mesh",
      user: {
        exec: {
          command: "kubelogin",
          args: expect.arrayContaining([
            "get-token",
            "6dae42f8-4368-4678-94ff-3960e28e3630",
            "80faf920-1908-4b52-b5ef-a8e7bedfc67a",
            emulator.identity.tenantId,
            `${emulator.url}/`,
            "--disable-instance-discovery",
          ]),
        },
      },
    });
    expect(JSON.stringify(user)).not.toContain(emulator.identity.clientSecret);
    const admin = await emulator.arm("POST", `${clusterPath}/listClusterAdminCredential`);
    expect(admin.status).toBe(400);
    expect(errorOf(admin)).toMatchObject({
      code: "BadRequest",
      message: expect.stringContaining("disable local accounts"),
    });
  });
});

describe("versions", () => {
  it("are listed in both shapes, the default among them", async () => {
    const base = "/subscriptions/SUB/providers/Microsoft.ContainerService/locations/westus2";
    const versions = await emulator.arm("GET", `${base}/kubernetesVersions`);
    expect(versions.body["values"]).toContainEqual(expect.objectContaining({ version: "1.35", isDefault: true }));
    const orchestrators = await emulator.arm("GET", `${base}/orchestrators`);
    expect(objectAt(orchestrators.body, "properties")["orchestrators"]).toContainEqual(
      expect.objectContaining({ orchestratorVersion: "1.35.4", default: true }),
    );
  });
});
