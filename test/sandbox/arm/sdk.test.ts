import { type AgentPool, ContainerServiceClient } from "@azure/arm-containerservice";
import { ClientSecretCredential } from "@azure/identity";
import { afterAll, beforeAll, expect, it } from "vitest";

import { startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

it("Microsoft's SDK makes, reads, changes and deletes a cluster and its pools", { timeout: 600_000 }, async () => {
  const { tenantId, clientId, clientSecret, subscriptionId } = emulator.identity;
  const tlsOptions = { ca: emulator.ca };
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost: emulator.url,
    disableInstanceDiscovery: true,
    tlsOptions,
  });
  const client = new ContainerServiceClient(credential, subscriptionId, { endpoint: emulator.url, tlsOptions });
  const polling = { updateIntervalInMs: 20 };
  await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westeurope" });

  const made = await client.managedClusters.beginCreateOrUpdateAndWait(
    "rg",
    "mesh",
    {
      location: "westeurope",
      identity: { type: "SystemAssigned" },
      dnsPrefix: "mesh",
      agentPoolProfiles: [{ name: "system", mode: "System", count: 1, vmSize: "Standard_D4s_v5" }],
    },
    polling,
  );
  expect(made).toMatchObject({
    provisioningState: "Succeeded",
    currentKubernetesVersion: "1.35.4",
    nodeResourceGroup: "MC_rg_mesh_westeurope",
  });

  const pool = await client.agentPools.beginCreateOrUpdateAndWait(
    "rg",
    "mesh",
    "user",
    { count: 2, mode: "User" },
    polling,
  );
  expect(pool).toMatchObject({
    provisioningState: "Succeeded",
    count: 2,
    typePropertiesType: "VirtualMachineScaleSets",
  });
  const names = [];
  for await (const listed of client.agentPools.list("rg", "mesh")) names.push(listed.name);
  expect(names).toEqual(["system", "user"]);

  const change = (settings: AgentPool): Promise<AgentPool> =>
    client.agentPools.beginCreateOrUpdateAndWait("rg", "mesh", "user", settings, polling);
  expect(await change({ enableAutoScaling: true, minCount: 1, maxCount: 3 })).toMatchObject({
    minCount: 1,
    maxCount: 3,
  });
  const fixed = await change({ enableAutoScaling: false, count: 3 });
  expect(fixed).toMatchObject({ enableAutoScaling: false, count: 3 });
  expect(fixed.minCount).toBeUndefined();
  await expect(change({ vmSize: "Standard_D8s_v5" })).rejects.toMatchObject({
    statusCode: 400,
    code: "PropertyChangeNotAllowed",
  });
  await expect(change({ orchestratorVersion: "1.36" })).rejects.toMatchObject({
    code: "NodePoolMcVersionIncompatible",
  });

  // What was read is changed and put back whole, as many programs do.
  const read = await client.managedClusters.get("rg", "mesh");
  const upgraded = await client.managedClusters.beginCreateOrUpdateAndWait(
    "rg",
    "mesh",
    { ...read, kubernetesVersion: "1.36" },
    polling,
  );
  expect(upgraded).toMatchObject({ currentKubernetesVersion: "1.36.3", provisioningState: "Succeeded" });
  expect(upgraded.agentPoolProfiles?.map(({ currentOrchestratorVersion }) => currentOrchestratorVersion)).toEqual([
    "1.35.4",
    "1.35.4",
  ]);
  expect(await change({ orchestratorVersion: "1.36" })).toMatchObject({ currentOrchestratorVersion: "1.36.3" });

  await client.managedClusters.beginUpdateTagsAndWait("rg", "mesh", { tags: { team: "mesh" } }, polling);
  expect((await client.managedClusters.get("rg", "mesh")).tags).toEqual({ team: "mesh" });
  const { kubeconfigs } = await client.managedClusters.listClusterUserCredentials("rg", "mesh");
  expect(Buffer.from(kubeconfigs?.[0]?.value ?? []).toString("utf8")).toContain("kind: Config");
  const versions = await client.managedClusters.listKubernetesVersions("westeurope");
  expect(versions.values?.find(({ isDefault }) => isDefault)?.version).toBe("1.35");

  await client.agentPools.beginDeleteAndWait("rg", "mesh", "user", polling);
  await client.managedClusters.beginDeleteAndWait("rg", "mesh", polling);
  await expect(client.managedClusters.get("rg", "mesh")).rejects.toMatchObject({
    statusCode: 404,
    code: "ResourceNotFound",
  });
  await expect(client.agentPools.get("rg", "mesh", "user")).rejects.toMatchObject({ statusCode: 404 });
});
