import { afterEach, describe, expect, it } from "vitest";

import { livePools } from "../../../components/aks-cluster/bootstrap-pool";
import { removeBootstrapPool } from "../../../components/aks-cluster/bootstrap-removal-provider";
import { inlinePools } from "../../../components/aks-cluster/inline-pools-provider";
import { split } from "../../../components/aks-cluster/create-only";
import { type Answer, type FakeArm, fakeArm } from "../arm/fake-arm";

const cluster = { resourceGroupName: "g", clusterName: "c" };
const pools = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c/agentPools";
const quick = { limitSeconds: 2, pauseMs: 1 };

function pool(name: string, provisioningState = "Succeeded", mode = "System"): object {
  return { name, properties: { mode, provisioningState } };
}

let fake: FakeArm | undefined;
afterEach(() => fake?.close());

/** A cluster whose pools are listed as the next of `lists`, the last one for ever. */
async function clusterWith(lists: readonly object[][], onDelete: (earlier: number) => Answer): Promise<FakeArm> {
  fake = await fakeArm((request, earlier) => {
    if (request === `GET ${pools}`) {
      return { body: { value: lists[Math.min(earlier, lists.length - 1)] } };
    }
    return request === `DELETE ${pools}/bootstrap` ? onDelete(earlier) : { status: 404 };
  });
  return fake;
}

describe("inlinePools", () => {
  const asLive = (...names: string[]): { name: string; properties: object }[] =>
    names.map((name) => ({ name, properties: {} }));

  it.each([
    ["there is no cluster", undefined],
    ["the cluster has no pool, as after a failed creation", asLive()],
    ["it is still there alone", asLive("bootstrap")],
    ["it is still there beside others", asLive("system1", "bootstrap")],
  ])("names the bootstrap pool where %s", (_when, live) => {
    expect(inlinePools(live, "[profile]")).toBe("[profile]");
  });

  it("names no pool once it has gone", () => {
    expect(inlinePools(asLive("system1", "work1"), "[profile]")).toBe("");
  });
});

describe("removeBootstrapPool", () => {
  it("removes it once another system pool is ready, and waits until it has gone", async () => {
    const ready = pool("system1");
    const { arm, requests } = await clusterWith(
      [
        [ready, pool("bootstrap")],
        [ready, pool("bootstrap", "Deleting")],
        [ready, pool("bootstrap", "Deleting")],
        [ready],
      ],
      () => ({ status: 202 }),
    );
    await removeBootstrapPool(arm, cluster, quick);
    expect(requests).toEqual([`GET ${pools}`, `DELETE ${pools}/bootstrap`, ...Array<string>(3).fill(`GET ${pools}`)]);
  });

  it("does nothing where it has gone already", async () => {
    const { arm, requests } = await clusterWith([[pool("system1")]], () => ({ status: 500 }));
    await removeBootstrapPool(arm, cluster, quick);
    expect(requests).toEqual([`GET ${pools}`]);
  });

  it.each([
    ["is none", []],
    ["is still being made", [pool("system1", "Creating")]],
    ["has failed", [pool("system1", "Failed")]],
    ["is for users", [pool("work1", "Succeeded", "User")]],
  ])("keeps it where the other pool %s", async (_what, others) => {
    const { arm, requests } = await clusterWith([[...others, pool("bootstrap")]], () => ({ status: 202 }));
    await expect(removeBootstrapPool(arm, cluster, quick)).rejects.toThrow(/no ready system pool besides "bootstrap"/);
    expect(requests).toEqual([`GET ${pools}`]);
  });

  it("waits for another operation on the cluster to end", async () => {
    const both = [pool("system1"), pool("bootstrap")];
    const busy = { status: 409, body: { code: "OperationNotAllowed", message: "in progress" } };
    const { arm, requests } = await clusterWith([both, both, both, [pool("system1")]], (earlier) =>
      earlier < 2 ? busy : { status: 202 },
    );
    await removeBootstrapPool(arm, cluster, quick);
    expect(requests.filter((request) => request.startsWith("DELETE"))).toHaveLength(3);
  });

  it("reports any other refusal as Azure words it", async () => {
    const { arm } = await clusterWith([[pool("system1"), pool("bootstrap")]], () => ({
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "you may not" } },
    }));
    await expect(removeBootstrapPool(arm, cluster, quick)).rejects.toThrow(/403 AuthorizationFailed: you may not/);
  });

  it("gives up after its limit", async () => {
    const { arm } = await clusterWith([[pool("system1"), pool("bootstrap", "Deleting")]], () => ({ status: 202 }));
    await expect(removeBootstrapPool(arm, cluster, { limitSeconds: 0.05, pauseMs: 1 })).rejects.toThrow(
      /"bootstrap" .* still there after 0\.05 s\. Run this again/,
    );
  });
});

describe("livePools", () => {
  it("is undefined where there is no cluster", async () => {
    fake = await fakeArm(() => ({ status: 404, body: { error: { code: "ResourceNotFound" } } }));
    await expect(livePools(fake.arm, cluster)).resolves.toBeUndefined();
  });
});

describe("livePools, of an answer without a list", () => {
  it.each([{}, { value: null }, { value: {} }])("is an error: %j", async (body) => {
    fake = await fakeArm(() => ({ body }));
    await expect(livePools(fake.arm, cluster)).rejects.toThrow(/node pools of the cluster c: an answer without a list/);
  });
});

describe("split", () => {
  it("parts what replaces a cluster from what does not", () => {
    const { createOnly, others } = split({
      resourceName: "c",
      location: "West Europe",
      dnsPrefix: "c",
      tags: { a: "b" },
      networkProfile: { networkPlugin: "azure", loadBalancerSku: "standard", podCidr: undefined },
    });
    expect(createOnly).toEqual({
      resourceName: "c",
      location: "westeurope",
      dnsPrefix: "c",
      "networkProfile.networkPlugin": "azure",
    });
    expect(others).toEqual({ "tags.a": "b", "networkProfile.loadBalancerSku": "standard" });
  });
});
