import { isSecret, type Output, output } from "@pulumi/pulumi";
import { parse } from "yaml";
import { describe, expect, it, vi } from "vitest";

import { type NodePoolArgs } from "../../../components/aks-cluster";
import { ids, minimal } from "./example";
import { build, every, only, valueOf } from "./mocks";

const pathOf = (id: string): string => id.split("/").pop() ?? "";

// A build under Pulumi's mocks takes a second on a machine with nothing else to do.
vi.setConfig({ testTimeout: 60_000 });

describe("AksCluster", () => {
  it("registers a cluster with everything that belongs to it, under names that follow from the arguments", async () => {
    const { registered } = await build(minimal);
    const names = registered.map(({ type, name }) => `${type.split(":").pop()} ${name}`).sort();
    expect(names).toEqual([
      expect.stringMatching(/^AgentPool test-system[0-9a-z]{5}$/),
      expect.stringMatching(/^AgentPool test-work[0-9a-z]{5}$/),
      "AksCluster test",
      "BootstrapRemoval test-bootstrap-removal",
      "CreateOnlySettings test-create-only-settings",
      "DataCollectionRule test-container-insights",
      "DataCollectionRuleAssociation test-container-insights",
      "DiagnosticSetting test-control-plane",
      "InlinePools test-inline-pools",
      "MaintenanceConfiguration test-aksManagedAutoUpgradeSchedule",
      "MaintenanceConfiguration test-aksManagedNodeOSUpgradeSchedule",
      "ManagedCluster test",
      "Workspace test-logs",
    ]);
  });

  it("starts with the bootstrap pool, as the first system pool under its own name", async () => {
    const { registered } = await build(minimal);
    const system = every(registered, "AgentPool").find(({ mode }) => mode === "System") ?? {};
    const { agentPoolName, resourceGroupName, resourceName, ...fields } = system;
    expect(agentPoolName).toMatch(/^system/);
    expect({ resourceGroupName, resourceName }).toEqual({ resourceGroupName: "shop-group", resourceName: "shop" });
    expect(only(registered, "ManagedCluster")["agentPoolProfiles"]).toEqual([{ ...fields, name: "bootstrap" }]);
  });

  it("asks for the cluster's version in every pool, so that an upgrade reaches the nodes", async () => {
    const { registered } = await build({ ...minimal, kubernetesVersion: "1.35" });
    expect(only(registered, "ManagedCluster")["kubernetesVersion"]).toBe("1.35");
    expect(every(registered, "AgentPool").map(({ orchestratorVersion }) => orchestratorVersion)).toEqual([
      "1.35",
      "1.35",
    ]);
  });

  it.each(["stable", "rapid"] as const)(
    "leaves the pools to the channel %s, which chooses versions",
    async (channel) => {
      const { registered } = await build({ ...minimal, kubernetesVersion: "1.35", upgrades: { channel } });
      for (const pool of every(registered, "AgentPool")) expect(pool).not.toHaveProperty("orchestratorVersion");
    },
  );

  it("names the taint and the label that AKS gives spot nodes, and no surge, which AKS refuses there", async () => {
    const [system, work] = minimal.nodePools;
    const spot = { ...work, spot: true, labels: { team: "blue" }, taints: ["batch=yes:NoSchedule"] } as NodePoolArgs;
    const { registered } = await build({ ...minimal, nodePools: [system as NodePoolArgs, spot] });
    const pool = every(registered, "AgentPool").find(({ mode }) => mode === "User");
    expect(pool).toMatchObject({
      scaleSetPriority: "Spot",
      nodeLabels: { team: "blue", "kubernetes.azure.com/scalesetpriority": "spot" },
      nodeTaints: ["batch=yes:NoSchedule", "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"],
    });
    expect(pool).not.toHaveProperty("upgradeSettings");
  });

  it("has a fixed number of nodes where the autoscaler is off", async () => {
    const pools = minimal.nodePools.map((pool) => ({ ...pool, autoscale: false, count: 2 }));
    const { registered } = await build({ ...minimal, nodePools: pools });
    for (const pool of every(registered, "AgentPool")) {
      expect(pool).toMatchObject({ enableAutoScaling: false, count: 2 });
      expect(pool).not.toHaveProperty("minCount");
      expect(pool).not.toHaveProperty("maxCount");
    }
  });

  it("names every add-on, those that are off with enabled: false", async () => {
    const off = { ...minimal, security: { azurePolicy: false, keyVaultSecrets: false, defender: false } };
    const { registered } = await build({ ...off, monitoring: { containerInsights: false, diagnostics: false } });
    const { addonProfiles, securityProfile } = only(registered, "ManagedCluster");
    expect(addonProfiles).toEqual({
      azurepolicy: { enabled: false },
      azureKeyvaultSecretsProvider: { enabled: false },
      httpApplicationRouting: { enabled: false },
      omsagent: { enabled: false },
      openServiceMesh: { enabled: false },
    });
    expect(securityProfile).toMatchObject({ defender: { securityMonitoring: { enabled: false } } });
    expect(every(registered, "Workspace")).toEqual([]);
  });

  it("enables Open Service Mesh with an empty configuration, and no other mesh", async () => {
    const { registered } = await build({ ...minimal, mesh: "OpenServiceMesh" });
    const { addonProfiles, serviceMeshProfile } = only(registered, "ManagedCluster");
    expect(addonProfiles).toMatchObject({ openServiceMesh: { enabled: true, config: {} } });
    expect(serviceMeshProfile).toEqual({ mode: "Disabled" });
  });

  it("enables Istio with its revisions, and Open Service Mesh not", async () => {
    const istio = { revisions: ["asm-1-27"], internalIngressGateway: true };
    const { registered } = await build({ ...minimal, mesh: "Istio", istio });
    const { addonProfiles, serviceMeshProfile } = only(registered, "ManagedCluster");
    expect(addonProfiles).toMatchObject({ openServiceMesh: { enabled: false } });
    expect(serviceMeshProfile).toEqual({
      mode: "Istio",
      istio: {
        revisions: ["asm-1-27"],
        components: {
          ingressGateways: [
            { mode: "External", enabled: false },
            { mode: "Internal", enabled: true },
          ],
        },
      },
    });
  });

  it("leaves the revision to AKS, and takes gateways and a certificate authority to their places", async () => {
    const istio = {
      egressGateways: [
        {
          ...{ name: "out", namespace: "shop", gatewayConfigurationName: "routes" },
          configuration: { nodePool: "out" },
        },
      ],
      certificateAuthority: {
        ...{
          keyVaultId: ids.vault,
          rootCertificate: "root",
          certificate: "ca",
          key: "ca-key",
          certificateChain: "chain",
        },
      },
    };
    const nodePools: NodePoolArgs[] = [
      ...minimal.nodePools,
      { name: "out", mode: "Gateway", vmSize: "Standard_D2ds_v5" },
    ];
    const network = { staticEgressGateway: true };
    const { registered } = await build({ ...minimal, nodePools, mesh: "Istio", istio, network });
    const gateway = every(registered, "AgentPool").find(({ mode }) => mode === "Gateway");
    expect(gateway).toMatchObject({
      count: 2,
      enableAutoScaling: false,
      gatewayProfile: { publicIPPrefixSize: 31 },
      nodeTaints: ["kubernetes.azure.com/mode=gateway:NoSchedule"],
    });
    const { serviceMeshProfile, networkProfile } = only(registered, "ManagedCluster");
    expect(networkProfile).toMatchObject({ staticEgressGatewayProfile: { enabled: true } });
    expect(serviceMeshProfile).toMatchObject({
      istio: {
        certificateAuthority: {
          plugin: {
            keyVaultId: ids.vault,
            rootCertObjectName: "root",
            certObjectName: "ca",
            keyObjectName: "ca-key",
            certChainObjectName: "chain",
          },
        },
        components: {
          egressGateways: [{ name: "out", namespace: "shop", gatewayConfigurationName: "routes", enabled: true }],
        },
      },
    });
    expect(serviceMeshProfile).not.toHaveProperty("istio.revisions");
    const [assigned] = every(registered, "RoleAssignment").filter(({ scope }) => scope === ids.vault);
    expect(pathOf(String(assigned?.["roleDefinitionId"]))).toBe("4633458b-17de-408a-b874-0445c86b69e6");
  });

  it("names revisions in one order, whichever new pods get", async () => {
    const { registered } = await build({ ...minimal, mesh: "Istio", istio: { revisions: ["asm-1-30", "asm-1-29"] } });
    expect(only(registered, "ManagedCluster")["serviceMeshProfile"]).toMatchObject({
      istio: { revisions: ["asm-1-29", "asm-1-30"] },
    });
  });

  it("writes to a workspace that is given, and makes none", async () => {
    const { registered } = await build({ ...minimal, monitoring: { workspaceId: output(ids.workspace) } });
    expect(every(registered, "Workspace")).toEqual([]);
    expect(only(registered, "DiagnosticSetting")["workspaceId"]).toBe(ids.workspace);
    expect(only(registered, "ManagedCluster")).toMatchObject({
      addonProfiles: { omsagent: { config: { logAnalyticsWorkspaceResourceID: ids.workspace } } },
      securityProfile: { defender: { logAnalyticsWorkspaceResourceId: ids.workspace } },
    });
  });

  it("makes identities where asked, and gives the control plane the roles that it needs beforehand", async () => {
    const { registered } = await build({
      ...minimal,
      kubeletIdentity: {},
      network: { nodeSubnetId: ids.subnet },
      apiServer: { privateCluster: true, privateDnsZone: ids.zone },
      security: { kms: { keyId: ids.key, keyVaultNetworkAccess: "Private", keyVaultResourceId: ids.vault } },
    });
    const [identity, kubelet] = every(registered, "UserAssignedIdentity");
    expect([identity?.["resourceName"], kubelet?.["resourceName"]]).toEqual(["shop-identity", "shop-kubelet"]);
    const granted = every(registered, "RoleAssignment").map(({ scope, roleDefinitionId }) => [
      pathOf(String(scope)),
      pathOf(String(roleDefinitionId)),
    ]);
    expect(granted.sort()).toEqual([
      ["nodes", "4d97b98b-1d4f-4787-a291-c67834d212e7"],
      ["privatelink.westeurope.azmk8s.io", "b12aa53e-6015-4669-85d0-8515ebb3ae7f"],
      ["test-kubelet", "f1a07417-d97a-45cb-824c-7a7467783830"],
      ["v", "12338af0-0e69-4776-bea7-57ae8d297424"],
      ["v", "f25e0fa2-a7c8-4377-a976-54943a77a395"],
    ]);
    expect(only(registered, "ManagedCluster")).toMatchObject({
      identity: { type: "UserAssigned" },
      identityProfile: { kubeletidentity: { resourceId: expect.stringMatching(/test-kubelet$/) as string } },
    });
  });

  it("makes administrators by a role on the cluster, under a name that does not change", async () => {
    const args = { ...minimal, access: { clusterAdmins: [{ objectId: output(ids.object), type: "User" as const }] } };
    const first = only((await build(args)).registered, "RoleAssignment");
    const again = only((await build(args)).registered, "RoleAssignment");
    expect(first).toMatchObject({ principalId: ids.object, principalType: "User" });
    expect(String(first["roleDefinitionId"])).toBe(
      "/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Authorization/roleDefinitions/" +
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    );
    expect(first["roleAssignmentName"]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(again["roleAssignmentName"]).toBe(first["roleAssignmentName"]);
  });

  it("gives a secret kubeconfig that logs in as asked, without a credential in it", async () => {
    const { cluster } = await build({ ...minimal, kubeconfigLogin: "ServicePrincipal" });
    await expect(isSecret(cluster.kubeconfig)).resolves.toBe(true);
    const config = parse(await valueOf(cluster.kubeconfig)) as { users: { user: { exec: { args: string[] } } }[] };
    expect(config.users[0]?.user.exec.args).toEqual([
      ...["get-token", "--environment", "AzurePublicCloud", "--server-id", "6dae42f8", "--tenant-id", "t"],
      ...["--login", "spn", "--use-azurerm-env-vars"],
    ]);
  });

  it("lets every child be changed before it is registered", async () => {
    const { registered } = await build({
      ...minimal,
      transform: {
        cluster: { supportPlan: "AKSLongTermSupport" },
        nodePool: (args) => ({ ...args, messageOfTheDay: "aGVsbG8=" }),
        workspace: { workspaceName: "own" },
        diagnosticSetting: { name: "own" },
        dataCollectionRule: { description: "own" },
        maintenanceConfiguration: (args) => ({ ...args, notAllowedTime: [] }),
      },
    });
    expect(only(registered, "ManagedCluster")["supportPlan"]).toBe("AKSLongTermSupport");
    expect(every(registered, "AgentPool").map(({ messageOfTheDay }) => messageOfTheDay)).toEqual([
      "aGVsbG8=",
      "aGVsbG8=",
    ]);
    expect(only(registered, "Workspace")["workspaceName"]).toBe("own");
    expect(only(registered, "DiagnosticSetting")["name"]).toBe("own");
    expect(only(registered, "DataCollectionRule")["description"]).toBe("own");
    expect(every(registered, "MaintenanceConfiguration").map(({ notAllowedTime }) => notAllowedTime)).toEqual([[], []]);
  });

  it("registers nothing when an argument is wrong", async () => {
    const failure: unknown = await build({ ...minimal, dnsPrefix: "a.b" }).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/dnsPrefix is "a\.b"/);
  });

  it("puts nothing secret and no subscription into the outputs that it names", async () => {
    const { cluster } = await build(minimal);
    const plain: Output<string>[] = [cluster.clusterId, cluster.clusterName, cluster.workspaceId];
    expect(await Promise.all(plain.map(isSecret))).toEqual([false, false, false]);
  });
});
