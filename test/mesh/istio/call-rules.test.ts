import { describe, expect, it } from "vitest";
import { compile, type Finding } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { assumedCluster, definePolicy, type Policy } from "../../../mesh/policy";

const base = definePolicy({
  services: {
    front: { namespace: "web", serviceAccount: "front" },
    other: { namespace: "web", serviceAccount: "other" },
    cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, protocol: "http" }] },
    prices: { namespace: "shop", serviceAccount: "prices", ports: [{ port: 80, protocol: "http" }] },
  },
  routes: { all: { get: { methods: ["GET"] } } },
  access: [
    { from: ["front", "other"], to: "cart", routes: ["all/get"] },
    { from: "cart", to: "prices", routes: ["all/get"] },
  ],
});

const retry = (from: "front" | "cart", to: "cart" | "prices", numRetries: number) => ({
  from,
  to: [to],
  policy: { retryOn: "5xx", perTryTimeout: "1s", numRetries, retryBackoffBaseInterval: "100ms" },
});

const kinds = ["timeout-before-retry", "timeout-before-retries", "limit-is-none", "outliers-stay", "retries-multiply"];

function found(
  rules: Pick<Policy, "retries" | "timeouts" | "limits">,
  edit: (text: string) => string = (text) => text,
): readonly Finding[] {
  const policy: Policy = { ...base, ...rules };
  const namespaces = ["web", "shop"].map((name) => ({
    ...{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "istio.io/rev": "asm-1-30" } } },
  }));
  const text = edit(JSON.stringify([...namespaces, ...compile(policy, "istio"), ...assumedCluster(policy)]));
  const objects = JSON.parse(text) as readonly KubernetesObject[];
  return istioMesh({ objects })
    .findings()
    .filter(({ rule }) => kinds.includes(rule));
}

const shown = (findings: readonly Finding[]) =>
  findings.map(({ severity, rule, object, property }) => [severity, rule, object, property].join(" "));

describe("timeouts", () => {
  // Three attempts of 1 s, and up to 0.1 s and 0.3 s between them.
  const retries = [retry("front", "cart", 2)];
  const timeouts = (timeout: string) => ({
    retries,
    timeouts: [{ from: "front" as const, to: "cart" as const, timeout }],
  });

  it("that end before all attempts and the waits between them may", () => {
    const findings = found(timeouts("3399ms"));
    expect(shown(findings)).toEqual(["warning timeout-before-retries VirtualService shop/cart spec.http[0].timeout"]);
    expect(findings[0]?.remedy).toContain("at least 3.400 s");
    expect(found(timeouts("3400ms"))).toEqual([]);
    expect(found({ retries })).toEqual([]);
    expect(found({ timeouts: [{ to: "cart", timeout: "1ms" }] })).toEqual([]);
  });

  it("that end before one attempt may, so that none is tried again", () => {
    const short = (text: string): string => text.replace('"timeout":"7s"', '"timeout":"1s"');
    expect(shown(found(timeouts("7s"), short))).toEqual([
      "warning timeout-before-retry VirtualService shop/cart spec.http[0].retries.perTryTimeout",
    ]);
  });
});

it("limits of 0 are none, and outlier detection that counts nothing leaves nobody out", () => {
  const limits = [
    {
      service: "cart" as const,
      connections: { http: { maxRequests: 777 } },
      outliers: { consecutiveErrors: 777, maxEjectionPercent: 100 },
    },
  ];
  expect(found({ limits })).toEqual([]);
  expect(shown(found({ limits }, (text) => text.replace(/":777/g, '":0')))).toEqual([
    "warning limit-is-none DestinationRule shop/cart spec.trafficPolicy.connectionPool.http.http2MaxRequests",
    "warning outliers-stay DestinationRule shop/cart spec.trafficPolicy.outlierDetection.consecutive5xxErrors",
  ]);
});

it("retries along a chain multiply, for the callers that a route is for", () => {
  const findings = found({ retries: [retry("front", "cart", 2), retry("cart", "prices", 3)] });
  expect(shown(findings)).toEqual(["warning retries-multiply VirtualService shop/cart spec.http[0].retries.attempts"]);
  expect(findings[0]?.message).toContain("web/front → shop/cart (3 attempts), shop/cart → shop/prices (4 attempts)");
  expect(findings[0]?.message).toContain("can become 12 there");
  expect(found({ retries: [retry("cart", "prices", 3)] })).toEqual([]);
});
