import { ContainerServiceClient } from "@azure/arm-containerservice";
import { ClientSecretCredential } from "@azure/identity";
import { afterAll, beforeAll, expect, it } from "vitest";

import { startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

it("Microsoft's SDK makes, reads, changes and deletes a cluster and its pools", { timeout: 60_000 }, async () => {
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
