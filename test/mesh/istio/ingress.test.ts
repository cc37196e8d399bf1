import { describe, expect, test } from "vitest";
import { checkGuarantees, decide, diff } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshNamespace,
  type Objects,
  pod,
  service,
  shop,
  strict,
  virtualService,
} from "./world";

const front = (type: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "ingress", namespace: "edge" },
  ...{
    spec: {
      type,
      selector: { istio: "ingress" },
      ports: [
        { name: "http2", port: 80, targetPort: 8080 },
        { name: "https", port: 443, targetPort: 8443 },
      ],
    },
  },
});
const gatewayPods: readonly KubernetesObject[] = [
  meshNamespace("edge", {}),
  pod("edge", "ingress", {
    labels: { istio: "ingress" },
    annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" },
  }),
];
const server = (hosts: readonly string[], more: object = { port: { number: 80, protocol: "HTTP" } }) => ({
  hosts,
  ...more,
});
const tls = (mode: string) => ({ port: { number: 443, protocol: "HTTPS" }, tls: { mode, credentialName: "shop" } });
const gateway = (...servers: readonly object[]) =>
  istio("networking.istio.io/v1", "Gateway", "edge", "front", { selector: { istio: "ingress" }, servers });
const toServer = (hosts: readonly string[], path = "/books") =>
  virtualService("shop", "server", {
    hosts,
    gateways: ["edge/front"],
    http: [{ match: [{ uri: { prefix: path } }], route: [{ destination: { host: "server", port: { number: 80 } } }] }],
  });
/** TLS behind which the gateway does not look. */
const passing = (name: string, host = name): readonly KubernetesObject[] => [
  service("shop", "secure", [{ name: "https", port: 443, targetPort: 8080 }], { selector: { app: "server" } }),
  virtualService("shop", "passing", {
    hosts: [host],
    gateways: ["edge/front"],
    tls: [{ match: [{ sniHosts: [name] }], route: [{ destination: { host: "secure" } }] }],
  }),
];
const allowed = (account: string) =>
  authorizationPolicy("shop", "server", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ from: [{ source: { principals: [`cluster.local/ns/${account}`] } }] }],
  });
const ofGateway = allowed("edge/sa/ingress");
const world = (type = "LoadBalancer"): Objects => [shop, strict, gatewayPods, front(type)];

const meshOf = (objects: Objects) => istioMesh({ objects: objects.flat() });
const entered = (objects: Objects): readonly string[] =>
  meshOf(objects)
    .access()
    .entries.filter(({ callers, service: { service } }) => callers.includes("outside") && service === "")
    .map(({ service: { host, port, kind, tls: secured } }) => `${host}:${port} ${kind ?? ""}${secured ? " tls" : ""}`);

test("names that Gateways serve are ways in from outside, where a VirtualService leads on and the policies let its account", () => {
  const objects = [...world(), ofGateway, gateway(server(["*.example"]))];
  expect(entered([...objects, toServer(["shop.example", "a.example", "b.other"])])).toEqual([
    "shop.example:80 http",
    "a.example:80 http",
  ]);
  expect(entered(objects)).toEqual([]);
  expect(entered([...world("NodePort"), ofGateway, gateway(server(["*"])), toServer(["*.shop.example"])])).toEqual([
    "any.shop.example:80 http",
  ]);
  expect(entered([...world(), ofGateway, gateway(server(["*"])), toServer(["*"])])).toEqual(["any.example:80 http"]);
  const closed = [...world(), allowed("shop/sa/client"), gateway(server(["*"])), toServer(["shop.example"])];
  expect(entered(closed)).toEqual([]);
  // One that has no address outside, such as that of an egress gateway, is called by nobody there.
  expect(entered([...world("ClusterIP"), ofGateway, gateway(server(["*"])), toServer(["shop.example"])])).toEqual([]);
});

test("TLS is a way in of its own, with the server name that clients send", () => {
  const routed = [...world(), ofGateway, toServer(["shop.example"])];
  expect(entered([...routed, gateway(server(["*"]), server(["*"], tls("SIMPLE")))])).toEqual([
    "shop.example:80 http",
    "shop.example:443 http tls",
  ]);
  // Nobody asks for server names there.
  expect(entered([...routed, gateway(server(["*"], tls("PASSTHROUGH")))])).toEqual([]);
  const open = [...world(), authorizationPolicy("shop", "server", { rules: [{}] })];
  expect(entered([...open, passing("shop.example"), gateway(server(["*"], tls("PASSTHROUGH")))])).toEqual([
    "shop.example:443 tcp tls",
  ]);
  // The rule's name counts, whatever the server's host is called that the VirtualService has in common with it.
  const wide = [...open, passing("shop.example", "*.example"), gateway(server(["till.example"], tls("PASSTHROUGH")))];
  expect(entered(wide)).toEqual(["shop.example:443 tcp tls"]);
});

test("what a gateway passes on unread may be read by who is behind it, under any Host header", () => {
  const bytes = { port: { number: 80, protocol: "TCP" } };
  const route = virtualService("shop", "bytes", {
    hosts: ["shop.example"],
    gateways: ["edge/front"],
    tcp: [{ route: [{ destination: { host: "server", port: { number: 80 } } }] }],
  });
  const objects = [...world(), route, gateway(server(["*"], bytes))];
  expect(entered([...objects, ofGateway])).toEqual(["shop.example:80 http"]);
  const byHost = authorizationPolicy("shop", "server", { rules: [{ to: [{ operation: { hosts: ["secret"] } }] }] });
  const [found] = checkGuarantees(meshOf([...objects, byHost]), [
    { kind: "never", name: "closed", from: ["outside"], to: "shop/server" },
  ]);
  expect(found?.request).toMatchObject({ to: "shop.example:80", host: "secret" });
});

test("a request by such a name goes through the gateway from outside, and past it from inside", () => {
  const mesh = meshOf([...world(), ofGateway, gateway(server(["shop.example"])), toServer(["shop.example"])]);
  const ends = (from: string, to: string, path: string) =>
    decide(mesh, { from, to, protocol: "http", method: "GET", path });
  expect(ends("outside", "shop.example:80", "/books/1")).toMatchObject({ status: 200, backends: { "shop/server": 1 } });
  expect(ends("outside", "SHOP.example:80", "/other").status).toBe(404);
  // Nobody serves these, so that they are somewhere else.
  for (const to of ["shop.example:8080", "other.example:80"]) {
    expect(ends("outside", to, "/books/1").backends).toEqual({ [to]: 1 });
  }
  expect(ends("shop/client", "shop.example:80", "/books/1").backends).toEqual({ "shop.example:80": 1 });
});

test("a Service keeps its own name whatever a Gateway serves", () => {
  const open = [...world(), ofGateway, gateway(server(["*"])), toServer(["*"])];
  const request = {
    from: "outside",
    to: "server.shop.svc.cluster.local:80",
    protocol: "http",
    path: "/books",
  } as const;
  expect(decide(meshOf(open), { ...request, method: "GET" }).outcome).toBe("refused");
});

test("what must never come from outside must not by a gateway either", () => {
  const never = (objects: Objects, from = "outside", to = "shop/server") =>
    checkGuarantees(meshOf(objects), [{ kind: "never", name: "closed", from: [from], to }]).map(({ rule, request }) =>
      request === undefined ? rule : `${rule} ${request.to}`,
    );
  const open = [...world(), ofGateway, gateway(server(["*"])), toServer(["shop.example"])];
  expect(never(open)).toEqual(["broken-guarantee shop.example:80"]);
  expect(never(open, "*")).toEqual(["broken-guarantee server.shop.svc.cluster.local:80"]);
  expect(never([...world(), allowed("shop/sa/client"), gateway(server(["*"])), toServer(["shop.example"])])).toEqual(
    [],
  );
  // What it leads to is another Service.
  const data = service("shop", "data", [{ name: "http", port: 80 }], { app: "other" });
  expect(never([...open, data], "outside", "shop/data")).toEqual([]);
  // Nobody reads what is inside: who takes it, takes it.
  const left = [...world(), gateway(server(["*"], tls("PASSTHROUGH"))), passing("shop.example")];
  const all = authorizationPolicy("shop", "server", { rules: [{}] });
  expect(never([...left, all], "outside", "shop/secure")).toEqual(["broken-guarantee shop.example:443"]);
  expect(never([...left, allowed("shop/sa/client")], "outside", "shop/secure")).toEqual([]);
});

describe("findings", () => {
  const found = (objects: Objects) =>
    meshOf(objects)
      .findings()
      .filter(({ rule }) => rule.startsWith("ingress") || rule === "gateway-selects-nothing")
      .map(({ rule, object, remedy }) => `${rule} ${object ?? ""}: ${remedy}`);

  test("a way in that is denied to everybody, and not one that leads elsewhere or nowhere", () => {
    const routed = [...world(), gateway(server(["*"])), toServer(["shop.example"])];
    expect(found([...routed, allowed("shop/sa/client")])).toEqual([
      "ingress-denied VirtualService shop/server: Write an AuthorizationPolicy that allows the gateway's account: principals [cluster.local/ns/edge/sa/ingress].",
    ]);
    expect(found([...routed, ofGateway])).toEqual([]);
    const redirect = server(["*"], { port: { number: 80, protocol: "HTTP" }, tls: { httpsRedirect: true } });
    expect(found([...world(), gateway(redirect), toServer(["shop.example"]), allowed("shop/sa/client")])).toEqual([]);
  });

  test("a Gateway for pods that the add-on does not make", () => {
    const upstream = istio("networking.istio.io/v1", "Gateway", "shop", "g", {
      selector: { istio: "ingressgateway" },
      servers: [server(["*"])],
    });
    expect(found([shop, strict, upstream])).toEqual([
      expect.stringContaining("gateway-selects-nothing Gateway shop/g: Write istio: aks-istio-ingressgateway-external"),
    ]);
    expect(found([shop, strict, upstream, pod("shop", "own", { labels: { istio: "ingressgateway" } })])).toEqual([]);
  });
});

describe("the add-on's gateways are taken to be there where a Gateway selects them and nothing is shown of their namespace", () => {
  const name = "aks-istio-ingressgateway-external";
  const edge = istio("networking.istio.io/v1", "Gateway", "shop", "front", {
    selector: { istio: name },
    servers: [server(["shop.example"])],
  });
  const routes = virtualService("shop", "server", {
    hosts: ["shop.example"],
    gateways: ["front"],
    http: [{ route: [{ destination: { host: "server", port: { number: 80 } } }] }],
  });
  const accounts = (...objects: Objects) =>
    meshOf([shop, strict, edge, routes, ...objects])
      .access()
      .callers.filter((one) => one.startsWith("aks-istio-ingress/"));

  test("as the account that policies name, or that of each revision", () => {
    expect(accounts()).toEqual([`aks-istio-ingress/${name}-asm-1-30`]);
    expect(accounts(meshNamespace("other", { "istio.io/rev": "asm-1-29" }))).toEqual([
      `aks-istio-ingress/${name}-asm-1-29`,
      `aks-istio-ingress/${name}-asm-1-30`,
    ]);
    expect(accounts(allowed(`aks-istio-ingress/sa/${name}`))).toEqual([`aks-istio-ingress/${name}`]);
    const named = allowed(`aks-istio-ingress/sa/${name}-asm-1-28`);
    expect(accounts(named)).toEqual([`aks-istio-ingress/${name}-asm-1-28`]);
    expect(entered([shop, strict, edge, routes, named])).toEqual(["shop.example:80 http"]);
    expect(meshOf([shop, edge]).assumptions.join(" ")).toContain(`is taken to run as ${name}-asm-1-30`);
  });

  test("and not beside others that are shown, nor without a Gateway for them", () => {
    expect(accounts(pod("aks-istio-ingress", "mine"))).toEqual([]);
    expect(meshOf([shop, gateway(server(["*"]))]).assumptions.join(" ")).not.toContain("aks-istio-ingress");
  });
});

test("a way in that opens, closes or leads elsewhere is a difference", () => {
  const routed = (...more: Objects) => meshOf([...world(), ofGateway, ...more]);
  const some = routed(gateway(server(["*"])), toServer(["shop.example"]));
  const changes = (after: ReturnType<typeof routed>) => diff(some, after).map(({ kind, from, to }) => [kind, from, to]);
  expect(changes(some)).toEqual([]);
  expect(changes(routed(gateway(server(["*"])), toServer(["shop.example"], "/")))).toEqual([
    ["opens", "outside", "shop.example:80"],
  ]);
});
