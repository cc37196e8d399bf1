import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { arm, resourcesInAzure, resourcesInState } from "./azure";
import { closeTestSandbox, configure, openTestSandbox, plannedSteps, stateOf } from "./in-sandbox";

interface Pool {
  readonly name: string;
  readonly properties: {
    mode: string;
    vmSize: string;
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

  it("come again with a cluster that has to be replaced", async () => {
    await configure(sandbox, "dev", { dnsPrefix: "elsewhere" });
    expect((await clusterSteps()).map(([, step]) => step)).toContain("replace");
    await up();
    expect(await livePools()).toHaveLength(2);
    const destroyed = await operate(sandbox, "destroy", "dev");
    expect(destroyed.code, destroyed.stdout + destroyed.stderr).toBe(0);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
  });
});
