import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type JsonObject, objectAt } from "../../../sandbox/arm/json";
import { type Answer, clusterPath, clusterWith, createCluster, errorOf, startTestEmulator } from "./emulator";
import { type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await startTestEmulator();
});
afterEach(() => emulator.close());

const pool = `${clusterPath}/agentPools/systempool`;
const put = async (path: string, body: JsonObject): Promise<Answer> => {
  const answer = await emulator.arm("PUT", path, body);
  if (answer.status < 300) await emulator.finish(answer);
  return answer;
};
/** Asks the cluster for a version, saying nothing about its pools. */
const upgradeTo = (kubernetesVersion: string): Promise<Answer> =>
  put(clusterPath, clusterWith({ kubernetesVersion, agentPoolProfiles: [] }));
const upgradePoolTo = (orchestratorVersion: string): Promise<Answer> =>
  put(pool, { properties: { orchestratorVersion } });
const versions = async (): Promise<unknown> => {
  const cluster = objectAt((await emulator.arm("GET", clusterPath)).body, "properties");
  const nodes = objectAt((await emulator.arm("GET", pool)).body, "properties");
  return [
    [cluster["kubernetesVersion"], cluster["currentKubernetesVersion"]],
    [nodes["orchestratorVersion"], nodes["currentOrchestratorVersion"]],
  ];
};
const reported = (): unknown =>
  [...emulator.backend.clusters.values()][0]?.pools.map((nodes) => nodes.kubernetesVersion);

describe("an upgrade", () => {
  it("goes to the control plane first, and to its pools when they are asked", async () => {
    await createCluster(emulator, clusterWith({ kubernetesVersion: "1.34.2" }));
    const controlPlane = await emulator.arm(
      "PUT",
      clusterPath,
      clusterWith({ kubernetesVersion: "1.35", agentPoolProfiles: [] }),
    );
    expect(controlPlane.body).toMatchObject({ properties: { provisioningState: "Upgrading" } });
    await emulator.finish(controlPlane);
    expect(await versions()).toEqual([
      ["1.35", "1.35.4"],
      ["1.34.2", "1.34.2"],
    ]);
    expect(reported()).toEqual(["1.34.2"]);
    const profile = await emulator.arm("GET", `${pool}/upgradeProfiles/default`);
    expect(profile.body).toMatchObject({
      properties: {
        kubernetesVersion: "1.34.2",
        upgrades: ["1.34.4", "1.35.1", "1.35.4"].map((kubernetesVersion) => ({ kubernetesVersion })),
      },
    });
    const nodes = await emulator.arm("PUT", pool, { properties: { orchestratorVersion: "1.35" } });
    expect(nodes.status).toBe(200);
    expect(nodes.headers).toHaveProperty("azure-asyncoperation");
    expect(nodes.body).toMatchObject({ properties: { provisioningState: "Upgrading" } });
    await emulator.finish(nodes);
    expect(await versions()).toEqual([
      ["1.35", "1.35.4"],
      ["1.35", "1.35.4"],
    ]);
    expect(reported()).toEqual(["1.35.4"]);
  });

  it("skips no minor version and never goes back", async () => {
    await createCluster(emulator, clusterWith({ kubernetesVersion: "1.34" }));
    expect(errorOf(await upgradeTo("1.36"))).toMatchObject({
      code: "OperationNotAllowed",
      message: expect.stringContaining(
        "Upgrading Kubernetes version 1.34.4 to 1.36.3 is not allowed. Available upgrades: [1.35.1 1.35.4]",
      ),
    });
    expect(errorOf(await upgradePoolTo("1.35")).code).toBe("NodePoolMcVersionIncompatible");
    expect((await upgradeTo("1.35.1")).status).toBe(200);
    expect(errorOf(await upgradeTo("1.34")).message).toMatch(/^Downgrading Kubernetes version 1.35.1 to 1.34.4 is not/);
    expect((await upgradeTo("1.36.1")).status).toBe(200);
    expect(errorOf(await upgradePoolTo("1.36.1"))).toMatchObject({
      code: "AgentPoolUpgradeVersionNotAllowed",
      message: expect.stringContaining(
        "from 1.34.4 to 1.36.1 is not allowed, you can only upgrade one minor version at a time",
      ),
    });
    expect((await upgradePoolTo("1.35")).status).toBe(200);
    expect(errorOf(await upgradePoolTo("1.34")).code).toBe("AgentPoolUpgradeVersionNotAllowed");
    expect((await upgradeTo("1.37")).status).toBe(200);
    expect(await versions()).toEqual([
      ["1.37", "1.37.2"],
      ["1.35", "1.35.4"],
    ]);
  });

  it("leaves no pool more than three minor versions behind", async () => {
    const longTerm = { supportPlan: "AKSLongTermSupport" };
    const premium = { sku: { name: "Base", tier: "Premium" } };
    const ask = (kubernetesVersion: string): Promise<Answer> =>
      put(clusterPath, clusterWith({ ...longTerm, kubernetesVersion, agentPoolProfiles: [] }, premium));
    await createCluster(emulator, clusterWith({ ...longTerm, kubernetesVersion: "1.32" }, premium));
    for (const minor of ["1.33", "1.34", "1.35"]) expect((await ask(minor)).status).toBe(200);
    expect(errorOf(await ask("1.36"))).toMatchObject({
      code: "NodePoolMcVersionIncompatible",
      message: expect.stringContaining("Node pool version 1.32.13 and control plane version 1.36.3 are incompatible."),
    });
  });

  it("is nothing where the minor version that runs is asked for again", async () => {
    await createCluster(emulator, clusterWith({ kubernetesVersion: "1.35.1" }));
    expect((await upgradeTo("1.35")).body).toMatchObject({ properties: { provisioningState: "Updating" } });
    expect((await upgradePoolTo("1.35")).body).toMatchObject({ properties: { provisioningState: "Updating" } });
    expect(await versions()).toEqual([
      ["1.35", "1.35.1"],
      ["1.35", "1.35.1"],
    ]);
    // A new pool gets what the control plane runs, not the newest patch.
    const added = await put(`${clusterPath}/agentPools/second`, {
      properties: { count: 1, orchestratorVersion: "1.35" },
    });
    expect(added.body).toMatchObject({ properties: { currentOrchestratorVersion: "1.35.1" } });
  });
});

describe("a release by Azure", () => {
  const release = (body: JsonObject): Promise<Answer> => emulator.control("POST", "releases", body);
  const untilSucceeded = (): Promise<void> =>
    expect
      .poll(async () => (await emulator.arm("GET", clusterPath)).body)
      .toMatchObject({ properties: { provisioningState: "Succeeded" } });

  it("of a patch upgrades clusters on the channel patch, and no request says so", async () => {
    await createCluster(
      emulator,
      clusterWith({ kubernetesVersion: "1.35", autoUpgradeProfile: { upgradeChannel: "patch" } }),
    );
    const answer = await release({ kubernetes: "1.35.7" });
    expect(answer.body).toEqual({ upgrading: [expect.stringMatching(/managedClusters\/mesh$/)] });
    await untilSucceeded();
    expect(await versions()).toEqual([
      ["1.35", "1.35.7"],
      ["1.35", "1.35.7"],
    ]);
    expect(reported()).toEqual(["1.35.7"]);
    const again = await put(clusterPath, clusterWith({ kubernetesVersion: "1.35" }));
    expect(again.body).toMatchObject({
      properties: { currentKubernetesVersion: "1.35.7", provisioningState: "Updating" },
    });
    const offered = await emulator.arm(
      "GET",
      "/subscriptions/SUB/providers/Microsoft.ContainerService/locations/westus2/kubernetesVersions",
    );
    expect(offered.body["values"]).toContainEqual(
      expect.objectContaining({
        version: "1.35",
        patchVersions: expect.objectContaining({ "1.35.7": expect.anything() }),
      }),
    );
  });

  it("of a node image upgrades pools whose nodes take it", async () => {
    await createCluster(emulator, clusterWith({ autoUpgradeProfile: { nodeOSUpgradeChannel: "NodeImage" } }));
    await release({ nodeImage: "202612.01.0" });
    await untilSucceeded();
    const image = "AKSUbuntu-2404gen2containerd-202612.01.0";
    expect((await emulator.arm("GET", pool)).body).toMatchObject({ properties: { nodeImageVersion: image } });
    expect([...emulator.backend.clusters.values()][0]?.pools).toMatchObject([{ nodeImageVersion: image }]);
  });

  it("changes no cluster whose channel does not take it", async () => {
    await createCluster(
      emulator,
      clusterWith({
        kubernetesVersion: "1.35",
        autoUpgradeProfile: { upgradeChannel: "none", nodeOSUpgradeChannel: "None" },
      }),
    );
    expect((await release({ kubernetes: "1.35.7" })).body).toEqual({ upgrading: [] });
    expect((await release({ nodeImage: "202612.01.0" })).body).toEqual({ upgrading: [] });
    expect(await versions()).toEqual([
      ["1.35", "1.35.4"],
      ["1.35", "1.35.4"],
    ]);
  });

  it.each<[string, JsonObject]>([
    ["an old patch", { kubernetes: "1.35.4" }],
    ["a minor version", { kubernetes: "1.36" }],
    ["an unknown minor version", { kubernetes: "1.99.1" }],
    ["an image without a date", { nodeImage: "new" }],
    ["nothing", {}],
  ])("is refused with %s", async (_, body) => {
    expect(errorOf(await release(body))).toMatchObject({
      code: "InvalidRelease",
      message: expect.stringContaining("write"),
    });
  });
});
