import { describe, expect, it } from "vitest";

import { ArmError } from "../../../sandbox/arm/errors";
import { createThrottle } from "../../../sandbox/arm/throttling";

const identity = { subscriptionId: "s", tenantId: "t", clientId: "c", clientSecret: "x", objectId: "o" };
const cluster = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/mesh";

/** How many of a number of requests at one moment pass, and what the next one is told. */
function attempt(throttling: boolean) {
  let clock = 0;
  const throttle = createThrottle();
  const context = {
    identity,
    now: () => clock,
    settings: () => ({ requireFeature: true, crdDelaySeconds: 2, throttling }),
  };
  return {
    pass(seconds: number) {
      clock += seconds * 1000;
    },
    send(method: string, path: string, times: number): { passed: number; retryAfter: string | undefined } {
      let passed = 0;
      for (let request = 0; request < times; request++) {
        try {
          throttle.admit(context, { method, path });
          passed += 1;
        } catch (error) {
          if (!(error instanceof ArmError)) throw error;
          expect(error.status).toBe(429);
          return { passed, retryAfter: error.options.headers?.["retry-after"] };
        }
      }
      return { passed, retryAfter: undefined };
    },
  };
}

describe("request limits", () => {
  it("are off where the setting is", () => {
    expect(attempt(false).send("GET", cluster, 1000)).toEqual({ passed: 1000, retryAfter: undefined });
  });

  it("are those of Azure Resource Manager: reads, writes and deletes apart, refilled each second", () => {
    const sent = attempt(true);
    expect(sent.send("GET", cluster, 1000)).toEqual({ passed: 250, retryAfter: "1" });
    expect(sent.send("DELETE", cluster, 1000)).toEqual({ passed: 200, retryAfter: "1" });
    expect(sent.send("POST", cluster, 1000)).toEqual({ passed: 200, retryAfter: "1" });
    sent.pass(2);
    expect(sent.send("GET", cluster, 1000).passed).toBe(50);
  });

  it("are those of AKS for one cluster: twenty PUTs, then one a minute", () => {
    const sent = attempt(true);
    expect(sent.send("PUT", cluster, 100)).toEqual({ passed: 20, retryAfter: "60" });
    expect(sent.send("PUT", `${cluster}2`, 1).passed).toBe(1);
    expect(sent.send("PUT", `${cluster}/agentPools/user`, 30).passed).toBe(30);
    sent.pass(60);
    expect(sent.send("PUT", cluster, 100).passed).toBe(1);
  });
});
