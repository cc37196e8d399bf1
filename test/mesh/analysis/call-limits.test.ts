import { describe, expect, it } from "vitest";
import { type CallLimit, callLimits, type CallRequest, compile, meshOf, type MeshTarget } from "../../../mesh";
import { describeObject, type KubernetesObject } from "../../../mesh/manifests";
import { assumedCluster, definePolicy, type Policy } from "../../../mesh/policy";

const base = definePolicy({
  services: {
    front: { namespace: "web", serviceAccount: "front" },
    other: { namespace: "web", serviceAccount: "other" },
    cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, protocol: "http" }] },
    next: { namespace: "shop", serviceAccount: "next", ports: [{ port: 80, protocol: "http" }] },
    db: { namespace: "shop", serviceAccount: "db", ports: [{ port: 3306, protocol: "tcp" }] },
  },
  routes: { cart: { one: { methods: ["GET"], path: "/one" }, two: { methods: ["GET"], path: "/two" } } },
  access: [
    { from: ["front", "other"], to: "cart", routes: ["cart/one", "cart/two"] },
    { from: "front", to: "next", routes: ["cart/one"] },
    { from: "front", to: "db", tcp: [3306] },
  ],
});

const namespaces = ["web", "shop"].map((name) => ({
  ...{ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "istio.io/rev": "asm-1-30" } } },
}));

function limits(
  mesh: MeshTarget,
  rules: Pick<Policy, "retries" | "timeouts" | "limits" | "splits">,
  request: Partial<CallRequest> = {},
  more: readonly KubernetesObject[] = [],
): readonly CallLimit[] {
  const policy: Policy = { ...base, ...rules };
  const cluster = mesh === "istio" ? [...assumedCluster(policy), ...namespaces] : assumedCluster(policy);
  return callLimits(meshOf({ objects: [...more, ...compile(policy, mesh), ...cluster] }, [], mesh), {
    from: "web/front",
    to: "cart.shop.svc.cluster.local:80",
    protocol: "http",
    path: "/one",
    ...request,
  });
}

const shown = (found: readonly CallLimit[]): readonly string[] =>
  found.map(({ limit, value, service, object }) =>
    [service, limit, value, ...(object === undefined ? [] : ["by", describeObject(object)])].join(" "),
  );

const retries: Policy["retries"] = [
  {
    from: "front",
    to: ["cart"],
    policy: { retryOn: "5xx", perTryTimeout: "1s", numRetries: 2, retryBackoffBaseInterval: "25ms" },
  },
];
const connections = {
  tcp: { maxConnections: 3 },
  http: { maxRequests: 5, maxPendingRequests: 4, maxRetries: 1 },
};

describe("on Open Service Mesh", () => {
  const rate = { local: { http: { requests: 10, unit: "second", burst: 5 } } } as const;
  const own = [
    "shop/cart maxConnections 3 by UpstreamTrafficSetting shop/cart",
    "shop/cart maxPendingRequests 4 by UpstreamTrafficSetting shop/cart",
    "shop/cart maxRequests 5 by UpstreamTrafficSetting shop/cart",
    "shop/cart maxRetries 1 by UpstreamTrafficSetting shop/cart",
  ];

  it("retries are the caller's, circuit breakers and rates are for all", () => {
    const rules = { retries, limits: [{ service: "cart", connections, rate }] } as const;
    const rates = [
      "shop/cart requestRate 10 per second and 5 more at once, then 429 by UpstreamTrafficSetting shop/cart",
    ];
    expect(shown(limits("osm", rules))).toEqual([
      "shop/cart retries 2 on 5xx by Retry web/front-to-cart",
      "shop/cart perTryTimeout 1s by Retry web/front-to-cart",
      ...own,
      ...rates,
    ]);
    expect(shown(limits("osm", rules, { from: "web/other" }))).toEqual([...own, ...rates]);
    expect(limits("osm", rules).at(-1)?.bucket).toEqual({ amount: 10, seconds: 1, burst: 5, status: 429 });
    expect(limits("osm", rules, { to: "next.shop:80" })).toEqual([]);
  });

  it("a route's rate takes the place of the host's, for its requests alone", () => {
    const http = { requests: 2, unit: "minute", responseStatusCode: 503 } as const;
    const rules: Pick<Policy, "limits"> = {
      limits: [{ service: "cart", rate, routes: [{ route: "cart/one", http }] }],
    };
    const values = (path: string) => limits("osm", rules, { path }).map(({ value }) => value);
    expect([values("/one"), values("/two")]).toEqual([
      ["2 per minute, then 503"],
      ["10 per second and 5 more at once, then 429"],
    ]);
  });

  it("of a split, connections are those of whoever answers, and rates those of the name that is called", () => {
    const splits = [{ root: "cart", backends: { next: 1 } }];
    const rules: Pick<Policy, "limits" | "splits"> = {
      splits,
      limits: [
        { service: "cart", connections, rate },
        { service: "next", connections: { http: { maxRequests: 9 } } },
      ],
    };
    expect(shown(limits("osm", rules)).map((text) => text.replace(/ by .*/, ""))).toEqual([
      "shop/next maxRequests 9",
      "shop/cart requestRate 10 per second and 5 more at once, then 429",
    ]);
  });

  it("of TCP, connections alone", () => {
    const tcp = { connections: 2, unit: "hour" } as const;
    const rules: Pick<Policy, "limits"> = {
      limits: [{ service: "db", connections: { tcp: { maxConnections: 3 } }, rate: { local: { tcp } } }],
    };
    expect(shown(limits("osm", rules, { to: "db.shop:3306", protocol: "tcp" }))).toEqual([
      "shop/db maxConnections 3 by UpstreamTrafficSetting shop/db",
      "shop/db connectionRate 2 per hour by UpstreamTrafficSetting shop/db",
    ]);
  });

  it("hold no call that does not pass", () => {
    expect(limits("osm", { retries, limits: [{ service: "cart", connections, rate }] }, { path: "/nowhere" })).toEqual(
      [],
    );
  });

  it("a Retry that the mesh does not read is none", () => {
    const off: KubernetesObject = {
      apiVersion: "config.openservicemesh.io/v1alpha2",
      kind: "MeshConfig",
      metadata: { name: "osm-mesh-config", namespace: "kube-system" },
      ...{ spec: { featureFlags: { enableRetryPolicy: false } } },
    };
    expect(limits("osm", { retries }).map(({ limit }) => limit)).toEqual(["retries", "perTryTimeout"]);
    const policy: Policy = { ...base, retries };
    const objects = [...compile(policy, "osm"), ...assumedCluster(policy)].filter(({ kind }) => kind !== "MeshConfig");
    const request = { from: "web/front", to: "cart.shop:80", protocol: "http", path: "/one" } as const;
    expect(callLimits(meshOf({ objects: [off, ...objects] }), request)).toEqual([]);
  });
});

describe("on Istio", () => {
  const outliers = { consecutiveErrors: 3, baseEjectionTime: "10s", maxEjectionPercent: 50 };

  it("retries and timeouts are those of the route that takes the caller's request, the rest is the DestinationRule's", () => {
    const rules: Pick<Policy, "retries" | "timeouts" | "limits"> = {
      retries,
      timeouts: [{ from: "front", to: "cart", timeout: "9s" }],
      limits: [{ service: "cart", connections, outliers }],
    };
    const own = [
      "shop/cart maxConnections 3 by DestinationRule shop/cart",
      "shop/cart maxPendingRequests 4 by DestinationRule shop/cart",
      "shop/cart maxRequests 5 by DestinationRule shop/cart",
      "shop/cart maxRetries 1 by DestinationRule shop/cart",
      "shop/cart outliers 10s after 3 errors in a row, at most 50 % of the pods by DestinationRule shop/cart",
    ];
    expect(shown(limits("istio", rules))).toEqual([
      "shop/cart retries 2 on 5xx by VirtualService shop/cart",
      "shop/cart perTryTimeout 1s by VirtualService shop/cart",
      "shop/cart timeout 9s by VirtualService shop/cart",
      ...own,
    ]);
    expect(shown(limits("istio", rules, { from: "web/other" }))).toEqual(own);
  });

  it("without a route Istio retries of its own, unless the mesh says otherwise", () => {
    const allow = [{ apiVersion: "v1", kind: "Service", metadata: { name: "free", namespace: "shop" } }].map((one) => ({
      ...one,
      ...{ spec: { clusterIP: "10.0.77.1", selector: { app: "cart" }, ports: [{ name: "http", port: 80 }] } },
    }));
    const values = (more: readonly KubernetesObject[]) => {
      const policy: Policy = { ...base };
      const objects = [...compile(policy, "istio"), ...assumedCluster(policy), ...namespaces, ...more];
      const routed = objects.filter(({ kind }) => kind !== "VirtualService");
      const request = { from: "web/front", to: "cart.shop:80", protocol: "http", path: "/one" } as const;
      return callLimits(meshOf({ objects: routed }, [], "istio"), request).map(({ value, object }) => [value, object]);
    };
    expect(values(allow)).toEqual([["2 on what Istio takes for safe, of Istio's own", undefined]]);
    const mesh = "defaultHttpRetryPolicy: {attempts: 0}";
    const off: KubernetesObject = {
      ...{
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "istio", namespace: "istio-system" },
        data: { mesh },
      },
    };
    expect(values([off])).toEqual([]);
  });

  const rule = (spec: object): KubernetesObject => ({
    ...{ apiVersion: "networking.istio.io/v1", kind: "DestinationRule", metadata: { name: "own", namespace: "shop" } },
    ...{ spec: { host: "cart", ...spec } },
  });
  const pool = (http2MaxRequests: number) => ({ connectionPool: { http: { http2MaxRequests } } });
  const values = (...more: readonly KubernetesObject[]) => limits("istio", {}, {}, more).map(({ value }) => value);

  it("of a port take the place of those beside them, whether or not they say anything", () => {
    expect(values(rule({ trafficPolicy: pool(7) }))).toEqual(["7"]);
    const ofPort = (number: number, policy: object) => ({ portLevelSettings: [{ port: { number }, ...policy }] });
    expect(values(rule({ trafficPolicy: { ...pool(7), ...ofPort(80, pool(8)) } }))).toEqual(["8"]);
    expect(values(rule({ trafficPolicy: { ...pool(7), ...ofPort(80, {}) } }))).toEqual([]);
    expect(values(rule({ trafficPolicy: { ...pool(7), ...ofPort(81, pool(8)) } }))).toEqual(["7"]);
  });

  it("of a subset come before those of the whole, part by part, and 0 is none", () => {
    const subsets = [{ name: "a", labels: {}, trafficPolicy: pool(9) }];
    const toSubset: KubernetesObject = {
      ...{ apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: { name: "a", namespace: "shop" } },
      ...{
        spec: {
          hosts: ["cart"],
          http: [{ retries: { attempts: 0 }, route: [{ destination: { host: "cart", subset: "a" } }] }],
        },
      },
    };
    const outlierDetection = { consecutive5xxErrors: 1 };
    const both = rule({ trafficPolicy: { ...pool(7), outlierDetection }, subsets });
    expect(values(both, toSubset)).toEqual(["9", "30s after an error, at most 10 % of the pods"]);
    const ofPort = { portLevelSettings: [{ port: { number: 80 } }] };
    const silent = rule({ trafficPolicy: pool(7), subsets: [{ name: "a", labels: {}, trafficPolicy: ofPort }] });
    expect(values(silent, toSubset)).toEqual([]);
    expect(values(rule({ trafficPolicy: { ...pool(0), outlierDetection: { consecutive5xxErrors: 0 } } }))).toEqual([]);
  });
});
