import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { serviceCheck } from "../../../../sandbox/providers/kubernetes/await/network";
import { readConfiguration } from "../../../../sandbox/providers/kubernetes/configuration";
import { apiError } from "../../../../sandbox/providers/kubernetes/client/api-error";
import type { ClusterObjects } from "../../../../sandbox/providers/kubernetes/client/cluster";
import type { JsonObject } from "../../../../sandbox/providers/kubernetes/client/json";

const SETTLE = 10_000;

function cluster(endpoints: JsonObject | undefined): ClusterObjects {
  const refuse = async (): Promise<never> => {
    throw new Error("not asked for in this test");
  };
  return {
    get: async ({ kind }) => {
      if (kind !== "Endpoints" || endpoints === undefined) throw apiError(404, {}, undefined);
      return endpoints;
    },
    list: refuse,
    create: refuse,
    apply: refuse,
    replace: refuse,
    setManagedFields: refuse,
    remove: refuse,
    isNamespaced: refuse,
  };
}

const service = (spec: JsonObject, status: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { selector: { app: "web" }, ...spec },
  status,
});
const endpoints = (resourceVersion: string, notReadyAddresses: JsonObject[] = []): JsonObject => ({
  metadata: { resourceVersion },
  subsets: [{ notReadyAddresses }],
});

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

describe("a Service with a selector", () => {
  it("waits for its Endpoints, and ten seconds more, whether or not they name a pod", async () => {
    const check = serviceCheck(SETTLE);
    expect(await check(service({}), cluster(undefined))).toMatchObject({ ready: false });
    expect(await check(service({}), cluster(endpoints("1")))).toMatchObject({ ready: false });
    vi.advanceTimersByTime(SETTLE - 1);
    expect(await check(service({}), cluster(endpoints("1")))).toMatchObject({ ready: false });
    vi.advanceTimersByTime(1);
    expect(await check(service({}), cluster(endpoints("1")))).toEqual({ ready: true });
  });

  it("settles with the first wait that ends after the last change", async () => {
    const check = serviceCheck(SETTLE);
    const objects = cluster(endpoints("2"));
    await check(service({}), cluster(endpoints("1")));
    vi.advanceTimersByTime(6_000);
    await check(service({}), objects);
    vi.advanceTimersByTime(4_000);
    expect(await check(service({}), objects)).toEqual({ ready: true });
  });

  it("waits for pods that are there and not ready, without a settle time too", async () => {
    const pending = cluster(endpoints("1", [{ ip: "10.0.0.1" }]));
    expect(await serviceCheck(0)(service({}), pending)).toMatchObject({ ready: false });
    expect(await serviceCheck()(service({}), pending)).toMatchObject({ ready: false });
    expect(await serviceCheck(0)(service({}), cluster(endpoints("1")))).toEqual({ ready: true });
  });

  it("is judged by the moment in a refresh", async () => {
    expect(await serviceCheck()(service({}), cluster(undefined))).toEqual({ ready: true });
  });
});

describe("other Services", () => {
  it.each([
    ["headless", { clusterIP: "None" }],
    ["without a selector", { selector: {} }],
    ["of another name", { type: "ExternalName" }],
  ])("are ready at once: %s", async (_, spec) => {
    expect(await serviceCheck(SETTLE)(service(spec), cluster(undefined))).toEqual({ ready: true });
  });

  it("wait for the load balancer's address", async () => {
    const balanced = { type: "LoadBalancer", selector: {} };
    expect(await serviceCheck(0)(service(balanced), cluster(undefined))).toMatchObject({ ready: false });
    const addressed = service(balanced, { loadBalancer: { ingress: [{ ip: "20.1.2.3" }] } });
    expect(await serviceCheck(0)(addressed, cluster(undefined))).toEqual({ ready: true });
  });
});

describe("the settle time", () => {
  it("is none by default and the real provider's on demand", () => {
    const settleTime = (value?: string) =>
      readConfiguration({}, value === undefined ? {} : { AKS_MESH_SETTLE_TIMES: value }).serviceSettleTime;
    expect(settleTime()).toBe(0);
    expect(settleTime("real")).toBe(SETTLE);
    expect(() => settleTime("yes")).toThrow('AKS_MESH_SETTLE_TIMES is "yes"; write real');
  });
});
