import { describe, expect, test } from "vitest";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  destinationRule,
  istio,
  meshNamespace,
  meshOfObjects,
  type Objects,
  peerAuthentication,
  pod,
  requestAuthentication,
  service,
  shop,
  strict,
  virtualService,
} from "./world";

/** Findings of some rules as `rule severity object: message remedy`. */
const found = (wanted: RegExp, ...objects: Objects): readonly string[] =>
  meshOfObjects(...objects)
    .findings()
    .filter(({ rule }) => wanted.test(rule))
    .map(
      ({ rule, severity, object, message, remedy }) => `${rule} ${severity} ${String(object)}: ${message} ${remedy}`,
    );

const sidecar = (spec: object, namespace = "shop") => istio("networking.istio.io/v1", "Sidecar", namespace, "s", spec);
const closed = authorizationPolicy("shop", "closed", {});

describe("selectors that no pod meets", () => {
  const of = (labels: object): readonly KubernetesObject[] => [
    sidecar({ workloadSelector: { labels } }),
    peerAuthentication("shop", "p", { selector: { matchLabels: labels }, mtls: { mode: "STRICT" } }),
    requestAuthentication("shop", "r", { selector: { matchLabels: labels } }),
    destinationRule("shop", "d", { host: "server", workloadSelector: { matchLabels: labels } }),
  ];

  test("of every kind that has one", () => {
    expect(found(/selector-of-nobody/, shop, strict, of({ app: "client" }))).toEqual([]);
    const lost = found(/selector-of-nobody/, shop, strict, of({ app: "clint" }));
    expect(lost.map((text) => text.split(" ")[2])).toEqual([
      "Sidecar",
      "PeerAuthentication",
      "RequestAuthentication",
      "DestinationRule",
    ]);
    // Nothing tells which pods there are.
    expect(found(/selector-of-nobody/, closed, of({ app: "clint" }))).toEqual([]);
  });

  test("of PeerAuthentications that istiod passes over, or by the wrong ports", () => {
    const server = { selector: { matchLabels: { app: "server" } } };
    const root = peerAuthentication("aks-istio-system", "server", { ...server, mtls: { mode: "STRICT" } });
    expect(found(/selector-of-nobody/, shop, strict, root)).toEqual([
      expect.stringContaining("counts for nobody in aks-istio-system"),
    ]);
    const second = peerAuthentication("aks-istio-system", "second", { mtls: { mode: "PERMISSIVE" } });
    expect(found(/second-peer/, shop, strict, second)).toEqual([
      expect.stringContaining("PeerAuthentication aks-istio-system/default is for the same pods"),
    ]);
    const ports = (port: number) =>
      peerAuthentication("shop", "server", { ...server, portLevelMtls: { [port]: { mode: "PERMISSIVE" } } });
    expect(found(/port-of-nobody/, shop, strict, ports(8080))).toEqual([]);
    expect(found(/port-of-nobody/, shop, strict, ports(15000))).toEqual([]);
    expect(found(/port-of-nobody/, shop, strict, ports(80))).toEqual([expect.stringContaining("Write 8080.")]);
  });
});

test("hosts of Sidecars that show nothing", () => {
  const by = (host: string, namespace?: string) =>
    found(/host-of-nobody/, shop, meshNamespace("other"), strict, sidecar({ egress: [{ hosts: [host] }] }, namespace));
  for (const host of [
    "./*",
    "*/*",
    "~/*",
    "shop/*",
    "./server.shop.svc.cluster.local",
    "*/*.svc.cluster.local",
    "other/*",
  ]) {
    expect(by(host), host).toEqual([]);
  }
  expect(by("./*", "aks-istio-system")).toEqual([]);
  expect(by("./server")).toEqual([expect.stringContaining("Write ./server.shop.svc.cluster.local")]);
  expect(by("shop/sever.shop.svc.cluster.local")).toEqual([
    expect.stringContaining("Did you mean server.shop.svc.cluster.local?"),
  ]);
  expect(by("othr/*")).toEqual([expect.stringContaining("Did you mean other?")]);
});

describe("policies", () => {
  const from = (source: object) => authorizationPolicy("shop", "server", { rules: [{ from: [{ source }] }] });
  const to = (paths: readonly string[]) =>
    authorizationPolicy("shop", "server", { rules: [{ to: [{ operation: { paths } }] }] });

  test("of namespaces that AKS makes, and of those of Istio's own installation", () => {
    const of = (source: object) => found(/principal-of-nobody/, shop, strict, from(source));
    for (const namespace of ["aks-istio-ingress", "aks-istio-egress", "kube-system"]) {
      expect(of({ namespaces: [namespace] }), namespace).toEqual([]);
    }
    const upstream = expect.stringContaining("The add-on runs nothing in istio-system");
    expect(of({ namespaces: ["istio-system"] })).toEqual([upstream]);
    expect(of({ principals: ["cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"] })).toEqual([
      upstream,
    ]);
    expect(
      found(/principal-of-nobody/, shop, meshNamespace("istio-system"), strict, from({ namespaces: ["istio-system"] })),
    ).toEqual([]);
  });

  test("of accounts and namespaces by every field that names them, and by names that are nearly right", () => {
    const of = (source: object) => found(/principal-of-nobody/, shop, strict, from(source))[0];
    const when = (condition: object) =>
      found(
        /principal-of-nobody/,
        shop,
        strict,
        authorizationPolicy("shop", "server", { rules: [{ when: [condition] }] }),
      )[0];
    const meant = "Did you mean shop/client?";
    expect(of({ serviceAccounts: ["shop/client", "client"] })).toBeUndefined();
    expect(of({ serviceAccounts: ["clint"] })).toContain(meant);
    expect(of({ principals: ["*/ns/shop/sa/clint"] })).toContain(meant);
    expect(of({ notPrincipals: ["cluster.local/ns/shop/sa/clint"] })).toContain("excepts nobody");
    expect(when({ key: "source.principal", values: ["cluster.local/ns/shop/sa/clint"] })).toContain(meant);
    expect(when({ key: "source.namespace", notValues: ["shp"] })).toContain("Did you mean shop?");
    // A namespace of which nothing is shown may be another team's.
    expect(of({ principals: ["cluster.local/ns/shp/sa/client"] })).toContain("Did you mean shop?");
    expect(of({ principals: ["cluster.local/ns/street/sa/client"] })).toBeUndefined();
    const denied = authorizationPolicy("shop", "server", {
      action: "DENY",
      rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/clint"] } }] }],
    });
    expect(found(/principal-of-nobody/, shop, strict, denied)[0]).toContain("is for nobody");
  });

  test("with paths that no request has", () => {
    const of = (...paths: readonly string[]) => found(/path-of-nobody/, shop, strict, to(paths));
    expect(of("/a", "*", "*/a", "/a*", "/{*}/a", "*a")).toEqual([]);
    expect(of("/a?b=c")).toEqual([expect.stringContaining('Write "/a"')]);
    expect(of("/a#b")).toHaveLength(1);
    expect(of("a/b*")).toEqual([expect.stringContaining('Write "/a/b*"')]);
  });

  test("of the whole mesh count on no pods outside of it, and warn of those that their own manifests keep out", () => {
    const all = authorizationPolicy("aks-istio-system", "closed", {});
    const of = (...objects: Objects) => found(/policy-without-sidecar/, shop, strict, all, ...objects);
    const node = pod("kube-system", "dns");
    expect(
      of(meshNamespace("kube-system", {}), node, service("kube-system", "dns", [{ name: "tcp", port: 53 }])),
    ).toEqual([]);
    const out = pod("shop", "out", { labels: { "sidecar.istio.io/inject": "false" } });
    const led = service("shop", "out", [{ name: "http", port: 80 }]);
    expect(of(out, led)).toEqual([expect.stringMatching(/^policy-without-sidecar warning .*Pods of shop\/out/)]);
    expect(found(/policy-without-sidecar/, shop, strict, closed, out, led)).toEqual([
      expect.stringMatching(/^policy-without-sidecar error/),
    ]);
    const host = { ...pod("shop", "host"), ...{ spec: { serviceAccountName: "host", hostNetwork: true } } };
    expect(of(host)).toEqual([expect.stringContaining("never get a sidecar")]);
  });

  test("with parts of HTTP on a port of which nothing says the protocol are a warning", () => {
    const deny = authorizationPolicy("shop", "web", {
      selector: { matchLabels: { app: "web" } },
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/admin"] } }] }],
    });
    const of = (name: string) =>
      found(/deny-closes-tcp/, shop, strict, deny, pod("shop", "web"), service("shop", "web", [{ name, port: 5432 }]));
    expect(of("pg")).toEqual([expect.stringMatching(/^deny-closes-tcp warning .*appProtocol/)]);
    expect(of("tcp-pg")).toEqual([expect.stringMatching(/^deny-closes-tcp error/)]);
    expect(of("http")).toEqual([]);
  });

  test("with parts of HTTP close all ports that are not HTTP, each of which is named", () => {
    const ports = [
      { name: "http", port: 80 },
      { name: "tcp-a", port: 5432 },
      { name: "tcp-b", port: 5433 },
      { name: "pg", port: 5434 },
    ];
    const selector = { matchLabels: { app: "web" } };
    const of = (action: string, ...rules: readonly object[]) =>
      found(
        /closes-tcp/,
        ...[shop, strict, pod("shop", "web"), service("shop", "web", ports)],
        authorizationPolicy("shop", "web", { selector, action, rules }),
      );
    const admin = { operation: { paths: ["/admin"] } };
    const only = (...numbers: readonly string[]) => ({ to: [{ operation: { ports: numbers, methods: ["GET"] } }] });
    expect(of("DENY", { to: [admin] })).toEqual([
      expect.stringMatching(
        /^deny-closes-tcp error .*On ports 5432 of shop\/web, 5433 of shop\/web, which are not HTTP/,
      ),
      expect.stringMatching(/^deny-closes-tcp warning .*On port 5434 of shop\/web, of which nothing says/),
    ]);
    // Each rule for itself.
    expect(of("DENY", only("80"), only("5432"), only("5433"))).toEqual([
      expect.stringContaining("On port 5432 of shop/web, which is"),
      expect.stringContaining("On port 5433 of shop/web, which is"),
    ]);
    const lettingIn = { to: [{ operation: { ports: ["5432"] } }] };
    expect(of("ALLOW", { to: [admin] }, lettingIn)).toEqual([
      expect.stringMatching(/On port 5433 of shop\/web, which is not .*ports: \["5433"\]/),
      expect.stringMatching(/On port 5434 of shop\/web, of which .*ports: \["5434"\]/),
    ]);
    expect(of("ALLOW", only("5432", "5433"), only("5434"))).toHaveLength(2);
    expect(of("ALLOW", only("5432"))).toEqual([expect.stringContaining("On port 5432 of shop/web, which is")]);
  });
});

test("the remedy of plain text names the policy that takes it", () => {
  const exception = peerAuthentication("shop", "metrics", {
    selector: { matchLabels: { app: "server" } },
    portLevelMtls: { 8080: { mode: "PERMISSIVE" } },
  });
  expect(found(/plain-text/, shop, closed, strict, exception)).toEqual([
    expect.stringContaining("PeerAuthentication shop/metrics says so"),
  ]);
  const permissive = peerAuthentication("shop", "default", { mtls: { mode: "PERMISSIVE" } });
  expect(found(/plain-text/, shop, closed, strict, permissive)[0]).toContain("PeerAuthentication shop/default says so");
  expect(found(/plain-text/, shop, closed)[0]).toContain("Write a PeerAuthentication with mtls.mode STRICT");
});

test("subsets that routes lead to and no pod is in", () => {
  const led = (route: object) => virtualService("shop", "server", { hosts: ["server"], ...route });
  const to = (subset: string) => ({ destination: { host: "server", subset } });
  const toNew = led({ http: [{ route: [to("new")] }] });
  const of = (version: string, ...objects: Objects) =>
    found(
      /subset-without-pods/,
      ...[shop, strict, objects.flat()],
      destinationRule("shop", "server", { host: "server", subsets: [{ name: "new", labels: { version } }] }),
    );
  const v2 = pod("shop", "server-2", { labels: { app: "server", version: "v2" } });
  const isTold = [expect.stringContaining("version: v3 of subset new")];
  expect(of("v2", [v2, toNew])).toEqual([]);
  expect(of("v3", [v2, toNew])).toEqual(isTold);
  // Nobody comes to it.
  expect(of("v3", [v2])).toEqual([]);
  expect(of("v3", [v2, led({ http: [{ route: [to("old")] }] })])).toEqual([]);
  expect(of("v3", [v2, led({ tcp: [{ route: [to("new")] }] })])).toEqual(isTold);
  expect(of("v3", [v2, led({ http: [{ route: [to("")], mirror: to("new").destination }] })])).toEqual(isTold);
});
