import { describe, expect, it } from "vitest";
import { compile } from "../../../mesh";
import { definePolicy, type Policy, PolicyError } from "../../../mesh/policy";

const base = definePolicy({
  services: {
    front: { namespace: "web", serviceAccount: "front" },
    other: { namespace: "web", serviceAccount: "other" },
    cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, protocol: "http" }] },
    db: { namespace: "shop", serviceAccount: "db", ports: [{ port: 3306, protocol: "tcp" }] },
  },
  routes: { cart: { items: { path: "/items" }, pay: { path: "/pay" } } },
  access: [
    { from: ["front", "other"], to: "cart", routes: ["cart/items"] },
    { from: "cart", to: "db", tcp: [3306] },
  ],
});

const retry = { retryOn: "5xx", perTryTimeout: "500ms", numRetries: 2, retryBackoffBaseInterval: "25ms" };

const withRules = (rules: Pick<Policy, "retries" | "timeouts" | "limits">): Policy => ({ ...base, ...rules });

/** Objects of a kind as Istio gets them, by name. */
function ofIstio(policy: Policy, kind: string): Record<string, unknown> {
  const objects = compile(policy, "istio").filter((object) => object.kind === kind);
  return Object.fromEntries(objects.map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, spec]));
}

describe("timeouts", () => {
  it("are those of routes of a VirtualService, for the callers that are named and for all others", () => {
    const policy = withRules({
      retries: [{ from: "front", to: ["cart"], policy: retry }],
      timeouts: [
        { from: "front", to: "cart", timeout: "2s" },
        { from: "other", to: "cart", timeout: "750ms" },
        { to: "cart", timeout: "5s" },
      ],
    });
    const match = (name: string) => [{ sourceLabels: { "aks-mesh/service-account": name }, sourceNamespace: "web" }];
    expect(ofIstio(policy, "VirtualService")).toMatchObject({
      "shop/cart": {
        http: [
          { match: match("front"), timeout: "2s", retries: { attempts: 2, perTryTimeout: "500ms" } },
          { match: match("other"), timeout: "750ms", retries: { attempts: 0 } },
          { timeout: "5s", retries: { attempts: 0 } },
        ],
      },
    });
  });

  it("of all hold for a caller's retries too", () => {
    const policy = withRules({
      retries: [{ from: "front", to: ["cart"], policy: retry }],
      timeouts: [{ to: "cart", timeout: "5s" }],
    });
    expect(ofIstio(policy, "VirtualService")).toMatchObject({
      "shop/cart": { http: [{ timeout: "5s", retries: { attempts: 2 } }, { timeout: "5s" }] },
    });
  });

  it("leave what passes as it is", () => {
    const policies = (policy: Policy) => ofIstio(policy, "AuthorizationPolicy");
    expect(policies(withRules({ timeouts: [{ to: "cart", timeout: "5s" }] }))).toEqual(policies(base));
  });

  it("are refused for Open Service Mesh, which has none", () => {
    const policy = withRules({ timeouts: [{ to: "cart", timeout: "5s" }] });
    expect(() => compile(policy, "osm")).toThrow(/^timeouts\[0\]: Open Service Mesh has no timeout.*perTryTimeout/);
  });
});

describe("outlier detection", () => {
  const outliers = { consecutiveErrors: 3, interval: "1s", baseEjectionTime: "1m", maxEjectionPercent: 50 };

  it("stands beside limits of connections in one DestinationRule, and in one of its own", () => {
    const detection = { consecutive5xxErrors: 3, interval: "1s", baseEjectionTime: "1m", maxEjectionPercent: 50 };
    const host = "cart.shop.svc.cluster.local";
    expect(ofIstio(withRules({ limits: [{ service: "cart", outliers }] }), "DestinationRule")).toEqual({
      "shop/cart": { host, trafficPolicy: { outlierDetection: detection } },
    });
    const both = withRules({ limits: [{ service: "cart", outliers, connections: { http: { maxRequests: 9 } } }] });
    expect(ofIstio(both, "DestinationRule")).toEqual({
      "shop/cart": {
        host,
        trafficPolicy: { connectionPool: { http: { http2MaxRequests: 9 } }, outlierDetection: detection },
      },
    });
  });

  it("is refused for Open Service Mesh, which has none", () => {
    expect(() => compile(withRules({ limits: [{ service: "cart", outliers }] }), "osm")).toThrow(
      /^limits\[0\]\.outliers: Open Service Mesh has no outlier detection/,
    );
  });
});

it("a limit of one route is found by the text of its path", () => {
  const http = { requests: 5, unit: "minute" } as const;
  const policy = withRules({ limits: [{ service: "cart", routes: [{ route: "cart/items", http }] }] });
  const setting = compile(policy, "osm").find(({ kind }) => kind === "UpstreamTrafficSetting");
  expect(setting?.spec).toEqual({
    host: "cart.shop.svc.cluster.local",
    httpRoutes: [{ path: "/items", rateLimit: { local: http } }],
  });
  expect(() => compile(policy, "istio")).toThrow(/EnvoyFilter/);
});

describe("nonsense is refused for both meshes, with its place", () => {
  const http = { requests: 5, unit: "minute" } as const;
  const limit = (rule: object): Policy => withRules({ limits: [{ service: "cart", ...rule }] });
  const retries = (change: object): Policy =>
    withRules({ retries: [{ from: "front", to: ["cart"], policy: { ...retry, ...change } }] });
  const timeout = (text: string): Policy => withRules({ timeouts: [{ to: "cart", timeout: text }] });
  it.each<[place: string, Policy]>([
    ["retries[0].policy.numRetries: 0", retries({ numRetries: 0 })],
    ["retries[0].policy.numRetries: -1", retries({ numRetries: -1 })],
    ["retries[0].policy.numRetries: 1.5", retries({ numRetries: 1.5 })],
    ['retries[0].policy.perTryTimeout: "0s"', retries({ perTryTimeout: "0s" })],
    ['retries[0].policy.retryBackoffBaseInterval: "100us"', retries({ retryBackoffBaseInterval: "100us" })],
    [
      'retries[0].policy.retryOn: Envoy has no condition " connect-failure"',
      retries({ retryOn: "5xx, connect-failure" }),
    ],
    ["retries[0].to: name a service", withRules({ retries: [{ from: "front", to: [], policy: retry }] })],
    ["retries[0].to: retries are for HTTP", withRules({ retries: [{ from: "cart", to: ["db"], policy: retry }] })],
    [
      "retries[1].to: retries[0].to is for calls of front to cart already",
      withRules({
        retries: [
          { from: "front", to: ["cart"], policy: retry },
          { from: "front", to: ["cart"], policy: { ...retry, numRetries: 1 } },
        ],
      }),
    ],
    ['timeouts[0].timeout: "5"', timeout("5")],
    ['timeouts[0].timeout: "-5s"', timeout("-5s")],
    ['timeouts[0].timeout: "1.5ms"', timeout("1.5ms")],
    ["timeouts[0].from: name a caller", withRules({ timeouts: [{ from: [], to: "cart", timeout: "1s" }] })],
    ["timeouts[0].to: timeouts are for HTTP", withRules({ timeouts: [{ to: "db", timeout: "1s" }] })],
    [
      "timeouts[1]: timeouts[0] is for calls of all others to cart",
      withRules({
        timeouts: [
          { to: "cart", timeout: "1s" },
          { to: "cart", timeout: "2s" },
        ],
      }),
    ],
    [
      "timeouts[0].timeout: front tries calls to cart again after 500ms",
      withRules({
        retries: [{ from: "front", to: ["cart"], policy: retry }],
        timeouts: [{ to: "cart", timeout: "500ms" }],
      }),
    ],
    ["limits[0]: it limits nothing", limit({})],
    ["limits[0].rate: it limits nothing", limit({ rate: {} })],
    ["limits[0].connections.http.maxPendingRequests: 0", limit({ connections: { http: { maxPendingRequests: 0 } } })],
    ["limits[0].connections.tcp.maxConnections: -3", limit({ connections: { tcp: { maxConnections: -3 } } })],
    ['limits[0].connections.tcp.connectTimeout: "soon"', limit({ connections: { tcp: { connectTimeout: "soon" } } })],
    ["limits[0].outliers.maxEjectionPercent: 101", limit({ outliers: { maxEjectionPercent: 101 } })],
    ["limits[0].outliers.consecutiveErrors: 0", limit({ outliers: { consecutiveErrors: 0, maxEjectionPercent: 50 } })],
    ['limits[0].outliers.interval: "0s"', limit({ outliers: { interval: "0s", maxEjectionPercent: 50 } })],
    ["limits[0].rate.local.http.requests: 0", limit({ rate: { local: { http: { ...http, requests: 0 } } } })],
    ['limits[0].rate.local.http.unit: "day"', limit({ rate: { local: { http: { ...http, unit: "day" } } } })],
    ["limits[0].rate.local.http.burst: -1", limit({ rate: { local: { http: { ...http, burst: -1 } } } })],
    [
      "limits[0].rate.local.http.responseStatusCode: Envoy has no error code 430",
      limit({ rate: { local: { http: { ...http, responseStatusCode: 430 } } } }),
    ],
    [
      "limits[0].rate.local.tcp.connections: 0",
      limit({ rate: { local: { tcp: { connections: 0, unit: "minute" } } } }),
    ],
    ["limits[0].routes[0].route: there is no route cart/none", limit({ routes: [{ route: "cart/none", http }] })],
    ["limits[0].routes[0].route: nobody may call cart by it", limit({ routes: [{ route: "cart/pay", http }] })],
    [
      "limits[0].routes[1].route: limits[0].routes[0].route is for requests of the path",
      limit({
        routes: [
          { route: "cart/items", http },
          { route: "cart/items", http },
        ],
      }),
    ],
    [
      "limits[0]: limits of requests are for HTTP",
      withRules({ limits: [{ service: "db", connections: { http: { maxRequests: 5 } } }] }),
    ],
    [
      "limits[1]: limits[0] is for calls to cart already",
      withRules({
        limits: [
          { service: "cart", connections: { http: { maxRequests: 5 } } },
          { service: "cart", connections: { http: { maxRequests: 6 } } },
        ],
      }),
    ],
  ])("%s", (place, policy) => {
    for (const mesh of ["osm", "istio"] as const) {
      const said: unknown[] = [];
      try {
        compile(policy, mesh);
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyError);
        said.push(error instanceof Error ? error.message : error);
      }
      expect(said).toEqual([expect.stringContaining(place)]);
    }
  });
});
