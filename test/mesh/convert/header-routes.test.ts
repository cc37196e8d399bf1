import { describe, expect, it } from "vitest";
import { compile, decide, meshOf } from "../../../mesh";
import { assumedCluster, definePolicy, type HeaderMatch, PolicyError } from "../../../mesh/policy";

const ports = [{ port: 80, targetPort: 8080, protocol: "http" }] as const;

const policyWith = (headers: HeaderMatch["headers"], to: "cart" | "cart-v1" | "cart-v2" = "cart-v2") =>
  definePolicy({
    services: {
      front: { namespace: "web", serviceAccount: "front" },
      other: { namespace: "web", serviceAccount: "other" },
      cart: { namespace: "shop", serviceAccount: "cart-v1", ports },
      "cart-v1": { namespace: "shop", serviceAccount: "cart-v1", ports },
      "cart-v2": { namespace: "shop", serviceAccount: "cart-v2", ports },
    },
    routes: { cart: { pay: { methods: ["POST"], headers: { "x-team": "a" } }, items: { methods: ["GET"] } } },
    access: [
      { from: ["front", "other"], to: "cart", routes: ["cart/items", "cart/pay"] },
      { from: ["front", "other"], to: "cart-v1", routes: ["cart/items", "cart/pay"] },
      { from: ["front", "other"], to: "cart-v2", routes: ["cart/items", "cart/pay"] },
    ],
    splits: [{ root: "cart", backends: { "cart-v1": 100, "cart-v2": 0 }, match: [{ headers, to }] }],
    retries: [
      {
        from: "front",
        to: ["cart"],
        policy: { retryOn: "5xx", perTryTimeout: "1s", numRetries: 2, retryBackoffBaseInterval: "25ms" },
      },
    ],
    timeouts: [{ to: "cart", timeout: "9s" }],
  });

const beta: HeaderMatch["headers"] = { "x-group": { exact: "beta" } };

describe("A/B by header on Istio", () => {
  const policy = policyWith(beta);
  const objects = compile(policy, "istio");
  const mesh = meshOf({ objects: [...objects, ...assumedCluster(policy)] }, [], "istio");
  const answering = (headers: Record<string, string>, method = "GET", from = "web/front") =>
    decide(mesh, { from, to: "cart.shop.svc.cluster.local:80", protocol: "http", method, path: "/", headers });

  it("puts a rule for the header before that for all others, for callers with retries of their own as well", () => {
    const routes = objects.find(({ kind, metadata }) => kind === "VirtualService" && metadata.name === "cart")?.spec;
    const [v1, v2] = ["cart-v1", "cart-v2"].map((name) => [
      { destination: { host: `${name}.shop.svc.cluster.local`, port: { number: 80 } } },
    ]);
    const ofFront = { sourceNamespace: "web", sourceLabels: { "aks-mesh/service-account": "front" } };
    const twice = { attempts: 2, perTryTimeout: "1s", retryOn: "5xx", backoff: "25ms" };
    const once = { attempts: 0 };
    expect(routes).toMatchObject({
      http: [
        { match: [{ ...ofFront, headers: beta }], route: v2, retries: twice, timeout: "9s" },
        { match: [{ headers: beta }], route: v2, retries: once, timeout: "9s" },
        { match: [ofFront], route: v1, retries: twice, timeout: "9s" },
        { route: v1, retries: once, timeout: "9s" },
      ],
    });
  });

  it("is told by the analysis: which version a request meets, by the header that it has", () => {
    expect(answering({ "x-group": "beta" })).toMatchObject({ outcome: "allowed", backends: { "shop/cart-v2": 1 } });
    expect(answering({ "x-group": "alpha" })).toMatchObject({ outcome: "allowed", backends: { "shop/cart-v1": 1 } });
    expect(answering({})).toMatchObject({ outcome: "allowed", backends: { "shop/cart-v1": 1 } });
    expect(answering({ "x-group": "beta" }, "GET", "web/other").backends).toEqual({ "shop/cart-v2": 1 });
  });

  it("opens nothing: a header that a policy asks for is asked for at either version", () => {
    expect(answering({ "x-group": "beta" }, "POST").outcome).toBe("denied");
    expect(answering({ "x-group": "beta", "x-team": "a" }, "POST")).toMatchObject({
      outcome: "allowed",
      backends: { "shop/cart-v2": 1 },
    });
  });

  it.each([
    [{ "x-group": { prefix: "be" } }, "better"],
    [{ "x-group": { regex: "b.t+a" } }, "bitta"],
  ])("takes %j", (headers, value) => {
    const other = policyWith(headers);
    const changed = meshOf({ objects: [...compile(other, "istio"), ...assumedCluster(other)] }, [], "istio");
    const request = { from: "web/front", to: "cart.shop:80", protocol: "http", method: "GET", path: "/" } as const;
    expect(decide(changed, { ...request, headers: { "x-group": value } }).backends).toEqual({ "shop/cart-v2": 1 });
    expect(decide(changed, { ...request, headers: { "x-group": `-${value}` } }).backends).toEqual({
      "shop/cart-v1": 1,
    });
  });

  it("is refused on Open Service Mesh, with why and what to write instead", () => {
    expect(() => compile(policy, "osm")).toThrow(
      /splits\[0\]\.match: Open Service Mesh cannot route by a header: its TrafficSplit reads no matches.*share calls out by weight/,
    );
  });

  it.each<[HeaderMatch["headers"], RegExp]>([
    [{}, /splits\[0\]\.match\[0\]\.headers: it names none/],
    [{ ":authority": { exact: "a" } }, /":authority": this is no header of Istio's/],
    [{ host: { exact: "a" } }, /"host": this is no header/],
    [{ uri: { exact: "a" } }, /"uri": this is no header/],
    [{ "X-Group": { exact: "a" } }, /names of headers are in lower case/],
    [{ "x group": { exact: "a" } }, /have no blanks/],
    [{ "x-group": { exact: "" } }, /with a text that is not empty/],
    [{ "x-group": { regex: "(" } }, /Envoy does not take the pattern "\("/],
  ])("refuses %j", (headers, message) => {
    expect(() => compile(policyWith(headers), "istio")).toThrow(PolicyError);
    expect(() => compile(policyWith(headers), "istio")).toThrow(message);
  });

  it("refuses one that is no backend, as its pods would not answer to the root's name", () => {
    expect(() => compile(policyWith(beta, "cart"), "istio")).toThrow(
      /splits\[0\]\.match\[0\]\.to: cart is no backend of the split.*with the weight 0/,
    );
  });
});
