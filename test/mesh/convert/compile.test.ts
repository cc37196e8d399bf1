import { describe, expect, it } from "vitest";
import { compile, meshOf } from "../../../mesh";
import { proveBack } from "../../../mesh/convert/proof";
import { assumedCluster, definePolicy, PolicyError } from "../../../mesh/policy";

const policyWith = (path: string) =>
  definePolicy({
    services: {
      front: { namespace: "web", serviceAccount: "front" },
      cart: { namespace: "shop", serviceAccount: "cart", ports: [{ port: 80, targetPort: 8080, protocol: "http" }] },
      "cart-v2": {
        namespace: "shop",
        serviceAccount: "cart-v2",
        ports: [{ port: 80, targetPort: 8080, protocol: "http" }],
      },
      db: { namespace: "shop", serviceAccount: "db", ports: [{ port: 3306, protocol: "tcp" }] },
    },
    routes: {
      cart: { items: { methods: ["GET", "HEAD"], path }, pay: { methods: ["POST"], headers: { "x-team": "a|b" } } },
    },
    access: [
      { from: "front", to: "cart", routes: ["cart/items", "cart/pay"] },
      { from: "front", to: "cart-v2", routes: ["cart/items", "cart/pay"] },
      { from: ["cart", "cart-v2"], to: "db", tcp: [3306] },
    ],
    splits: [{ root: "cart", backends: { cart: 3, "cart-v2": 1 } }],
    retries: [
      {
        from: "front",
        to: ["cart"],
        policy: { retryOn: "5xx", perTryTimeout: "1s", numRetries: 2, retryBackoffBaseInterval: "25ms" },
      },
    ],
    limits: [{ service: "cart", connections: { http: { maxRequests: 10 } } }],
  });

describe("compile for Istio", () => {
  const policy = policyWith("/items/[^/]+");
  const objects = compile(policy, "istio");

  it("lets the same through as OSM's objects", () => {
    const cluster = assumedCluster(policy);
    const osm = meshOf({ objects: [...compile(policy, "osm"), ...cluster] });
    const istio = meshOf({ objects: [...objects, ...cluster] }, [], "istio");
    const { changes, expected, answers } = proveBack(osm, istio, new Set());
    expect(changes).toEqual([]);
    expect(expected).toEqual([]);
    expect(answers.map(({ title }) => title)).toEqual(["404 → 403"]);
  });

  it("writes the objects in one order, and the same ones each time", () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      "AuthorizationPolicy shop/allow-cart",
      "AuthorizationPolicy shop/allow-cart-v2",
      "AuthorizationPolicy shop/allow-db",
      "AuthorizationPolicy shop/default-deny",
      "AuthorizationPolicy web/default-deny",
      "PeerAuthentication shop/default",
      "PeerAuthentication web/default",
      "VirtualService shop/cart",
      "VirtualService shop/cart-v2",
      "DestinationRule shop/cart",
      "Sidecar shop/default",
      "Sidecar web/default",
    ]);
    expect(compile(policy, "istio")).toEqual(objects);
  });

  it("selects pods by the label that the program gives them", () => {
    const [first] = objects;
    expect(first?.kind === "AuthorizationPolicy" ? first.spec.selector : undefined).toEqual({
      matchLabels: { "aks-mesh/service-account": "cart" },
    });
  });

  it("retries for the one caller, and for nobody else", () => {
    const service = objects.find(({ kind, metadata }) => kind === "VirtualService" && metadata.name === "cart");
    expect(
      service?.kind === "VirtualService" ? service.spec.http?.map(({ match, retries }) => [match, retries]) : [],
    ).toEqual([
      [
        [{ sourceLabels: { "aks-mesh/service-account": "front" }, sourceNamespace: "web" }],
        { attempts: 2, perTryTimeout: "1s", retryOn: "5xx", backoff: "25ms" },
      ],
      [undefined, { attempts: 0 }],
    ]);
  });

  it("refuses a pattern with the place and what could be written", () => {
    expect(() => compile(policyWith("/items/[0-9]+"), "istio")).toThrow(PolicyError);
    expect(() => compile(policyWith("/items/[0-9]+"), "istio")).toThrow(
      /routes to shop\/cart.*\/items\/\[0-9\]\+.*wider: .*\/items\/\{\*\}/s,
    );
  });
});
