import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type JsonObject, objectsAt } from "../../../sandbox/arm/json";
import { clusterPath, clusterWith, createCluster, errorOf, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeEach(async () => {
  emulator = await startTestEmulator();
  await createCluster(emulator);
});
afterEach(() => emulator.close());

const pools = `${clusterPath}/agentPools`;
const put = async (name: string, properties: JsonObject) => {
  const answer = await emulator.arm("PUT", `${pools}/${name}`, { properties });
  if (answer.status < 300) await emulator.finish(answer);
  return answer;
};
const nodes = () =>
  [...emulator.backend.clusters.values()].flatMap(({ pools: all }) => all.map(({ name, count }) => `${name}:${count}`));

describe("an agent pool", () => {
  it("is made, scaled and deleted, and the nodes follow", async () => {
    const made = await emulator.arm("PUT", `${pools}/userpool`, {
      properties: {
        count: 0,
        mode: "User",
        nodeLabels: { foo: "bar" },
        osDiskSizeGB: 128,
        osType: "Linux",
        type: "VirtualMachineScaleSets",
        vmSize: "standard_d2s_v3",
      },
    });
    expect(made.status).toBe(201);
    await emulator.finish(made);
    expect((await emulator.arm("GET", `${pools}/userpool`)).body).toMatchObject({
      id: expect.stringMatching(
        /\/resourcegroups\/rg\/providers\/Microsoft\.ContainerService\/managedClusters\/mesh\/agentPools\/userpool$/,
      ),
      name: "userpool",
      type: "Microsoft.ContainerService/managedClusters/agentPools",
      properties: {
        count: 0,
        enableAutoScaling: false,
        maxPods: 250,
        nodeLabels: { foo: "bar" },
        osSKU: "Ubuntu",
        provisioningState: "Succeeded",
        upgradeSettings: {},
      },
    });
    expect((await put("userpool", { count: 3 })).status).toBe(200);
    expect(nodes()).toEqual(["systempool:2", "userpool:3"]);
    expect((await emulator.arm("GET", pools)).body["value"]).toHaveLength(2);
    expect((await emulator.arm("GET", clusterPath)).body).toMatchObject({
      properties: { agentPoolProfiles: [{ name: "systempool" }, { name: "userpool", count: 3 }] },
    });
    const gone = await emulator.arm("DELETE", `${pools}/userpool`);
    expect(gone.status).toBe(202);
    await emulator.finish(gone);
    expect(nodes()).toEqual(["systempool:2"]);
    expect((await emulator.arm("GET", `${pools}/userpool`)).status).toBe(404);
    expect((await emulator.arm("DELETE", `${pools}/userpool`)).status).toBe(204);
  });

  it("needs its cluster", async () => {
    const answer = await emulator.arm("PUT", `${clusterPath}x/agentPools/user`, { properties: { count: 1 } });
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe("ParentResourceNotFound");
  });

  it("cannot be the last of mode System to go, or to change its mode", async () => {
    const refused = { code: "OperationNotAllowed", message: expect.stringContaining("at least one system agent pool") };
    expect(errorOf(await emulator.arm("DELETE", `${pools}/systempool`))).toMatchObject(refused);
    expect(errorOf(await put("systempool", { mode: "User" }))).toMatchObject(refused);
    expect((await put("second", { mode: "System", count: 1 })).status).toBe(201);
    const answer = await emulator.arm("DELETE", `${pools}/systempool`);
    expect(answer.status).toBe(202);
    await emulator.finish(answer);
    expect(nodes()).toEqual(["second:1"]);
  });

  it.each<[string, JsonObject]>([
    ["vmSize", { vmSize: "Standard_D8s_v5" }],
    ["osDiskType", { osDiskType: "Ephemeral" }],
    ["osDiskSizeGB", { osDiskSizeGB: 64 }],
    ["availabilityZones", { availabilityZones: ["1"] }],
    ["maxPods", { maxPods: 110 }],
    ["vnetSubnetID", { vnetSubnetID: "/subscriptions/s/x" }],
    ["enableNodePublicIP", { enableNodePublicIP: true }],
  ])("does not change its %s", async (property, properties) => {
    expect(errorOf(await put("systempool", properties))).toMatchObject({
      code: "PropertyChangeNotAllowed",
      message: `Changing property 'properties.${property}' is not allowed.`,
    });
  });

  it("is the same pool whatever the casing of names and sizes, and the order of zones", async () => {
    await put("zoned", { mode: "User", count: 1, availabilityZones: ["1", "2"], vmSize: "Standard_D2s_v3" });
    expect((await put("zoned", { count: 1, availabilityZones: ["2", "1"], vmSize: "standard_d2S_v3" })).status).toBe(
      200,
    );
  });

  it.each<[string, string, JsonObject, string]>([
    ["a name in upper case", "User", {}, "InvalidParameter"],
    ["a long name", "thirteenchars", {}, "InvalidParameter"],
    ["a long Windows name", "windows", { osType: "Windows" }, "InvalidParameter"],
    ["Windows in mode System", "win", { osType: "Windows", mode: "System" }, "InvalidParameter"],
    ["Spot in mode System", "spot", { mode: "System", scaleSetPriority: "Spot" }, "InvalidParameter"],
    [
      "a surge of spot nodes",
      "spot",
      { scaleSetPriority: "Spot", upgradeSettings: { maxSurge: "1" } },
      "InvalidParameter",
    ],
    ["bounds without the autoscaler", "fixed", { enableAutoScaling: false, minCount: 1 }, "InvalidParameter"],
    ["no node in mode System", "sys", { mode: "System", count: 0 }, "InvalidParameter"],
    ["too many nodes", "many", { count: 1001 }, "InvalidParameter"],
    ["bounds the wrong way round", "auto", { enableAutoScaling: true, minCount: 3, maxCount: 2 }, "InvalidParameter"],
    [
      "a newer Kubernetes than the cluster's",
      "newer",
      { orchestratorVersion: "1.36" },
      "NodePoolMcVersionIncompatible",
    ],
    ["an unknown property", "odd", { vmsize: "x" }, "UnmarshalError"],
    ["an unknown mode", "odd", { mode: "Worker" }, "InvalidParameter"],
  ])("is refused with %s", async (_, name, properties, code) => {
    const answer = await put(name, properties);
    expect({ status: answer.status, ...errorOf(answer) }).toMatchObject({ status: 400, code });
    expect(nodes()).toEqual(["systempool:2"]);
  });

  it("loses the autoscaler's bounds with the autoscaler, in its own request and in the cluster's", async () => {
    const scaled: JsonObject = { count: 2, enableAutoScaling: true, minCount: 2, maxCount: 4 };
    const fixed: JsonObject = { count: 3, enableAutoScaling: false };
    expect((await put("systempool", scaled)).status).toBe(200);
    expect((await put("systempool", { count: 3 })).body).toMatchObject({ properties: { ...scaled, count: 3 } });
    const off = await put("systempool", fixed);
    expect(off.body).toMatchObject({ properties: fixed });
    expect(off.body["properties"]).not.toHaveProperty("minCount");
    // azure-cli and the SDKs send what they have read, with null where the bounds were.
    expect((await put("systempool", scaled)).status).toBe(200);
    const cluster = await emulator.arm("GET", clusterPath);
    const [profile] = objectsAt(cluster.body, "properties", "agentPoolProfiles");
    const whole = clusterWith({ agentPoolProfiles: [{ ...profile, ...fixed, minCount: null, maxCount: null }] });
    const answer = await emulator.arm("PUT", clusterPath, whole);
    expect(answer.status).toBe(200);
    await emulator.finish(answer);
    const after = (await emulator.arm("GET", `${pools}/systempool`)).body;
    expect(after).toMatchObject({ properties: fixed });
    expect(after["properties"]).not.toHaveProperty("maxCount");
    expect(nodes()).toEqual(["systempool:3"]);
  });

  it("has Azure's own taint and label where its nodes are spot, whatever a request says", async () => {
    const spot = {
      key: "kubernetes.azure.com/scalesetpriority",
      taint: "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    };
    const made = await put("spot", { count: 1, scaleSetPriority: "Spot", nodeLabels: { team: "mesh" } });
    expect(made.body).toMatchObject({
      properties: {
        nodeTaints: [spot.taint],
        nodeLabels: { team: "mesh", [spot.key]: "spot" },
        scaleSetEvictionPolicy: "Delete",
        spotMaxPrice: -1,
        upgradeSettings: {},
      },
    });
    const changed = await put("spot", { count: 1, nodeLabels: {}, nodeTaints: ["gpu=true:NoSchedule"] });
    expect(changed.body).toMatchObject({
      properties: { nodeTaints: ["gpu=true:NoSchedule", spot.taint], nodeLabels: { [spot.key]: "spot" } },
    });
    const [record] = emulator.backend.clusters.values();
    expect(record?.pools.find(({ name }) => name === "spot")).toMatchObject({
      labels: { [spot.key]: "spot" },
      taints: ["gpu=true:NoSchedule", spot.taint],
    });
  });

  it("waits for its cluster: one operation at a time", async () => {
    await emulator.control("PUT", "latency", { seconds: { poolCreate: 60 } });
    const first = await emulator.arm("PUT", `${pools}/first`, { properties: { count: 1 } });
    expect(first.status).toBe(201);
    for (const [method, path] of [
      ["PUT", `${pools}/second`],
      ["PUT", `${pools}/first`],
      ["DELETE", `${pools}/first`],
    ] as const) {
      const answer = await emulator.arm(method, path, method === "PUT" ? { properties: { count: 1 } } : undefined);
      expect(answer.status).toBe(409);
      expect(errorOf(answer)).toMatchObject({
        code: "OperationNotAllowed",
        message: expect.stringContaining("in progress agentPoolPut"),
      });
    }
    await emulator.control("PUT", "latency", { scale: 0.02 });
    await emulator.pass(60);
    await emulator.finish(first);
  });
});

describe("the entity tag of an agent pool", () => {
  const etag = async (): Promise<unknown> =>
    ((await emulator.arm("GET", `${pools}/work`)).body["properties"] as JsonObject)["eTag"];

  it("holds for changes and for the deletion", async () => {
    await put("work", { count: 1, mode: "User", vmSize: "Standard_D2s_v5" });
    const change = { properties: { count: 2 } };
    for (const [method, body] of [
      ["PUT", change],
      ["DELETE", undefined],
    ] as const) {
      const refused = await emulator.arm(method, `${pools}/work`, body, { "if-match": "other" });
      expect(refused.status, method).toBe(412);
      expect(errorOf(refused).code, method).toBe("EtagMismatch");
    }
    const before = await etag();
    const changed = await emulator.arm("PUT", `${pools}/work`, change, { "if-match": String(before) });
    expect(changed.status).toBe(200);
    await emulator.finish(changed);
    expect(await etag()).not.toBe(before);
    const stale = await emulator.arm("DELETE", `${pools}/work`, undefined, { "if-match": String(before) });
    expect(stale.status).toBe(412);
    const gone = await emulator.arm("DELETE", `${pools}/work`, undefined, { "if-match": String(await etag()) });
    expect(gone.status).toBe(202);
    await emulator.finish(gone);
  });
});

describe("the quota of a region", () => {
  it("refuses nodes that do not fit into it, of a family and of all together, in Azure's words", async () => {
    const made = await put("large", { count: 2, mode: "User", vmSize: "Standard_D96s_v5" });
    expect(made.status).toBe(201);
    const family = await put("more", { count: 1, mode: "User", vmSize: "Standard_D16s_v5" });
    expect(family.status).toBe(400);
    expect(errorOf(family)).toMatchObject({ code: "ErrCode_InsufficientVCPUQuota" });
    // 2 × 96 of 200, beside the system pool's two of another family.
    expect(errorOf(family).message).toMatch(/requested (quota )?16\b/);
    expect((await put("large", { count: 3 })).status).toBe(400);
    expect((await put("large", { count: 1 })).status).toBe(200);
    expect((await put("more", { count: 1, mode: "User", vmSize: "Standard_D16s_v5" })).status).toBe(201);
  });

  it("is nothing for machines that need Azure's consent, and another one for spot machines", async () => {
    const restricted = await put("gpu", { count: 1, mode: "User", vmSize: "Standard_NC24ads_A100_v4" });
    expect(errorOf(restricted).message).toContain(
      "Insufficient vcpu quota requested 24, remaining 0 for family standardNCADSA100v4Family for region westus2.",
    );
    await put("large", { count: 2, mode: "User", vmSize: "Standard_D96s_v5" });
    const spot = await put("spot", {
      count: 1,
      mode: "User",
      vmSize: "Standard_D16s_v5",
      scaleSetPriority: "Spot",
    });
    expect(spot.status).toBe(201);
  });

  it("refuses a cluster that begins with too many", async () => {
    const body = clusterWith({
      agentPoolProfiles: [{ name: "systempool", mode: "System", count: 3, vmSize: "Standard_D96s_v5" }],
    });
    const refused = await emulator.arm("PUT", clusterPath.replace(/mesh$/, "second"), body);
    expect(errorOf(refused).code).toBe("ErrCode_InsufficientVCPUQuota");
  });
});

describe("a gateway pool", () => {
  const gateway = { mode: "Gateway", count: 2, vmSize: "Standard_D2s_v5" };
  const enable = async (enabled: boolean) => {
    const body = clusterWith({ networkProfile: { staticEgressGatewayProfile: { enabled } } });
    const answer = await emulator.arm("PUT", clusterPath, body);
    if (answer.status < 300) await emulator.finish(answer);
    return answer;
  };

  it("needs Static Egress Gateway, and is tainted and has two addresses where nothing is said", async () => {
    expect(errorOf(await put("out", gateway))).toMatchObject({
      code: "BadRequest",
      message: expect.stringContaining("agent pool 'out' in mode Gateway needs Static Egress Gateway"),
    });
    await enable(true);
    expect((await put("out", gateway)).status).toBe(201);
    expect((await emulator.arm("GET", `${pools}/out`)).body).toMatchObject({
      properties: {
        mode: "Gateway",
        gatewayProfile: { publicIPPrefixSize: 31 },
        nodeTaints: ["kubernetes.azure.com/mode=gateway:NoSchedule"],
      },
    });
    const [{ calls = [], pools: groups = [] } = {}] = emulator.backend.clusters.values();
    expect(calls).toContain("enableStaticEgressGateway");
    expect(groups.find(({ name }) => name === "out")).toMatchObject({ mode: "Gateway", publicIpPrefixSize: 31 });
    expect(errorOf(await enable(false)).message).toContain("delete all gateway pools before it is disabled");
  });

  it("is one from the beginning to the end", async () => {
    await enable(true);
    await put("out", gateway);
    await put("work", { count: 1, vmSize: "Standard_D2s_v5" });
    const refused = (property: string) => ({
      code: "PropertyChangeNotAllowed",
      message: `Changing property 'properties.${property}' is not allowed.`,
    });
    expect(errorOf(await put("out", { mode: "User" }))).toMatchObject(refused("mode"));
    expect(errorOf(await put("work", { mode: "Gateway" }))).toMatchObject(refused("mode"));
    expect(errorOf(await put("out", { gatewayProfile: { publicIPPrefixSize: 30 } }))).toMatchObject(
      refused("gatewayProfile"),
    );
    expect((await put("out", { mode: "Gateway", count: 1 })).status).toBe(200);
  });

  it.each<[string, JsonObject]>([
    ["does not support the cluster autoscaler", { enableAutoScaling: true, minCount: 1, maxCount: 2 }],
    ["has to run Linux", { osType: "Windows" }],
    ["a Spot pool cannot be in mode Gateway", { scaleSetPriority: "Spot" }],
    ["3 is more than the 2 addresses", { count: 3 }],
    ["publicIPPrefixSize", { gatewayProfile: { publicIPPrefixSize: 27 } }],
    ["it cannot be set if the agent pool's mode is not Gateway", { mode: "User", gatewayProfile: {} }],
  ])("is refused: %s", async (text, change) => {
    await enable(true);
    const answer = await put("out", { ...gateway, ...change });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain(text);
  });
});
