import { expect, test } from "vitest";
import { checkGuarantees, decide } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshConfig,
  meshNamespace,
  type Objects,
  pod,
  service,
  shop,
  strict,
} from "./world";

/** A route of calls to `server` in `shop`. */
const route = (
  kind: string,
  namespace: string,
  parent: object = {},
  to: object = { name: "server", port: 80 },
  rule: object = {},
) =>
  istio("gateway.networking.k8s.io/v1", kind, namespace, "r", {
    parentRefs: [{ group: "", kind: "Service", name: "server", namespace: "shop", ...parent }],
    rules: [{ backendRefs: [to], ...rule }],
  });
const httpRoute = route.bind(undefined, "HTTPRoute");
const toWeb = { name: "server", namespace: "web", port: 80 };

const web: readonly KubernetesObject[] = [
  meshNamespace("web"),
  pod("web", "client"),
  pod("web", "server"),
  service("web", "server", [{ name: "http", port: 80 }]),
];
const ofClients = authorizationPolicy("shop", "server", {
  selector: { matchLabels: { app: "server" } },
  rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/client"] } }] }],
});
const around: Objects = [shop, strict, web, ofClients];

const meshOf = (objects: Objects) => istioMesh({ objects: objects.flat() });
const decided = (objects: Objects, from: string, to = "server.shop:80", more: object = {}) =>
  decide(meshOf(objects), { from, to, protocol: "http", method: "GET", path: "/", ...more });
/** Who answers, or with what the call fails. */
const answer = (...asked: Parameters<typeof decided>) => {
  const { outcome, status, backends, variesBy } = decided(...asked);
  return variesBy ?? (outcome === "allowed" ? Object.keys(backends).join() : `${outcome} ${String(status)}`);
};

test("a route whose parent is a Service leads the calls of sidecars, of all where it is of the Service's namespace", () => {
  const open: Objects = [shop, web];
  const callers = (...more: Objects) => ["shop/client", "web/client"].map((from) => answer([...open, ...more], from));
  expect(callers()).toEqual(["shop/server", "shop/server"]);
  expect(callers(httpRoute("shop", {}, toWeb))).toEqual(["web/server", "web/server"]);
  expect(callers(httpRoute("web", {}, toWeb))).toEqual(["shop/server", "web/server"]);
  expect(answer([...open, httpRoute("shop", {}, toWeb)], "outside")).toBe("shop/server");
  expect(callers(httpRoute("shop", { port: 8080 }, toWeb))).toEqual(["shop/server", "shop/server"]);
  expect(callers(httpRoute("shop", { port: 80 }, toWeb))).toEqual(["web/server", "web/server"]);
  expect(callers(httpRoute("shop", { kind: "Gateway", group: undefined }, toWeb))).toEqual([
    "shop/server",
    "shop/server",
  ]);
  expect(callers(route("GRPCRoute", "shop", {}, toWeb))).toEqual(["web/server", "web/server"]);
});

test("what meets none of its rules gets 404, and where it leads nowhere 500", () => {
  const open: Objects = [shop, web];
  const paths = { matches: [{ path: { type: "Exact", value: "/a" } }] };
  const one = [...open, httpRoute("shop", {}, toWeb, paths)];
  expect([answer(one, "shop/client"), answer(one, "shop/client", "server.shop:80", { path: "/a" })]).toEqual([
    "no-route 404",
    "web/server",
  ]);
  expect(answer([...open, httpRoute("shop", {}, { name: "nobody", port: 80 })], "shop/client")).toBe("unavailable 500");
  // One that istiod takes nothing of, and one for a Service that is not there, change nothing.
  expect(answer([...open, httpRoute("shop", {}, { name: "server" })], "shop/client")).toBe("shop/server");
  expect(answer([...open, httpRoute("shop", { name: "nobody" }, toWeb)], "shop/client")).toBe("shop/server");
});

test("a ServiceEntry may be its parent", () => {
  const entry = istio("networking.istio.io/v1", "ServiceEntry", "shop", "outside", {
    hosts: ["api.example"],
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    resolution: "DNS",
  });
  const parent = { group: "networking.istio.io", kind: "ServiceEntry", name: "outside" };
  const ask = (...more: Objects) => answer([shop, web, entry, ...more], "web/client", "api.example:80");
  expect(ask()).toBe("api.example:80");
  expect(ask(httpRoute("shop", parent, toWeb))).toBe("web/server");
  expect(ask(httpRoute("shop", { ...parent, name: "nobody" }, toWeb))).toBe("api.example:80");
});

const dated = (object: KubernetesObject, day: number): KubernetesObject => ({
  ...object,
  metadata: Object.assign({ creationTimestamp: `2026-01-0${String(day)}T00:00:00Z` }, object.metadata),
});
const virtualService = (namespace: string, to: string, more: object = {}) =>
  istio("networking.istio.io/v1", "VirtualService", namespace, "v", {
    hosts: ["server.shop.svc.cluster.local"],
    http: [{ route: [{ destination: { host: `server.${to}.svc.cluster.local`, port: { number: 80 } } }] }],
    ...more,
  });

// What Istio's own generators answered of VirtualServices with the annotation that istiod gives those that it makes of routes.
test.each<[string, KubernetesObject, KubernetesObject, string, string]>([
  [
    "the callers' own first",
    httpRoute("shop", {}, { ...toWeb, namespace: "shop" }),
    httpRoute("web", {}, toWeb),
    "shop/server",
    "web/server",
  ],
  [
    "before an older VirtualService for callers of its own namespace alone",
    virtualService("shop", "web"),
    httpRoute("shop"),
    "shop/server",
    "web/server",
  ],
  [
    "before an older VirtualService where it is the callers'",
    virtualService("shop", "shop"),
    httpRoute("web", {}, toWeb),
    "shop/server",
    "web/server",
  ],
  [
    "after one for their namespace alone",
    virtualService("web", "shop", { exportTo: ["."] }),
    httpRoute("web", {}, toWeb),
    "shop/server",
    "shop/server",
  ],
  [
    "before one for a pattern",
    virtualService("web", "shop", { exportTo: ["."], hosts: ["*.shop.svc.cluster.local"] }),
    httpRoute("web", {}, toWeb),
    "shop/server",
    "web/server",
  ],
  [
    "and takes those for a pattern from others, too",
    virtualService("shop", "web", { hosts: ["*.shop.svc.cluster.local"] }),
    httpRoute("web"),
    "shop/server",
    "web/server",
  ],
])("where several are for a Service: %s", (_, older, newer, ofShop, ofWeb) => {
  const objects: Objects = [shop, web, dated(older, 1), dated(newer, 2)];
  expect([answer(objects, "shop/client"), answer(objects, "web/client")]).toEqual([ofShop, ofWeb]);
});

test("where objects are for their own namespace unless they say more, a route is, too", () => {
  const own = meshConfig('defaultVirtualServiceExportTo: ["."]');
  const exported = virtualService("shop", "shop", { exportTo: ["web"] });
  const consumers: Objects = [shop, web, own, dated(exported, 1), dated(httpRoute("web", {}, toWeb), 2)];
  expect([answer(consumers, "shop/client"), answer(consumers, "web/client")]).toEqual(["shop/server", "web/server"]);
  const producers: Objects = [shop, web, own, httpRoute("shop", {}, toWeb)];
  expect([answer(producers, "shop/client"), answer(producers, "web/client")]).toEqual(["web/server", "shop/server"]);
});

test("the relation has who may call by a route", () => {
  const callers = (objects: Objects) =>
    meshOf(objects)
      .access()
      .entries.filter(({ service: { service: name, port } }) => name === "shop/server" && port === 80)
      .flatMap((entry) => entry.callers)
      .sort();
  expect(callers(around)).toEqual(["shop/client"]);
  expect(callers([...around, httpRoute("shop", {}, toWeb)])).toContain("web/client");
  const own = callers([...around, httpRoute("web", {}, toWeb)]);
  expect(own).toContain("web/client");
  expect(own).not.toContain("shop/other");
});

test("what is proved counts what a route changes", () => {
  const never = (objects: Objects, to: string, from = "web/client") =>
    checkGuarantees(meshOf(objects), [{ kind: "never", name: "closed", from: [from], to }]).map(({ rule }) => rule);
  expect(never(around, "shop/server")).toEqual([]);
  const closed = authorizationPolicy("web", "none", {});
  expect(never([...around, closed], "web/server", "shop/client")).toEqual([]);
  // The policies of the pods that it leads to decide.
  expect(never([...around, closed, httpRoute("shop", {}, toWeb)], "web/server", "shop/client")).toEqual([]);
  expect(never([...around, httpRoute("shop", {}, toWeb)], "web/server", "shop/client")).toEqual(["broken-guarantee"]);
});

test("what routes say of connections is not followed", () => {
  const tcp = (to: string, ...more: Objects) => {
    const verdict = decide(meshOf([shop, web, ...more]), { from: "web/client", to, protocol: "tcp" });
    return verdict.variesBy ?? verdict.outcome;
  };
  expect(tcp("server.shop:9000", route("TCPRoute", "shop"))).toBe("not-followed");
  expect(tcp("server.shop:9000", route("TCPRoute", "shop", { port: 80 }))).toBe("allowed");
  expect(tcp("server.shop:9000", httpRoute("shop", {}, toWeb))).toBe("allowed");
  expect(answer([shop, web, route("TCPRoute", "shop")], "web/client")).toBe("shop/server");
});

test("timeouts and retries are among the limits of a call", () => {
  const limits = (rule: object) => {
    const mesh = meshOf([shop, web, httpRoute("shop", {}, { name: "server", port: 80 }, rule)]);
    const request = { from: "web/client", to: "server.shop:80", protocol: "http", method: "GET", path: "/" } as const;
    return mesh
      .limitsOf({ caller: "web/client", request, backends: ["shop/server"], because: [] })
      .map(({ limit, value, path }) => `${limit} ${value} ${path.join(".")}`);
  };
  expect(limits({})).toEqual(["retries 2 on what Istio takes for safe, of Istio's own "]);
  expect(limits({ timeouts: { request: "5s" }, retry: { codes: [503] } })).toEqual([
    "retries 2 on connect-failure,refused-stream,unavailable,cancelled,503 spec.rules.0.retry",
    "timeout 5s spec.rules.0.timeouts.request",
  ]);
  expect(limits({ timeouts: { request: "5s", backendRequest: "2s" }, retry: { attempts: 3 } })).toEqual([
    "retries 3 on connect-failure,refused-stream,unavailable,cancelled spec.rules.0.retry",
    "perTryTimeout 2s spec.rules.0.timeouts.backendRequest",
    "timeout 5s spec.rules.0.timeouts.request",
  ]);
  expect(limits({ timeouts: { request: "5s", backendRequest: "2s" }, retry: { attempts: 0 } })).toEqual([
    "timeout 5s spec.rules.0.timeouts.request",
  ]);
  expect(limits({ timeouts: { request: "0s", backendRequest: "2s" } })).toEqual([
    "retries 2 on what Istio takes for safe, of Istio's own ",
    "timeout 2s spec.rules.0.timeouts.backendRequest",
  ]);
});

test("is found where the add-on does not support it, or where it comes to nothing", () => {
  const rules = (...objects: Objects) =>
    meshOf([shop, web, ...objects])
      .findings()
      .filter(({ object }) => object?.includes("Route") === true)
      .map(({ rule, object }) => `${rule} ${object ?? ""}`);
  expect(rules()).toEqual([]);
  expect(rules(httpRoute("shop"))).toEqual(["mesh-route-unsupported HTTPRoute shop/r"]);
  expect(rules(httpRoute("shop"), meshNamespace("istio-system"))).toEqual([]);
  expect(rules(httpRoute("shop", { name: "nobody" }), meshNamespace("istio-system"))).toEqual([
    "route-not-attached HTTPRoute shop/r",
  ]);
  expect(rules(httpRoute("shop", {}, { name: "nobody", port: 80 }), meshNamespace("istio-system"))).toEqual([
    "route-to-nowhere HTTPRoute shop/r",
  ]);
  expect(rules(route("TCPRoute", "shop"))).toEqual(["gateway-api-not-read TCPRoute shop/r"]);
  const gateway = istio("gateway.networking.k8s.io/v1", "Gateway", "shop", "edge", { gatewayClassName: "istio" });
  expect(meshOf([...around, gateway]).assumptions.join(" ")).not.toContain("Passed over");
});
