import { describe, expect, test } from "vitest";
import { checkGuarantees, decide } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, type Objects, pod, service, shop, strict } from "./world";

type Text = Readonly<Record<string, unknown>>;

const apiVersion = "gateway.networking.k8s.io/v1";
const all = { allowedRoutes: { namespaces: { from: "All" } } };
const http: Text = { name: "http", port: 80, protocol: "HTTP", ...all };

const gateway = (listeners: readonly Text[], more: Text = {}, annotations: Readonly<Record<string, string>> = {}) =>
  istio(apiVersion, "Gateway", "edge", "front", { gatewayClassName: "istio", listeners, ...more }, annotations);
const to = (name: string, more: Text = {}): Text => ({ name, port: 80, ...more });
const route = (
  name: string,
  hostnames: readonly string[],
  rules: readonly Text[],
  more: Text = {},
  kind = "HTTPRoute",
) =>
  istio(apiVersion, kind, "shop", name, {
    parentRefs: [{ name: "front", namespace: "edge" }],
    ...(hostnames.length > 0 && { hostnames }),
    rules,
    ...more,
  });
const path = (value: string, type = "PathPrefix", more: Text = {}): Text => ({ path: { type, value }, ...more });
const shops = (rules: readonly Text[]) => route("shop", ["shop.example"], rules);
const any = [{ backendRefs: [to("server")] }];

const web: readonly KubernetesObject[] = [
  meshNamespace("web"),
  pod("web", "server"),
  service("web", "server", [{ name: "http", port: 80 }]),
];
const other = [pod("shop", "other"), service("shop", "other", [{ name: "http", port: 80 }])];
const edge = meshNamespace("edge", {});
const world: Objects = [shop, strict, web, other, edge];
const meshOf = (objects: Objects) => istioMesh({ objects: [...world, ...objects].flat() });

/** The status, and which Service answers. */
function answer(objects: Objects, asked: string, name = "shop.example", method = "GET", port = 80): string {
  const { status, backends, variesBy } = decide(meshOf(objects), {
    from: "outside",
    to: `${name}:${String(port)}`,
    protocol: "http",
    method,
    path: asked,
    ...(port === 443 && { serverName: name }),
  });
  return variesBy ?? [status, ...Object.keys(backends)].join(" ");
}

describe("what comes in by a Gateway of the Gateway API goes where its routes lead", () => {
  test("path prefixes take whole segments", () => {
    const objects = [gateway([http]), shops([{ matches: [path("/books/")], backendRefs: [to("server")] }])];
    expect(["/books", "/books/", "/books/1", "/bookshop", "/"].map((one) => answer(objects, one))).toEqual([
      "200 shop/server",
      "200 shop/server",
      "200 shop/server",
      "404",
      "404",
    ]);
  });

  test("the most specific match counts, of all routes of a name, whatever their order", () => {
    const objects = [
      gateway([http]),
      route("a", ["shop.example"], [{ matches: [path("/")], backendRefs: [to("other")] }]),
      shops([
        { matches: [path("/b")], backendRefs: [to("server")] },
        { matches: [path("/b/c", "Exact")], backendRefs: [to("other")] },
        { matches: [path("/b/.*", "RegularExpression")], backendRefs: [to("nobody")] },
        { matches: [path("/b", "PathPrefix", { method: "PUT" })], backendRefs: [to("other")] },
      ]),
    ];
    expect(["/b/c", "/b/d", "/x"].map((one) => answer(objects, one))).toEqual([
      "200 shop/other",
      "200 shop/server",
      "200 shop/other",
    ]);
    expect(answer(objects, "/b/d", undefined, "PUT")).toBe("200 shop/other");
  });

  test("weights of 0, nobody behind a rule, and redirects", () => {
    const rules = [
      { matches: [path("/none")] },
      { matches: [path("/zero")], backendRefs: [to("server", { weight: 0 })] },
      { matches: [path("/one")], backendRefs: [to("other", { weight: 0 }), to("server")] },
      { matches: [path("/away")], filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "b" } }] },
      { matches: [path("/lost")], backendRefs: [to("nobody")] },
      { matches: [path("/kind")], backendRefs: [to("server", { group: "x.example", kind: "Bucket" })] },
    ];
    const paths = ["/none", "/zero", "/one", "/away", "/lost", "/kind"];
    expect(paths.map((one) => answer([gateway([http]), shops(rules)], one))).toEqual([
      "500",
      "500",
      "200 shop/server",
      "302",
      "500",
      "500",
    ]);
  });

  test("gRPC by service and method", () => {
    const grpc = (method: Text) => [
      gateway([http]),
      route("g", ["shop.example"], [{ matches: [{ method }], backendRefs: [to("server")] }], {}, "GRPCRoute"),
    ];
    const asked = ["/a.B/Get", "/a.B/Put", "/a.C/Get"];
    const answers = (method: Text) => asked.map((one) => answer(grpc(method), one, undefined, "POST").slice(0, 3));
    expect(answers({ service: "a.B", method: "Get" })).toEqual(["200", "404", "404"]);
    expect(answers({ service: "a.B" })).toEqual(["200", "200", "404"]);
    expect(answers({ method: "Get" })).toEqual(["200", "404", "200"]);
    expect(answers({ service: "a.[BC]", method: "G.+", type: "RegularExpression" })).toEqual(["200", "404", "200"]);
  });

  test("TLS that it ends, but not where it asks for clients' certificates", () => {
    const https = (tls: Text): Text => ({ name: "https", port: 443, protocol: "HTTPS", tls, ...all });
    const certificateRefs = [{ name: "cert" }];
    const objects = (listener: Text, more: Text = {}) => [gateway([listener], more), shops(any)];
    expect(answer(objects(https({ certificateRefs })), "/", "shop.example", "GET", 443)).toBe("200 shop/server");
    const mutual = { certificateRefs, options: { "gateway.istio.io/tls-terminate-mode": "MUTUAL" } };
    expect(answer(objects(https(mutual)), "/", "shop.example", "GET", 443)).toBe("not-followed");
    const frontend = { tls: { frontend: { default: { validation: {} } } } };
    expect(answer(objects(https({ certificateRefs }), frontend), "/", "shop.example", "GET", 443)).toBe("not-followed");
  });

  test("a name that two listeners serve is of the narrower one", () => {
    const objects = (first: string) => [
      gateway([
        { ...http, name: "wide", hostname: first },
        { ...http, name: "narrow", hostname: "shop.example", allowedRoutes: { namespaces: { from: "Same" } } },
      ]),
      route("shop", ["shop.example"], any, { parentRefs: [{ name: "front", namespace: "edge", sectionName: "wide" }] }),
    ];
    expect(answer(objects("*.example"), "/")).toBe("404");
    expect(answer([gateway([{ ...http, hostname: "*.example" }]), shops(any)], "/")).toBe("200 shop/server");
  });
});

test("its calls come as the service account that istiod makes for it, or as the one that an annotation names", () => {
  const allow = (account: string) =>
    authorizationPolicy("shop", "server", {
      selector: { matchLabels: { app: "server" } },
      rules: [{ from: [{ source: { principals: [`cluster.local/ns/edge/sa/${account}`] } }] }],
    });
  const named = { "gateway.istio.io/service-account": "own" };
  const answers = (account: string, annotations = {}) =>
    answer([gateway([http], {}, annotations), shops(any), allow(account)], "/").slice(0, 3);
  expect([answers("front-istio"), answers("front"), answers("own"), answers("own", named)]).toEqual([
    "200",
    "403",
    "403",
    "200",
  ]);
});

test("policies are attached to it by targetRefs, in its own namespace", () => {
  const deny = (namespace: string, name: string) =>
    authorizationPolicy(namespace, "deny", {
      action: "DENY",
      targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }],
      rules: [{ to: [{ operation: { paths: ["/secret"] } }] }],
    });
  const objects = [gateway([http]), shops(any)];
  const found = (policy: KubernetesObject) => [
    answer([...objects, policy], "/secret").slice(0, 3),
    ...meshOf([...objects, policy])
      .findings()
      .map(({ rule }) => rule)
      .filter((rule) => rule === "policy-not-for-sidecars"),
  ];
  expect(found(deny("edge", "front"))).toEqual(["403"]);
  expect(found(deny("edge", "back"))).toEqual(["200", "policy-not-for-sidecars"]);
  expect(found(deny("shop", "front"))).toEqual(["200", "policy-not-for-sidecars"]);
});

describe("a route that istiod does not take leads nobody in, and is found", () => {
  const found = (objects: Objects): readonly string[] => [
    answer(objects, "/").slice(0, 3),
    ...meshOf(objects)
      .findings()
      .filter(({ rule }) => rule.startsWith("route-") || rule.startsWith("gateway-api"))
      .map(({ rule, property }) => `${rule} ${property ?? ""}`),
  ];
  const attached = ["200"];
  const parent = (more: Text) => ({ parentRefs: [{ name: "front", namespace: "edge", ...more }] });
  const granted = (more: Text, to_: readonly Text[] = [{ group: "", kind: "Service" }]) =>
    istio("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "web", "g", {
      from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop", ...more }],
      to: to_,
    });
  const away = route("shop", ["shop.example"], [{ backendRefs: [to("server", { namespace: "web" })] }]);
  const label = (labels: Text): Text => ({
    ...http,
    allowedRoutes: { namespaces: { from: "Selector", selector: { matchLabels: labels } } },
  });
  const notAttached = (property: string) => ["404", `route-not-attached ${property}`];
  test.each<readonly [name: string, objects: Objects, expected: readonly string[]]>([
    ["one of all namespaces", [gateway([http]), shops(any)], attached],
    [
      "a listener for routes of its own namespace",
      [gateway([{ ...http, allowedRoutes: undefined }]), shops(any)],
      notAttached("spec.parentRefs[0]"),
    ],
    ["namespaces with a label", [gateway([label({ "kubernetes.io/metadata.name": "shop" })]), shops(any)], attached],
    ["namespaces without it", [gateway([label({ team: "x" })]), shops(any)], notAttached("spec.parentRefs[0]")],
    // Nobody serves the name then, so that it is somewhere else.
    [
      "another name",
      [gateway([{ ...http, hostname: "*.other" }]), shops(any)],
      ["200", "route-not-attached spec.hostnames"],
    ],
    [
      "a listener that is there",
      [gateway([http]), route("shop", ["shop.example"], any, parent({ port: 80 }))],
      attached,
    ],
    [
      "a listener that is not",
      [gateway([http]), route("shop", ["shop.example"], any, parent({ sectionName: "htp" }))],
      notAttached("spec.parentRefs[0]"),
    ],
    [
      "a kind that the listener does not take",
      [gateway([{ ...http, allowedRoutes: { ...all.allowedRoutes, kinds: [{ kind: "GRPCRoute" }] } }]), shops(any)],
      notAttached("spec.parentRefs[0]"),
    ],
    [
      "a Service of another namespace",
      [gateway([http]), away],
      ["500", "route-to-nowhere spec.rules[0].backendRefs[0].namespace"],
    ],
    ["one with a grant", [gateway([http]), away, granted({})], attached],
    [
      "a grant for another Service",
      [gateway([http]), away, granted({}, [{ group: "", kind: "Service", name: "client" }])],
      ["500", "route-to-nowhere spec.rules[0].backendRefs[0].namespace"],
    ],
    [
      "a grant for another kind of route",
      [gateway([http]), away, granted({ kind: "GRPCRoute" })],
      ["500", "route-to-nowhere spec.rules[0].backendRefs[0].namespace"],
    ],
    [
      "a Service that is not there",
      [gateway([http]), shops([{ backendRefs: [to("sever")] }])],
      ["500", "route-to-nowhere spec.rules[0].backendRefs[0].name"],
    ],
    [
      "a host's name for a Service's",
      [gateway([http]), shops([{ backendRefs: [to("server.shop")] }])],
      ["404", "route-not-taken spec.rules[0].backendRefs[0].name"],
    ],
    [
      "no port",
      [gateway([http]), shops([{ backendRefs: [{ name: "server" }] }])],
      ["404", "route-not-taken spec.rules[0].backendRefs[0]"],
    ],
    [
      "a backend of weight 0, which nobody looks at",
      [
        gateway([http]),
        shops([
          {
            backendRefs: [
              to("server"),
              { name: "server.shop", weight: 0 },
              to("server", { weight: 0, filters: [{ type: "URLRewrite" }] }),
            ],
          },
        ]),
      ],
      attached,
    ],
    [
      "a filter that istiod does not know",
      [gateway([http]), shops([{ filters: [{ type: "ExtensionRef" }], backendRefs: [to("server")] }])],
      ["404", "route-not-taken spec.rules[0].filters"],
    ],
  ])("%s", (_, objects, expected) => {
    expect(found(objects)).toEqual(expected);
  });

  test("a Gateway of another class, and one that no object shows, are not followed", () => {
    const unread = (objects: Objects) =>
      meshOf(objects)
        .findings()
        .filter(({ rule }) => rule === "gateway-api-not-read")
        .map(({ object }) => object);
    expect(unread([gateway([http]), shops(any)])).toEqual([]);
    const nginx = gateway([http], { gatewayClassName: "nginx" });
    expect(unread([nginx, shops(any)])).toEqual(["Gateway edge/front", "HTTPRoute shop/shop"]);
    const ofIstio = {
      ...istio(apiVersion, "GatewayClass", "", "nginx", { controllerName: "istio.io/gateway-controller" }),
    };
    expect(unread([nginx, shops(any), ofIstio])).toEqual([]);
    expect(unread([shops(any)])).toEqual(["HTTPRoute shop/shop"]);
    expect(unread([istio(apiVersion, "ListenerSet", "edge", "more", {})])).toEqual(["ListenerSet edge/more"]);
  });
});

test("one that others serve has the pods of the Service that it names, the add-on's among them", () => {
  const served = (namespace: string, value: string) => [
    istio(apiVersion, "Gateway", namespace, "front", {
      gatewayClassName: "istio",
      addresses: [{ type: "Hostname", value }],
      listeners: [http],
    }),
    route("shop", ["shop.example"], any, { parentRefs: [{ name: "front", namespace }] }),
  ];
  const addOn = served("aks-istio-ingress", "aks-istio-ingressgateway-external.aks-istio-ingress.svc.cluster.local");
  expect(answer(addOn, "/")).toBe("200 shop/server");
  // A Service of another namespace than the Gateway's does not count.
  const elsewhere = served("edge", "aks-istio-ingressgateway-external.aks-istio-ingress.svc.cluster.local");
  expect(answer(elsewhere, "/")).toBe("200 shop.example:80");
  const unread = meshOf(elsewhere)
    .findings()
    .filter(({ rule }) => rule === "gateway-api-not-read")
    .map(({ object }) => object);
  expect(unread).toEqual(["Gateway edge/front", "HTTPRoute shop/shop"]);
});

test("its Service inside of the cluster is no way in, and running pods of it are gateways", () => {
  const inside = gateway([http], {}, { "networking.istio.io/service-type": "ClusterIP" });
  const never = (objects: Objects) =>
    checkGuarantees(meshOf(objects), [{ kind: "never", name: "closed", from: ["outside"], to: "shop/server" }]).map(
      ({ rule, request }) => `${rule} ${request?.to ?? ""}`,
    );
  expect(never([gateway([http]), shops(any)])).toEqual(["broken-guarantee shop.example:80"]);
  expect(never([inside, shops(any)])).toEqual([]);
  const labels = {
    "gateway.networking.k8s.io/gateway-name": "front",
    "gateway.istio.io/managed": "istio.io-gateway-controller",
    "sidecar.istio.io/inject": "false",
  };
  const running = {
    ...pod("edge", "front-istio", { labels }),
    status: { phase: "Running", podIP: "10.1.0.9", conditions: [{ type: "Ready", status: "True" }] },
  };
  const front: KubernetesObject = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "front-istio", namespace: "edge" },
    ...{
      spec: {
        type: "LoadBalancer",
        selector: { "gateway.networking.k8s.io/gateway-name": "front" },
        ports: [{ name: "http", port: 80 }],
      },
    },
  };
  const objects = [gateway([http]), shops(any), running, front];
  expect(answer(objects, "/")).toBe("200 shop/server");
  expect(meshOf(objects).assumptions.join(" ")).not.toContain("istiod makes its pods");
  // A Gateway of the same name in another namespace has pods of its own.
  const alike = { ...front, metadata: { name: "front-istio", namespace: "web" } };
  const ofWeb = { ...pod("web", "front-istio", { labels }), status: { ...running.status, podIP: "10.1.0.10" } };
  const fromWeb = {
    from: "shop/client",
    to: "front-istio.web:80",
    protocol: "http",
    host: "shop.example",
    path: "/",
  } as const;
  expect(decide(meshOf([...objects, alike, ofWeb]), fromWeb).outcome).not.toBe("allowed");
  expect(decide(meshOf(objects), { ...fromWeb, to: "front-istio.edge:80" }).outcome).toBe("allowed");
});
