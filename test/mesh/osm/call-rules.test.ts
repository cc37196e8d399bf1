import { describe, expect, it } from "vitest";
import { compile, type Finding } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { assumedCluster, definePolicy, type Policy } from "../../../mesh/policy";
import { bookstorePolicy } from "../../../stacks/bookstore/policy";

const base = definePolicy({
  services: {
    front: { namespace: "web", serviceAccount: "front" },
    cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, protocol: "http" }] },
    prices: { namespace: "shop", serviceAccount: "prices", ports: [{ port: 80, protocol: "http" }] },
    stock: { namespace: "shop", serviceAccount: "stock", ports: [{ port: 80, protocol: "http" }] },
    db: { namespace: "shop", serviceAccount: "db", ports: [{ port: 3306, protocol: "tcp" }] },
  },
  routes: { all: { get: { methods: ["GET"] } } },
  access: [
    { from: "front", to: "cart", routes: ["all/get"] },
    { from: "cart", to: "prices", routes: ["all/get"] },
    { from: "prices", to: "db", tcp: [3306] },
  ],
});

const retry = (from: "front" | "cart" | "prices", to: "cart" | "prices" | "stock", numRetries: number) => ({
  from,
  to: [to],
  policy: { retryOn: "5xx", perTryTimeout: "1s", numRetries, retryBackoffBaseInterval: "25ms" },
});

const kinds = [
  ...[
    "retry-of-nothing",
    "retries-multiply",
    "limit-stops-all",
    "retries-stopped",
    "limit-of-nothing",
    "limit-of-nobody",
  ],
];

/** Findings of these kinds, as objects of the policy that may be changed give them. */
function found(
  rules: Pick<Policy, "retries" | "limits">,
  edit: (text: string) => string = (text) => text,
): readonly Finding[] {
  const policy: Policy = { ...base, ...rules };
  const text = edit(JSON.stringify([...compile(policy, "osm"), ...assumedCluster(policy)]));
  const objects = JSON.parse(text) as readonly KubernetesObject[];
  return osmMesh({ objects })
    .findings()
    .filter(({ rule }) => kinds.includes(rule));
}

const shown = (findings: readonly Finding[]) =>
  findings.map(({ severity, rule, object, property }) => [severity, rule, object, property].join(" "));

describe("retries", () => {
  it("along a chain of calls multiply: the chain and the factor are said", () => {
    const findings = found({ retries: [retry("front", "cart", 2), retry("cart", "prices", 3)] });
    expect(shown(findings)).toEqual(["warning retries-multiply Retry web/front-to-cart spec.retryPolicy.numRetries"]);
    expect(findings[0]?.message).toContain(
      "web/front → shop/cart (3 attempts), shop/cart → shop/prices (4 attempts): while shop/prices fails, one request to shop/cart can become 12 there",
    );
    expect(found({ retries: [retry("front", "cart", 2)] })).toEqual([]);
  });

  it("in a ring multiply too, and are told once", () => {
    const policy: Policy = {
      ...base,
      access: [...(base.access ?? []), { from: "prices", to: "cart", routes: ["all/get"] }],
      retries: [retry("cart", "prices", 1), retry("prices", "cart", 1)],
    };
    const findings = osmMesh({ objects: [...compile(policy, "osm"), ...assumedCluster(policy)] }).findings();
    const [one, ...others] = findings.filter(({ rule }) => rule === "retries-multiply");
    expect(others).toEqual([]);
    expect(one?.message).toContain("can become 4 there");
  });

  it("of calls that never pass, or of TCP, are none", () => {
    const findings = found({ retries: [retry("front", "stock", 1)] });
    expect(shown(findings)).toEqual(["warning retry-of-nothing Retry web/front-to-stock spec.destinations[0]"]);
    expect(findings[0]?.message).toContain("No HTTP request of web/front to shop/stock passes");
    // Links of a chain that no call may take are none of it.
    expect(shown(found({ retries: [retry("front", "cart", 2), retry("cart", "stock", 2)] }))).toEqual([
      "warning retry-of-nothing Retry shop/cart-to-stock spec.destinations[0]",
    ]);
    const tcp = found({ retries: [retry("prices", "stock", 1)] }, (text) =>
      text.replace('"destinations":[{"kind":"Service","name":"stock"', '"destinations":[{"kind":"Service","name":"db"'),
    );
    expect(tcp[0]?.message).toContain("No port of Service shop/db speaks HTTP");
  });
});

describe("limits", () => {
  const http = (limit: object) => ({ limits: [{ service: "cart" as const, connections: { http: limit } }] });
  const zero = (text: string): string => text.replace(/":777/g, '":0');

  it("of 0 stop every call", () => {
    const findings = found(http({ maxRequests: 777, maxPendingRequests: 777 }), zero);
    expect(shown(findings)).toEqual([
      "error limit-stops-all UpstreamTrafficSetting shop/cart spec.connectionSettings.http.maxRequests",
      "error limit-stops-all UpstreamTrafficSetting shop/cart spec.connectionSettings.http.maxPendingRequests",
    ]);
    expect(found(http({ maxRequests: 1, maxPendingRequests: 1 }))).toEqual([]);
  });

  it("of retries need retries, and let some be", () => {
    const maxRetries = "spec.connectionSettings.http.maxRetries";
    expect(shown(found(http({ maxRetries: 5 })))).toEqual([
      `warning limit-of-nothing UpstreamTrafficSetting shop/cart ${maxRetries}`,
    ]);
    const retries = [retry("front", "cart", 2)];
    expect(found({ ...http({ maxRetries: 5 }), retries })).toEqual([]);
    expect(shown(found({ ...http({ maxRetries: 777 }), retries }, zero))).toEqual([
      `warning retries-stopped UpstreamTrafficSetting shop/cart ${maxRetries}`,
    ]);
  });

  it("of a service that nobody may call, and of requests where there are none, do nothing", () => {
    expect(shown(found({ limits: [{ service: "stock", connections: { http: { maxRequests: 5 } } }] }))).toEqual([
      "warning limit-of-nobody UpstreamTrafficSetting shop/stock spec.host",
    ]);
    const rate = { requests: 5, connections: 5, unit: "second" } as const;
    const limits = [{ service: "db", rate: { local: { tcp: rate } } }] as const;
    expect(found({ limits })).toEqual([]);
    expect(shown(found({ limits }, (text) => text.replace('"local":{"tcp"', '"local":{"http"')))).toEqual([
      "warning limit-of-nothing UpstreamTrafficSetting shop/db spec.rateLimit.local.http",
    ]);
  });
});

it("nothing is said of the bookstore", () => {
  const policy = bookstorePolicy({});
  const findings = osmMesh({ objects: [...compile(policy, "osm"), ...assumedCluster(policy)] }).findings();
  expect(findings.filter(({ rule }) => kinds.includes(rule))).toEqual([]);
});
