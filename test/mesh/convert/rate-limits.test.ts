import { describe, expect, it } from "vitest";
import { callLimits, meshOf } from "../../../mesh";
import { compileIstio } from "../../../mesh/convert/compile";
import { type IstioObject } from "../../../mesh/istio/kinds";
import { assumedCluster, definePolicy, type LimitRule, type Policy } from "../../../mesh/policy";

const http = [{ port: 80, targetPort: 8080, protocol: "http" }] as const;

const policyWith = (
  ...limits: readonly LimitRule<"cart" | "cart-v1" | "cart-v2" | "db", "cart/pay" | "cart/items">[]
) =>
  definePolicy({
    services: {
      front: { namespace: "web", serviceAccount: "front" },
      cart: { namespace: "shop", serviceAccount: "cart-v1", ports: http },
      "cart-v1": { namespace: "shop", serviceAccount: "cart-v1", ports: http },
      "cart-v2": { namespace: "shop", serviceAccount: "cart-v2", ports: http },
      db: { namespace: "shop", serviceAccount: "db", ports: [{ port: 3306, protocol: "tcp" }] },
    },
    routes: { cart: { items: { methods: ["GET"], path: "/items" }, pay: { methods: ["POST"], path: "/pay/[^/]+" } } },
    access: [
      { from: "front", to: "cart", routes: ["cart/items", "cart/pay"] },
      { from: "front", to: "cart-v1", routes: ["cart/items", "cart/pay"] },
      { from: "front", to: "cart-v2", routes: ["cart/items", "cart/pay"] },
      { from: "front", to: "db", tcp: [3306] },
    ],
    splits: [{ root: "cart", backends: { "cart-v1": 1, "cart-v2": 1 } }],
    limits,
  });

const ofCart = {
  service: "cart",
  rate: { local: { http: { requests: 20, unit: "hour", burst: 5 } } },
  routes: [
    {
      route: "cart/pay",
      http: { requests: 2, unit: "minute", responseStatusCode: 503, responseHeadersToAdd: [{ name: "x", value: "y" }] },
    },
  ],
} as const;

const compiled = (policy: Policy): readonly IstioObject[] => compileIstio(policy, { allowEnvoyFilter: true });
const filtersOf = (policy: Policy) => compiled(policy).filter(({ kind }) => kind === "EnvoyFilter");

/** What bounds a call, and the object that says so. */
function limits(policy: Policy, objects: readonly IstioObject[], to: string, path?: string, method = "GET"): string[] {
  const mesh = meshOf({ objects: [...objects, ...assumedCluster(policy)] }, [], "istio");
  const request = { from: "web/front", to };
  return callLimits(
    mesh,
    path === undefined ? { ...request, protocol: "tcp" } : { ...request, protocol: "http", method, path },
  ).map(({ limit, value, service, object }) => [limit, value, service, object?.kind, object?.metadata.name].join(" "));
}

describe("rates on Istio", () => {
  const policy = policyWith(ofCart);

  it("are refused with what to write, until somebody allows EnvoyFilters", () => {
    expect(() => compileIstio(policy)).toThrow(
      /UpstreamTrafficSetting shop\/cart: .*which AKS allows and does not support: allow it, istio\.allowEnvoyFilter in a stack's definition/,
    );
  });

  it("are those of the pods behind the name, of a split's backends too, by the name that is called", () => {
    expect(filtersOf(policy).map(({ metadata }) => metadata.name)).toEqual(["rate-cart-v1", "rate-cart-v2"]);
    const objects = compiled(policy);
    const [v1, v2] = ["rate-cart-v1", "rate-cart-v2"].map(
      (name) => `requestRate 20 per hour and 5 more at once, then 429 shop/cart EnvoyFilter ${name}`,
    );
    expect(limits(policy, objects, "cart.shop:80", "/items?a=b")).toEqual([v1, v2]);
    expect(limits(policy, objects, "cart-v1.shop:80", "/items")).toEqual([]);
  });

  it("give way to those of a route", () => {
    expect(limits(policy, compiled(policy), "cart.shop.svc.cluster.local:80", "/pay/7", "POST")).toEqual([
      "requestRate 2 per minute, then 503 shop/cart EnvoyFilter rate-cart-v1",
      "requestRate 2 per minute, then 503 shop/cart EnvoyFilter rate-cart-v2",
    ]);
  });

  it("are read again as they were written, and anything else in them is not read", () => {
    const findings = (objects: readonly IstioObject[]): readonly string[] =>
      meshOf({ objects: [...objects, ...assumedCluster(policy)] }, [], "istio")
        .findings()
        .filter(({ rule }) => rule === "envoy-filter-not-read")
        .map(({ object }) => object ?? "");
    expect(findings(compiled(policy))).toEqual([]);
    const changed = compiled(policy).map((object) =>
      object.metadata.name === "rate-cart-v2"
        ? (JSON.parse(JSON.stringify(object).replaceAll('"max_tokens":25', '"max_tokens":25,"x":1')) as IstioObject)
        : object,
    );
    expect(findings(changed)).toEqual(["EnvoyFilter shop/rate-cart-v2"]);
    expect(limits(policy, changed, "cart.shop:80", "/items")).toHaveLength(1);
  });

  it("of connections are by the port", () => {
    const other = policyWith({ service: "db", rate: { local: { tcp: { connections: 3, unit: "second", burst: 1 } } } });
    expect(limits(other, compiled(other), "db.shop:3306")).toEqual([
      "connectionRate 3 per second and 1 more at once shop/db EnvoyFilter rate-db",
    ]);
    const ofPort = policyWith({ service: "cart-v1", rate: { local: { tcp: { connections: 3, unit: "second" } } } });
    expect(() => compiled(ofPort)).toThrow(
      /UpstreamTrafficSetting shop\/cart-v1: .*Service shop\/cart leads to the same port 8080 of the same pods/,
    );
  });
});
