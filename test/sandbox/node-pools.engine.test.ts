import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { arm, resourcesInAzure, resourcesInState } from "./azure";
import { closeTestSandbox, configure, openTestSandbox, plannedSteps, preview, stateOf } from "./in-sandbox";

interface Pool {
  readonly name: string;
  readonly properties: {
    mode: string;
    vmSize: string;
    currentOrchestratorVersion: string;
    enableAutoScaling: boolean;
    count: number;
    minCount?: number;
    maxCount?: number;
    availabilityZones?: string[];
    provisioningState: string;
  };
}

const cluster = "/resourceGroups/pools/providers/Microsoft.ContainerService/managedClusters/pools";

describe.sequential("node pools", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openTestSandbox({ program: join(__dirname, "programs", "node-pools") });
  });
  afterAll(() => closeTestSandbox(sandbox));

  const livePools = async (): Promise<Pool[]> => {
    const { body } = await arm(sandbox, "GET", `${cluster}/agentPools?api-version=2024-09-01`);
    return (body as { value: Pool[] }).value;
  };
  const up = async () => {
    const exit = await operate(sandbox, "up", "dev");
    expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  };
  const clusterSteps = async () =>
    [...(await plannedSteps(sandbox, "dev"))].filter(([urn]) => urn.includes("ManagedCluster::"));

  /** What a preview would change, but for the pools that a refresh writes into the cluster's inputs. */
  const differences = async () =>
    (await preview(sandbox, "dev"))
      .flatMap(({ urn, op, detailedDiff }) => Object.keys(detailedDiff ?? { [op]: op }).map((path) => `${urn} ${path}`))
      .filter((difference) => !/:ManagedCluster::\S+ agentPoolProfiles/.test(difference));

  /** What Azure was asked to write: names of the cluster and of pools, in order. */
  const writes = async () => {
    const log = await readFile(join(sandbox.paths.logs, "arm.log"), "utf8");
    return [...log.matchAll(/ PUT \S+\/managedClusters\/(?:pools\/agentPools\/)?(\w+) 20\d /g)].map(([, name]) => name);
  };

  /** Runs `up` and looks, all the while, whether the cluster has a system pool that is ready. */
  const upWatched = async () => {
    let running = true;
    const gaps: string[] = [];
    const watch = (async () => {
      while (running) {
        const pools = await livePools();
        const ready = pools.filter(
          ({ properties }) => properties.mode === "System" && properties.provisioningState === "Succeeded",
        );
        if (ready.length === 0) gaps.push(JSON.stringify(pools));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await up();
    running = false;
    await watch;
    return gaps;
  };

  it("are resources of their own; the pool that the cluster began with is gone", async () => {
    await up();
    const pools = await livePools();
    expect(pools.map(({ properties }) => properties.mode).sort()).toEqual(["System", "User"]);
    expect(pools.map(({ name }) => name)).not.toContain("bootstrap");
    expect(await resourcesInAzure(sandbox)).toEqual(resourcesInState((await stateOf(sandbox, "dev")).resources));
    expect([...(await plannedSteps(sandbox, "dev"))]).toEqual([]);
  });

  it("change a mutable field in place", async () => {
    const before = (await livePools()).map(({ name }) => name);
    await configure(sandbox, "dev", { userMaxCount: 7 });
    await up();
    const pools = await livePools();
    expect(pools.map(({ name }) => name).sort()).toEqual(before.sort());
    expect(pools.find(({ properties }) => properties.mode === "User")?.properties.maxCount).toBe(7);
  });

  it("change create-only fields of both, the first one included, without a gap and without the cluster", async () => {
    const before = (await livePools()).map(({ name }) => name);
    await configure(sandbox, "dev", { systemVmSize: "Standard_D4ds_v5", userZones: ["1", "2"] });
    expect(await clusterSteps()).toEqual([]);
    expect(await upWatched()).toEqual([]);
    const pools = await livePools();
    expect(pools).toHaveLength(2);
    for (const { name } of pools) expect(before).not.toContain(name);
    expect(pools.find(({ properties }) => properties.mode === "System")?.properties.vmSize).toBe("Standard_D4ds_v5");
    expect(pools.find(({ properties }) => properties.mode === "User")?.properties.availabilityZones).toEqual([
      "1",
      "2",
    ]);
    expect([...(await plannedSteps(sandbox, "dev"))]).toEqual([]);
  });

  it("let the cluster itself be updated afterwards, and after a refresh", async () => {
    await configure(sandbox, "dev", { tag: "after" });
    expect((await clusterSteps()).map(([, step]) => step)).toEqual(["update"]);
    await up();
    expect((await operate(sandbox, "refresh", "dev")).code).toBe(0);
    await up();
    expect(await livePools()).toHaveLength(2);
    expect([...(await plannedSteps(sandbox, "dev"))]).toEqual([]);
  });

  it("keep a fixed number of nodes with the autoscaler off, and get it back", async () => {
    await configure(sandbox, "dev", { userFixedCount: 2 });
    await up();
    const fixed = (await livePools()).find(({ properties }) => properties.mode === "User")?.properties;
    expect(fixed).toMatchObject({ enableAutoScaling: false, count: 2 });
    expect(fixed).not.toHaveProperty("maxCount");
    expect([...(await plannedSteps(sandbox, "dev"))]).toEqual([]);
    await configure(sandbox, "dev", { userFixedCount: 0 });
    await up();
    expect((await livePools()).find(({ properties }) => properties.mode === "User")?.properties).toMatchObject({
      enableAutoScaling: true,
      minCount: 1,
      maxCount: 7,
    });
  });

  it("become spot nodes with the taint and label that Azure gives them: no refresh differs", async () => {
    await configure(sandbox, "dev", { spot: true });
    await up();
    expect((await livePools()).find(({ properties }) => properties.mode === "User")?.properties).toMatchObject({
      nodeTaints: ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"],
      nodeLabels: { "kubernetes.azure.com/scalesetpriority": "spot" },
    });
    expect((await operate(sandbox, "refresh", "dev")).code).toBe(0);
    expect(await differences()).toEqual([]);
    await configure(sandbox, "dev", { spot: false });
    await up();
  });

  const refusedVersion = async (version: string): Promise<string> => {
    await configure(sandbox, "dev", { kubernetesVersion: version });
    const exit = await operate(sandbox, "preview", "dev");
    expect(exit.code, exit.stdout + exit.stderr).not.toBe(0);
    return (exit.stdout + exit.stderr).replace(/\s+/g, " ");
  };

  it("go to a newer Kubernetes after the control plane, one after another, one minor version at a time", async () => {
    expect(await refusedVersion("1.34")).toMatch(/kubernetesVersion is "1.34".*cannot go back\. Write 1\.35\./);
    expect(await refusedVersion("1.37")).toMatch(/skips no minor version\. Write 1\.36 first/);
    await configure(sandbox, "dev", { kubernetesVersion: "1.36" });
    const planned = await operate(sandbox, "preview", "dev");
    expect((planned.stdout + planned.stderr).replace(/\s+/g, " ")).toMatch(
      /Kubernetes goes from 1\.35\.4 to 1\.36, one after another: the control plane, the node pool system .*, the node pool user/,
    );
    const before = (await writes()).length;
    await up();
    expect((await writes()).slice(before)).toEqual([
      "pools",
      expect.stringMatching(/^system/),
      expect.stringMatching(/^user/),
    ]);
    const { body } = await arm(sandbox, "GET", `${cluster}?api-version=2025-09-01`);
    expect(body).toMatchObject({ properties: { kubernetesVersion: "1.36", currentKubernetesVersion: "1.36.3" } });
    expect((await livePools()).map(({ properties }) => properties.currentOrchestratorVersion)).toEqual([
      "1.36.3",
      "1.36.3",
    ]);
    expect([...(await plannedSteps(sandbox, "dev"))]).toEqual([]);
  });

  it("show no change when Azure has upgraded a patch by itself", async () => {
    await sandbox.emulator.control("POST", "releases", { kubernetes: "1.36.7" });
    await expect
      .poll(async () => (await livePools()).map(({ properties }) => properties.currentOrchestratorVersion), {
        timeout: 120_000,
      })
      .toEqual(["1.36.7", "1.36.7"]);
    expect([...(await plannedSteps(sandbox, "dev"))]).toEqual([]);
    expect((await operate(sandbox, "refresh", "dev")).code).toBe(0);
    expect(await differences()).toEqual([]);
  });

  it("stay with their cluster where a change would replace it: it is refused, and nothing is touched", async () => {
    const before = await resourcesInAzure(sandbox);
    await configure(sandbox, "dev", { dnsPrefix: "elsewhere" });
    const refused = await operate(sandbox, "up", "dev");
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toMatch(/dnsPrefix: "\S+" → "elsewhere"/);
    expect(await resourcesInAzure(sandbox)).toEqual(before);
    expect(await livePools()).toHaveLength(2);
    const destroyed = await operate(sandbox, "destroy", "dev");
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
  });
});
