import { expect, test } from "vitest";
import { decide } from "../../../mesh";
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
  virtualService,
} from "./world";

/** A gateway of the add-on: namespace, pod and Service, whose port 80 leads to 8080. */
const gateway = (namespace: string, name: string): readonly KubernetesObject[] => [
  meshNamespace(namespace, {}),
  pod(namespace, name, {
    labels: { istio: name },
    annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" },
  }),
  service(
    namespace,
    name,
    [
      { name: "http2", port: 80, targetPort: 8080 },
      { name: "https", port: 443, targetPort: 8443 },
    ],
    { selector: { istio: name } },
  ),
];
const opened = (hosts: readonly string[], port: object = { number: 80, protocol: "HTTP" }, tls?: object) =>
  istio("networking.istio.io/v1", "Gateway", "edge", "front", {
    selector: { istio: "ingress" },
    servers: [{ port, hosts, tls }],
  });
const route = (host: string, port = 80) => [{ destination: { host, port: { number: port } } }];
const toServer = virtualService("shop", "server", {
  hosts: ["shop.example"],
  gateways: ["edge/front"],
  http: [{ match: [{ uri: { prefix: "/books" } }], route: route("server") }],
});
const ofGateway = authorizationPolicy("shop", "server", {
  selector: { matchLabels: { app: "server" } },
  rules: [
    {
      from: [{ source: { principals: ["cluster.local/ns/edge/sa/ingress"] } }],
      to: [{ operation: { paths: ["/books/1"], ports: ["8080"] } }],
    },
  ],
});
const edge: Objects = [shop, strict, ofGateway, gateway("edge", "ingress")];

/** How a request ends: its status, or the outcome where it has none. */
function ends(
  objects: Objects,
  host: string,
  path: string,
  {
    from = "outside",
    to = "ingress.edge",
    port = 80,
    serverName,
  }: { from?: string; to?: string; port?: number; serverName?: string } = {},
) {
  const mesh = istioMesh({ objects: objects.flat() });
  const { outcome, status } = decide(mesh, {
    from,
    to: `${to}:${port}`,
    protocol: "http",
    method: "GET",
    path,
    host,
    headers: {},
    ...(serverName !== undefined && { serverName }),
  });
  return status ?? outcome;
}

test("requests from outside pass in plain text, whatever the mesh asks of sidecars, as the gateway's account may", () => {
  const objects = [...edge, opened(["*.example"]), toServer];
  expect(ends(objects, "shop.example", "/books/1")).toBe(200);
  expect(ends(objects, "SHOP.example:80", "/books/1")).toBe(200);
  expect(ends(objects, "shop.example", "/books/2")).toBe(403);
  expect(ends(objects, "shop.example", "/other")).toBe(404);
  expect(ends(objects, "other.example", "/books/1")).toBe(404);
  // Past the gateway the server's sidecar takes no plain text.
  expect(ends(objects, "server.shop", "/books/1", { to: "server.shop" })).toBe("refused");
});

test("a port that no Gateway opens is closed, and one that leads to other pods as well", () => {
  expect(ends([...edge, toServer], "shop.example", "/books/1")).toBe("refused");
  const other = istio("networking.istio.io/v1", "Gateway", "edge", "front", {
    selector: { istio: "egress" },
    servers: [{ port: { number: 80, protocol: "HTTP" }, hosts: ["*"] }],
  });
  expect(ends([...edge, other, toServer], "shop.example", "/books/1")).toBe("refused");
  const byPod = opened(["*"], { number: 8080, protocol: "HTTP" });
  expect(ends([...edge, byPod, toServer], "shop.example", "/books/1")).toBe(200);
});

test.each([
  [["shop.example"], 200],
  [["shop/*"], 200],
  [["*/shop.example"], 200],
  [["./shop.example"], 404],
  [["other/*"], 404],
  [["*.other"], 404],
])("hosts that the Gateway has: %j", (hosts, end) => {
  expect(ends([...edge, opened(hosts), toServer], "shop.example", "/books/1")).toBe(end);
});

test("a VirtualService counts for the Gateways that it names, and the narrowest host among several", () => {
  const named = (gateways: readonly string[], hosts = ["shop.example"], namespace = "shop") =>
    virtualService(namespace, `v-${hosts.join()}-${gateways.join()}`, {
      ...{ hosts, gateways },
      http: [{ route: route("server.shop.svc.cluster.local") }],
    });
  const open = opened(["*"]);
  expect(ends([...edge, open, named(["mesh"])], "shop.example", "/books/1")).toBe(404);
  expect(ends([...edge, open, named(["front"])], "shop.example", "/books/1")).toBe(404);
  expect(ends([...edge, open, named(["front"], ["shop.example"], "edge")], "shop.example", "/books/1")).toBe(200);
  const nowhere = virtualService("shop", "nowhere", {
    ...{ hosts: ["*.example"], gateways: ["edge/front"] },
    http: [{ directResponse: { status: 418 } }],
  });
  expect(ends([...edge, open, nowhere, named(["edge/front"])], "shop.example", "/books/1")).toBe(200);
  expect(ends([...edge, open, nowhere, named(["edge/front"])], "a.example", "/books/1")).toBe(418);
});

test("rules of several VirtualServices for one host come one after the other, those that catch all after the others", () => {
  const answering = (name: string, http: readonly object[]) =>
    virtualService("shop", name, { hosts: ["shop.example"], gateways: ["edge/front"], http });
  const status = (code: number, prefix?: string) => ({
    ...(prefix !== undefined && { match: [{ uri: { prefix } }] }),
    directResponse: { status: code },
  });
  const objects = [
    ...edge,
    opened(["*"]),
    answering("a-whole", [status(410, "/old"), status(418)]),
    answering("b-part", [status(419, "/old/b"), status(420, "/b")]),
    answering("c-slash", [status(421, "/")]),
  ];
  const by = (path: string) => ends(objects, "shop.example", path);
  expect([by("/old/b"), by("/b/1"), by("/other")]).toEqual([410, 420, 418]);
});

test("a destination without a port means its only one, and of several the one that was called at the gateway", () => {
  const bare = [{ destination: { host: "web" } }];
  const https = { number: 443, protocol: "HTTPS" };
  const tls = { mode: "SIMPLE", credentialName: "shop" };
  const to = (ports: readonly { readonly name: string; readonly port: number }[]) => {
    const objects = [
      ...[...edge, pod("shop", "web"), service("shop", "web", ports), opened(["*"], https, tls)],
      authorizationPolicy("shop", "web", { selector: { matchLabels: { app: "web" } }, rules: [{}] }),
      virtualService("shop", "web", { hosts: ["web.example"], gateways: ["edge/front"], http: [{ route: bare }] }),
    ];
    return ends(objects, "web.example", "/", { port: 443, serverName: "web.example" });
  };
  const http = { name: "http", port: 8000 };
  expect(to([http])).toBe(200);
  expect(to([http, { name: "http-admin", port: 9000 }])).toBe(503);
  expect(to([http, { name: "http-too", port: 443 }])).toBe(200);
});

test("what a rule does to a request is followed, but for what depends on more than the rule", () => {
  const held = (when: object, change: object) => {
    const policy = authorizationPolicy("shop", "server", { rules: [{ when: [when] }] });
    const rules = [{ ...change, route: route("server") }];
    const by = virtualService("shop", "server", { hosts: ["shop.example"], gateways: ["edge/front"], http: rules });
    return ends([shop, strict, policy, gateway("edge", "ingress"), opened(["*"]), by], "shop.example", "/");
  };
  const tenant = { key: "request.headers[x-tenant]", values: ["gold"] };
  expect(held(tenant, {})).toBe(403);
  expect(held(tenant, { headers: { request: { set: { "x-other": "gold" } } } })).toBe(403);
  expect(held(tenant, { headers: { response: { set: { "x-tenant": "gold" } } } })).toBe(403);
  expect(held(tenant, { headers: { request: { set: { "X-Tenant": "gold" } } } })).toBe(200);
  expect(held(tenant, { headers: { request: { set: { "x-tenant": "%PROTOCOL%" } } } })).toBe("varies");
  expect(held(tenant, { headers: { request: { add: { "x-tenant": "gold" } } } })).toBe("varies");
  expect(held(tenant, { rewrite: { uriRegexRewrite: { match: "/a", rewrite: "/b" } } })).toBe("varies");
});

test("a rule for sidecars alone is none for the gateway", () => {
  const both = virtualService("shop", "server", {
    hosts: ["shop.example"],
    gateways: ["edge/front", "mesh"],
    http: [
      { match: [{ gateways: ["mesh"] }], directResponse: { status: 418 } },
      { match: [{ gateways: ["edge/front"] }], route: route("server") },
    ],
  });
  expect(ends([...edge, opened(["*"]), both], "shop.example", "/books/1")).toBe(200);
});

test("policies of the gateway's own pods come first, and see nobody's identity", () => {
  const policy = (spec: object) =>
    authorizationPolicy("edge", "gateway", { selector: { matchLabels: { istio: "ingress" } }, ...spec });
  const objects = [...edge, opened(["*"]), toServer];
  const denying = policy({ action: "DENY", rules: [{ to: [{ operation: { paths: ["/books/1"] } }] }] });
  expect(ends([...objects, denying], "shop.example", "/books/1")).toBe(403);
  expect(ends([...objects, denying], "shop.example", "/other")).toBe(404);
  const known = policy({ rules: [{ from: [{ source: { principals: ["*"] } }] }] });
  expect(ends([...objects, known], "shop.example", "/books/1")).toBe(403);
  // Sidecars show it no certificate either.
  const ownName = "ingress.edge.svc.cluster.local";
  const byName = virtualService("edge", "own", {
    ...{ hosts: [ownName], gateways: ["front"] },
    http: [{ route: route("server.shop.svc.cluster.local") }],
  });
  const fromMesh = { from: "shop/client", to: ownName };
  expect(ends([...objects, byName], ownName, "/books/1", fromMesh)).toBe(200);
  expect(ends([...objects, byName, known], ownName, "/books/1", fromMesh)).toBe(403);
  const addresses = policy({ rules: [{ from: [{ source: { ipBlocks: ["203.0.113.0/24"] } }] }] });
  expect(ends([...objects, addresses], "shop.example", "/books/1", { from: "outside:203.0.113.9" })).toBe(200);
  expect(ends([...objects, addresses], "shop.example", "/books/1", { from: "outside:198.51.100.9" })).toBe(403);
});

test("TLS that the gateway ends is read, by the server names that the Gateway has", () => {
  const https = { number: 443, protocol: "HTTPS" };
  const tls = { mode: "SIMPLE", credentialName: "shop" };
  const secure = istio("networking.istio.io/v1", "Gateway", "edge", "front", {
    selector: { istio: "ingress" },
    servers: [
      { port: https, hosts: ["*.example"], tls },
      { port: https, hosts: ["closed.example"], tls },
    ],
  });
  const objects = [...edge, secure, toServer];
  const by = (serverName: string, host = "shop.example", path = "/books/1") =>
    ends(objects, host, path, { port: 443, serverName });
  expect([by("shop.example"), by("SHOP.example"), by("other.example")]).toEqual([200, 200, 200]);
  expect(by("shop.example", "shop.example", "/books/2")).toBe(403);
  expect(by("shop.example", "other.example")).toBe(404);
  // The narrowest server's routes alone, and no VirtualService has a name in common with it.
  expect(by("closed.example")).toBe(404);
  expect([by("shop.other"), by("")]).toEqual(["refused", "refused"]);
  expect(ends(objects, "shop.example", "/books/1", { port: 443 })).toBe("refused");
  const asked = authorizationPolicy("edge", "gateway", {
    selector: { matchLabels: { istio: "ingress" } },
    rules: [{ when: [{ key: "connection.sni", values: ["shop.example"] }] }],
  });
  const held = (serverName: string) => ends([...objects, asked], "shop.example", "/books/1", { port: 443, serverName });
  expect([held("shop.example"), held("other.example")]).toEqual([200, 403]);
});

test("TLS that asks for certificates is not followed, and plain text is sent to HTTPS where the Gateway says so", () => {
  const port = { number: 443, protocol: "HTTPS" };
  for (const mode of ["MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "AUTO_PASSTHROUGH"]) {
    const secure = opened(["*"], port, { mode, credentialName: "shop" });
    expect(ends([...edge, secure, toServer], "shop.example", "/books/1", { port: 443 }), mode).toBe("varies");
  }
  const redirecting = opened(["*.example"], { number: 80, protocol: "HTTP" }, { httpsRedirect: true });
  const by = (host: string) => ends([...edge, redirecting, toServer], host, "/books/1");
  expect([by("shop.example"), by("other.example"), by("other.test")]).toEqual([301, 301, 404]);
});

/** A TCP port of the server's pods, for the gateway alone. */
const behind: Objects = [
  ...[shop, strict, gateway("edge", "ingress")],
  service("shop", "raw", [{ name: "tcp", port: 7000, targetPort: 9000 }], { selector: { app: "server" } }),
  authorizationPolicy("shop", "server", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ from: [{ source: { principals: ["cluster.local/ns/edge/sa/ingress"] } }] }],
  }),
];
const raw = [{ destination: { host: "raw" } }];
const bound = (name: string, spec: object) => virtualService("shop", name, { gateways: ["edge/front"], ...spec });

test("TLS that the gateway leaves alone goes by the server names of rules, the narrowest first, each name to the first", () => {
  const left = opened(["shop.example", "*.till.example"], { number: 443, protocol: "TLS" }, { mode: "PASSTHROUGH" });
  const named = (name: string, host: string, sniHosts: readonly string[], match: object = {}) =>
    bound(name, { hosts: [host], tls: [{ match: [{ sniHosts, ...match }], route: raw }] });
  const by = (serverName: string | undefined, ...services: readonly KubernetesObject[]) =>
    ends([...behind, left, services], "shop.example", "/", {
      port: 443,
      ...(serverName !== undefined && { serverName }),
    });
  const shopRoute = named("a", "shop.example", ["shop.example"]);
  expect([by("shop.example", shopRoute), by("SHOP.example", shopRoute)]).toEqual([200, 200]);
  expect([by("other.example", shopRoute), by("", shopRoute), by(undefined, shopRoute)]).toEqual(
    Array(3).fill("refused"),
  );
  // The rule's name decides, not the server's.
  expect(by("b.example", named("a", "*.example", ["b.example"]))).toBe(200);
  expect(by("a.till.example", named("a", "*.till.example", ["*.till.example"]))).toBe(200);
  expect(by("shop.example", named("a", "shop.example", ["shop.example"], { port: 80 }))).toBe("refused");
  expect(by("shop.example", named("a", "shop.example", ["shop.example"], { gateways: ["mesh"] }))).toBe("refused");
  const nowhere = bound("0-first", {
    hosts: ["shop.example"],
    tls: [{ match: [{ sniHosts: ["shop.example"] }], route: [{ destination: { host: "nowhere" } }] }],
  });
  expect(by("shop.example", nowhere, shopRoute)).toBe("refused");
  // Bytes to a port that is read are none to it.
  const web = bound("a", {
    hosts: ["shop.example"],
    tls: [{ match: [{ sniHosts: ["shop.example"] }], route: route("server") }],
  });
  expect(by("shop.example", web)).toBe("refused");
});

test("connections that are not read go by the first rule for them, of whichever host", () => {
  const tcp = (match: object | undefined, host = "shop.example") =>
    bound("a", { hosts: [host], tcp: [{ ...(match && { match: [match] }), route: raw }] });
  const by = (
    service: KubernetesObject,
    more: readonly KubernetesObject[] = [],
    tls?: object,
    options: { serverName?: string } = {},
  ) =>
    ends(
      [
        ...behind,
        opened(["*.example"], { number: 443, protocol: tls === undefined ? "TCP" : "TLS" }, tls),
        service,
        more,
      ],
      "nobody.test",
      "/",
      { port: 443, ...options },
    );
  expect(by(tcp(undefined))).toBe(200);
  expect([by(tcp({ port: 443 })), by(tcp({ port: 80 }))]).toEqual([200, "refused"]);
  // Subnets and labels of callers are passed over.
  expect(by(tcp({ destinationSubnets: ["192.0.2.0/24"], sourceLabels: { app: "nobody" } }))).toBe(200);
  expect(by(tcp(undefined, "shop.test"))).toBe("refused");
  // Capital letters count in what the two have in common.
  const capital = opened(["SHOP.example"], { number: 443, protocol: "TCP" });
  const at = (host: string) => ends([...behind, capital, tcp(undefined, host)], "nobody.test", "/", { port: 443 });
  expect([at("SHOP.example"), at("shop.example")]).toEqual([200, "refused"]);
  const certificate = { mode: "SIMPLE", credentialName: "shop" };
  expect(by(tcp(undefined), [], certificate, { serverName: "shop.example" })).toBe(200);
  expect(by(tcp(undefined), [], certificate, { serverName: "shop.test" })).toBe("refused");
  expect(by(tcp(undefined), [], certificate)).toBe("refused");
  const denied = authorizationPolicy("edge", "gateway", {
    selector: { matchLabels: { istio: "ingress" } },
    action: "DENY",
    rules: [{ from: [{ source: { ipBlocks: ["0.0.0.0/0"] } }] }],
  });
  expect(by(tcp(undefined), [denied])).toBe("refused");
});

test("two servers or rules that take one server name are a listener that Envoy refuses", () => {
  const objects = [
    ...behind,
    istio("networking.istio.io/v1", "Gateway", "edge", "front", {
      selector: { istio: "ingress" },
      servers: [
        {
          port: { number: 443, protocol: "HTTPS" },
          hosts: ["shop.example"],
          tls: { mode: "SIMPLE", credentialName: "c" },
        },
        { port: { number: 443, protocol: "TLS" }, hosts: ["*.example"], tls: { mode: "PASSTHROUGH" } },
      ],
    }),
    bound("a", { hosts: ["shop.example"], tls: [{ match: [{ sniHosts: ["shop.example"] }], route: raw }] }),
  ];
  expect(ends(objects, "shop.example", "/", { port: 443, serverName: "shop.example" })).toBe("varies");
});

test("what a server says of its address, of one name twice and of redirects inside of TLS", () => {
  const certificate = { mode: "SIMPLE", credentialName: "shop" };
  const https = { number: 443, protocol: "HTTPS" };
  const by = (server: object, serverName?: string, port = 443) => {
    const secure = istio("networking.istio.io/v1", "Gateway", "edge", "front", {
      selector: { istio: "ingress" },
      servers: [server],
    });
    return ends([...edge, secure, toServer], "shop.example", "/books/1", {
      port,
      ...(serverName !== undefined && { serverName }),
    });
  };
  const plain = { port: { number: 80, protocol: "HTTP" }, hosts: ["*"] };
  expect([by(plain, undefined, 80), by({ ...plain, bind: "127.0.0.1" }, undefined, 80)]).toEqual([200, "refused"]);
  // "*" stands for every server name and for none.
  const any = { port: https, hosts: ["*"], tls: certificate };
  expect([by(any, "shop.example"), by(any, ""), by(any)]).toEqual([200, 200, "refused"]);
  expect(by({ port: https, hosts: ["shop/shop.example", "shop.example"], tls: certificate }, "shop.example")).toBe(200);
  expect(by({ port: https, hosts: ["*"], tls: { ...certificate, httpsRedirect: true } }, "shop.example")).toBe(200);
});

test("what fails behind a gateway that does not read it is answered by the sidecar that does", () => {
  const port = { number: 80, protocol: "TCP" };
  const nowhere = bound("a", { hosts: ["shop.example"], tcp: [{ route: [{ destination: { host: "nowhere" } }] }] });
  const objects = [...behind, opened(["shop.example"], port), nowhere];
  const own = "ingress.edge.svc.cluster.local";
  expect(ends(objects, own, "/", { from: "shop/client", to: own })).toBe(503);
  expect(ends(objects, own, "/", { to: own })).toBe("refused");
});

test("routes of sidecars are none of the gateway's, nor of what counts as its account", () => {
  const ofSidecars = virtualService("shop", "sidecars", {
    hosts: ["server"],
    http: [{ directResponse: { status: 418 } }],
  });
  const open = authorizationPolicy("shop", "server", { rules: [{}] });
  const objects: Objects = [shop, strict, open, gateway("edge", "ingress"), opened(["*"]), toServer, ofSidecars];
  expect(ends(objects, "shop.example", "/books/1")).toBe(200);
  const server = { to: "server.shop" };
  expect(ends(objects, "server.shop", "/books/1", { from: "edge/ingress", ...server })).toBe(200);
  expect(ends(objects, "server.shop", "/books/1", { from: "shop/client", ...server })).toBe(418);
  const entries = istioMesh({ objects: objects.flat() })
    .access()
    .entries.filter(({ service: { service: name, port } }) => name === "shop/server" && port === 80);
  const passing = (caller: string) => entries.filter(({ callers }) => callers.includes(caller)).length;
  expect([passing("shop/client"), passing("edge/ingress")]).toEqual([0, 1]);
});

test("a gateway that leads to itself is not followed for ever", () => {
  const loop = virtualService("edge", "loop", {
    ...{ hosts: ["shop.example"], gateways: ["front"] },
    http: [{ route: route("ingress.edge.svc.cluster.local") }],
  });
  expect(ends([...edge, opened(["*"]), loop], "shop.example", "/")).toBe("varies");
});

test("a host outside is called through an egress gateway, in plain text up to there", () => {
  const host = "api.example";
  const objects: Objects = [
    ...[shop, strict, gateway("out", "egress"), meshConfig("outboundTrafficPolicy: {mode: REGISTRY_ONLY}")],
    istio("networking.istio.io/v1", "ServiceEntry", "out", "api", {
      hosts: [host],
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      resolution: "DNS",
    }),
    istio("networking.istio.io/v1", "Gateway", "out", "egress", {
      selector: { istio: "egress" },
      servers: [{ port: { number: 80, protocol: "HTTP" }, hosts: [host] }],
    }),
    virtualService("out", "api", {
      hosts: [host],
      gateways: ["mesh", "egress"],
      http: [
        { match: [{ gateways: ["mesh"], port: 80 }], route: route("egress.out.svc.cluster.local") },
        { match: [{ gateways: ["egress"], port: 80 }], route: route(host) },
      ],
    }),
  ];
  const from = { from: "shop/client", to: host };
  expect(ends(objects, host, "/", from)).toBe(200);
  const closed = authorizationPolicy("out", "egress", {
    selector: { matchLabels: { istio: "egress" } },
    action: "DENY",
    rules: [{ to: [{ operation: { methods: ["GET"], paths: ["/secret"] } }] }],
  });
  expect(ends([...objects, closed], host, "/", from)).toBe(200);
  expect(ends([...objects, closed], host, "/secret", from)).toBe(403);
});
