import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { faultNames } from "../../../sandbox/arm";
import { stringAt } from "../../../sandbox/arm/json";
import { clusterPath, createCluster, errorOf, smallCluster, startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await startTestEmulator();
  await createCluster(emulator);
});
afterEach(() => emulator.control("DELETE", "faults"));
afterAll(() => emulator.close());

const group = "/subscriptions/SUB/resourceGroups/rg";
const fault = (name: string, more: Record<string, string | number> = {}) =>
  emulator.control("POST", "faults", { name, ...more });
const state = async () => stringAt((await emulator.arm("GET", clusterPath)).body, "properties", "provisioningState");

describe("faults", () => {
  it("are named in the answer, and a wrong one is refused", async () => {
    const { body } = await emulator.control("GET", "faults");
    expect(Object.keys(body["available"] ?? {})).toEqual(faultNames);
    expect(errorOf(await fault("nonsense")).message).toContain("name: write one of throttle,");
    expect(errorOf(await fault("throttle", { count: 0 })).message).toContain("count:");
    expect(errorOf(await fault("throttle", { seconds: -1 })).message).toContain("seconds:");
  });

  it.each([
    ["throttle", 429, "TooManyRequests"],
    ["unavailable", 503, "ServiceUnavailable"],
    ["server-error", 500, "InternalServerError"],
  ])("%s strikes as often as it is told to, where it is told to", async (name, status, code) => {
    await fault(name, { count: 2, match: "GET /subscriptions/" });
    expect((await emulator.arm("HEAD", group)).status).toBe(204);
    for (let time = 0; time < 2; time++) {
      const answer = await emulator.arm("GET", group);
      expect(answer.status).toBe(status);
      expect(errorOf(answer).code).toBe(code);
    }
    expect((await emulator.arm("GET", group)).status).toBe(200);
  });

  it("throttle says when to come back", async () => {
    await fault("throttle", { count: 1 });
    expect((await emulator.arm("GET", group)).headers["retry-after"]).toBe("1");
  });

  it("conflict strikes writes only", async () => {
    await fault("conflict", { count: 1 });
    expect((await emulator.arm("GET", clusterPath)).status).toBe(200);
    const answer = await emulator.arm("PATCH", clusterPath, { tags: {} });
    expect(answer.status).toBe(409);
    expect(errorOf(answer).code).toBe("OperationNotAllowed");
  });

  it("end after their time", async () => {
    await fault("unavailable", { seconds: 600 });
    expect((await emulator.arm("GET", group)).status).toBe(503);
    await emulator.pass(600);
    expect((await emulator.arm("GET", group)).status).toBe(200);
    expect((await emulator.control("GET", "faults")).body["active"]).toEqual([]);
  });

  it("connection-reset loses the request, lost-response only the answer", async () => {
    const path = "/subscriptions/SUB/resourceGroups/lost";
    await fault("connection-reset", { count: 1 });
    await expect(emulator.arm("PUT", path, { location: "westus2" })).rejects.toThrow(/hang up|ECONNRESET/);
    expect((await emulator.arm("HEAD", path)).status).toBe(404);
    await fault("lost-response", { count: 1 });
    await expect(emulator.arm("PUT", path, { location: "westus2" })).rejects.toThrow(/hang up|ECONNRESET/);
    expect((await emulator.arm("HEAD", path)).status).toBe(204);
  });

  it("failed-operation leaves a failed cluster that the next PUT repairs", async () => {
    await fault("failed-operation", { count: 1 });
    const answer = await emulator.arm("PUT", clusterPath, smallCluster);
    expect((await emulator.finish(answer)).body).toMatchObject({
      status: "Failed",
      error: { code: "InternalOperationError" },
    });
    expect(await state()).toBe("Failed");
    await emulator.finish(await emulator.arm("PUT", clusterPath, smallCluster));
    expect(await state()).toBe("Succeeded");
  });

  it("slow-operation takes ten times as long", async () => {
    await emulator.control("PUT", "latency", { seconds: { clusterUpdate: 0.05 } });
    await fault("slow-operation", { count: 1 });
    const { body } = await emulator.finish(await emulator.arm("PUT", clusterPath, smallCluster));
    const at = (property: string): number => Date.parse(stringAt(body, property) ?? "");
    // Ten times 50 ms; a timer and the clock may differ by a millisecond or two.
    expect(at("endTime") - at("startTime")).toBeGreaterThan(450);
    expect((await emulator.control("GET", "faults")).body["active"]).toEqual([]);
  });

  it("quota refuses clusters and pools", async () => {
    await fault("quota", { count: 1 });
    expect(
      errorOf(await emulator.arm("PUT", `${clusterPath}/agentPools/user`, { properties: { count: 1 } })).code,
    ).toBe("ErrCode_InsufficientVCPUQuota");
    expect((await emulator.arm("GET", `${clusterPath}/agentPools/user`)).status).toBe(404);
  });

  it("survive a restart", async () => {
    await fault("unavailable", { count: 1, match: "resourceGroups" });
    await emulator.restart();
    expect((await emulator.arm("GET", group)).status).toBe(503);
  });
});

describe("the control endpoints", () => {
  it("count requests by what they were for", async () => {
    await emulator.control("DELETE", "requests");
    await emulator.arm("GET", clusterPath);
    await emulator.arm("GET", clusterPath);
    await emulator.arm("HEAD", group);
    expect((await emulator.control("GET", "requests")).body).toMatchObject({
      total: 3,
      byOperation: {
        "GET microsoft.containerservice/managedclusters": 2,
        "HEAD microsoft.resources/resourcegroups": 1,
      },
    });
  });

  it("tell the state, and no secret", async () => {
    const { body } = await emulator.control("GET", "status");
    expect(body).toMatchObject({ resourceManager: emulator.url, clusters: [{ provisioningState: "Succeeded" }] });
    expect(JSON.stringify(body)).not.toContain(emulator.identity.clientSecret);
    expect(emulator.log.join("\n")).not.toContain(emulator.identity.clientSecret);
    expect(emulator.log.join("\n")).not.toMatch(/eyJ/);
  });

  it("switch settings, and name a wrong one", async () => {
    expect((await emulator.control("PUT", "settings", { crdDelaySeconds: 7 })).body).toEqual({
      requireFeature: true,
      throttling: false,
      crdDelaySeconds: 7,
    });
    expect(errorOf(await emulator.control("PUT", "settings", { throtling: true })).message).toContain("throtling");
  });

  it.each([
    ["GET", "status"],
    ["POST", "shutdown"],
    ["POST", "faults"],
    ["PUT", "settings"],
    ["POST", "guard/subscriptions/x"],
  ])("answer nobody without their token: %s %s", async (method, path) => {
    for (const authorization of ["", "Bearer ", `Bearer ${"0".repeat(64)}`, `Bearer ${await emulator.bearer()}`]) {
      expect((await emulator.raw(method, `/_sandbox/${path}`, "{}", { authorization })).status).toBe(401);
    }
  });

  it("refuse wrong latencies", async () => {
    for (const [latency, where] of [
      [{ profile: "slow" }, "profile"],
      [{ scale: -1 }, "scale"],
      [{ seconds: { clusterCreat: 1 } }, "clusterCreat"],
      [{ seconds: { clusterCreate: "1" } }, "clusterCreate"],
    ] as const) {
      expect(errorOf(await emulator.control("PUT", "latency", latency)).message).toContain(where);
    }
    expect((await emulator.control("PUT", "latency", { profile: "realistic", scale: 0.5 })).body).toMatchObject({
      scale: 0.5,
      seconds: { clusterCreate: 240, poolCreate: 150 },
    });
    await emulator.control("PUT", "latency", { scale: 0.02 });
  });
});
