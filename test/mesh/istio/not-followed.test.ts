import { expect, test } from "vitest";
import { checkGuarantees, decide } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, meshOfObjects, pod, service, shop, strict } from "./world";

const ambient = { "istio.io/dataplane-mode": "ambient" };
const http = [{ name: "http", port: 80 }];
const node = (labels: Readonly<Record<string, string>> = ambient, own: Readonly<Record<string, string>> = {}) => [
  ...[...shop, strict, meshNamespace("node", labels)],
  ...[pod("node", "web", { labels: own }), service("node", "web", http)],
  authorizationPolicy("node", "closed", {}),
  authorizationPolicy("shop", "server", { rules: [{ from: [{ source: { namespaces: ["shop"] } }] }] }),
];
const rules = (objects: readonly KubernetesObject[]) =>
  meshOfObjects(objects)
    .findings()
    .map(({ rule, object }) => `${rule} ${String(object)}`);

test("what comes to pods in ambient mode, and from them, is not followed, and nothing is proved of it", () => {
  const by = (objects: readonly KubernetesObject[], from: string, to: string) => {
    const { outcome, variesBy } = decide(meshOfObjects(objects), { from, to, protocol: "http" });
    return variesBy ?? outcome;
  };
  for (const [from, to] of [
    ["shop/client", "web.node:80"],
    ["outside", "web.node:80"],
    ["node/web", "server.shop:80"],
  ] as const) {
    expect(by(node(), from, to), from).toBe("not-followed");
    expect(by(node({}, ambient), from, to), from).toBe("not-followed");
    expect(by(node(ambient, { "istio.io/dataplane-mode": "none" }), from, to), from).not.toBe("not-followed");
    // A sidecar comes first.
    expect(by(node({ ...ambient, "istio.io/rev": "asm-1-30" }), from, to), from).not.toBe("not-followed");
  }
  expect(rules(node())).toContain("ambient-not-read Namespace node");
  expect(rules(node({}, ambient))).toContain("ambient-not-read Pod node/web");
  expect(rules(node())).not.toContain("policy-without-sidecar AuthorizationPolicy node/closed");
  expect(rules(node({}))).toContain("policy-without-sidecar AuthorizationPolicy node/closed");
  const never = { name: "n", kind: "never", from: ["node/web"], to: "shop/server" } as const;
  expect(checkGuarantees(meshOfObjects(node()), [never])).toHaveLength(1);
});

test("ports that a Sidecar opens are not followed, and nothing is proved of its pods", () => {
  const opening = istio("networking.istio.io/v1", "Sidecar", "shop", "in", {
    ingress: [{ port: { number: 9080, protocol: "HTTP", name: "http" }, defaultEndpoint: "127.0.0.1:8080" }],
  });
  const closed = authorizationPolicy("shop", "closed", {});
  const never = { name: "n", kind: "never", from: ["shop/client"], to: "shop/server" } as const;
  expect(rules([...shop, strict, closed, opening])).toEqual(["sidecar-ingress-not-read Sidecar shop/in"]);
  const check = (...more: readonly KubernetesObject[]) =>
    checkGuarantees(meshOfObjects(shop, strict, closed, more), [never]).map(({ rule }) => rule);
  expect(check()).toEqual([]);
  expect(check(opening)).toEqual(["unproved-guarantee"]);
});

test.each<[string, object, boolean]>([
  ["HTTP of requests", { port: { number: 80, protocol: "HTTP", name: "own" } }, false],
  ["GRPC of requests", { port: { number: 80, protocol: "GRPC", name: "own" } }, false],
  ["no protocol, so that Host headers do not count", { port: { number: 80, name: "own" } }, true],
  ["bytes of another port", { port: { number: 5432, protocol: "TCP", name: "own" } }, false],
  ["TCP of requests", { port: { number: 80, protocol: "TCP", name: "own" } }, true],
  ["an address of its own", { port: { number: 80, protocol: "HTTP", name: "own" }, bind: "10.9.9.9" }, true],
  ["calls that are not captured", { captureMode: "NONE" }, true],
])("a Sidecar's listener that takes %s: whether it is followed, and proved of", (_, listener, isOther) => {
  const telling = istio("networking.istio.io/v1", "Sidecar", "shop", "out", {
    egress: [{ hosts: ["*/*"], ...listener }],
  });
  const objects = [...shop, strict, authorizationPolicy("shop", "closed", {}), telling];
  const never = { name: "n", kind: "never", from: ["shop/client"], to: "shop/server" } as const;
  expect(rules(objects).includes("sidecar-listener-not-read Sidecar shop/out")).toBe(isOther);
  expect(checkGuarantees(meshOfObjects(objects), [never]).length > 0).toBe(isOther);
});

test("kinds that Istio no longer reads, and hosts without a namespace, are refused", () => {
  const problems = (...objects: readonly KubernetesObject[]) =>
    istioMesh({ objects: [...shop, ...objects] })
      .admissionFindings()
      .map((one) => JSON.stringify(one));
  expect(problems(istio("rbac.istio.io/v1alpha1", "ServiceRole", "shop", "r", {}))).toEqual([
    expect.stringMatching(/no ServiceRole since 1\.6.*AuthorizationPolicy/),
  ]);
  expect(problems(istio("authentication.istio.io/v1alpha1", "Policy", "shop", "p", {}))).toEqual([
    expect.stringMatching(/PeerAuthentication/),
  ]);
  const hosts = (...names: readonly string[]) =>
    problems(istio("networking.istio.io/v1", "Sidecar", "shop", "s", { egress: [{ hosts: names }] }));
  expect(hosts("./*", "*/*", "~/*", "a/b.c")).toEqual([]);
  expect(hosts("server", "a/b/c")).toEqual([expect.stringContaining("hosts[0]"), expect.stringContaining("hosts[1]")]);
});

test("a ServiceEntry with the name of a Service is not followed, and nothing is proved beside it", () => {
  const entry = (host: string) =>
    istio("networking.istio.io/v1", "ServiceEntry", "shop", "e", {
      hosts: [host],
      ports: [{ number: 9000, name: "tcp", protocol: "TCP" }],
      resolution: "DNS",
    });
  const closed = authorizationPolicy("shop", "closed", {});
  const never = { name: "n", kind: "never", from: ["shop/client"], to: "shop/server" } as const;
  const around = [...shop, strict, closed];
  const proved = (host: string) =>
    checkGuarantees(meshOfObjects([...around, entry(host)]), [never]).map(({ rule }) => rule);
  expect(proved("api.example")).toEqual([]);
  expect(rules([...around, entry("api.example")])).toEqual([]);
  expect(proved("server.shop.svc.cluster.local")).toEqual(["unproved-guarantee"]);
  expect(rules([...around, entry("Server.shop.svc.cluster.local")])).toContain("entry-of-service ServiceEntry shop/e");
});

test("who answers for a ServiceEntry that selects workloads is not followed, and nothing is proved in its namespace", () => {
  const entry = (rest: object) =>
    istio("networking.istio.io/v1", "ServiceEntry", "shop", "e", {
      hosts: ["inner.example"],
      location: "MESH_INTERNAL",
      ports: [{ number: 80, name: "http", protocol: "HTTP", targetPort: 8080 }],
      resolution: "STATIC",
      ...rest,
    });
  const selecting = entry({ workloadSelector: { labels: { app: "server" } } });
  const given = entry({ endpoints: [{ address: "198.51.100.7" }] });
  const objects = [...shop, strict, authorizationPolicy("shop", "closed", {})];
  const by = (one: KubernetesObject) => {
    const request = { from: "shop/client", to: "inner.example:80", protocol: "http" } as const;
    const { outcome, variesBy } = decide(meshOfObjects([...objects, one]), request);
    return variesBy ?? outcome;
  };
  expect([by(selecting), by(given)]).toEqual(["not-followed", "allowed"]);
  expect(rules([...objects, selecting])).toContain("entry-selects-workloads ServiceEntry shop/e");
  expect(rules([...objects, given])).not.toContain("entry-selects-workloads ServiceEntry shop/e");
  const never = { name: "n", kind: "never", from: ["shop/client"], to: "shop/server" } as const;
  const proved = (one: KubernetesObject) => checkGuarantees(meshOfObjects([...objects, one]), [never]);
  expect([proved(selecting).length, proved(given).length]).toEqual([1, 0]);
});

const closed = [...shop, strict, authorizationPolicy("shop", "closed", {})];
const unproved = (objects: readonly KubernetesObject[]): boolean => {
  const never = { name: "n", kind: "never", from: ["shop/client"], to: "shop/server" } as const;
  return checkGuarantees(meshOfObjects(objects), [never]).length > 0;
};

test.each<[string, object, string | undefined]>([
  ["a way of balancing", { trafficPolicy: { loadBalancer: { simple: "ROUND_ROBIN" } } }, undefined],
  [
    "the original destination",
    { trafficPolicy: { loadBalancer: { simple: "PASSTHROUGH" } } },
    "loadBalancer PASSTHROUGH",
  ],
  [
    "a proxy for one port",
    { trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tunnel: { targetHost: "x", targetPort: 1 } }] } },
    "tunnel",
  ],
  [
    "a line before all else for a subset",
    { subsets: [{ name: "v1", trafficPolicy: { proxyProtocol: { version: "V1" } } }] },
    "proxyProtocol",
  ],
])("a DestinationRule with %s: whether it is followed, and proved of", (_, rest, field) => {
  const rule = istio("networking.istio.io/v1", "DestinationRule", "shop", "d", { host: "server", ...rest });
  const objects = [...closed, rule];
  const told = meshOfObjects(objects)
    .findings()
    .filter((one) => one.rule === "destination-not-followed");
  expect(told.map(({ message }) => message)).toEqual(
    field === undefined ? [] : [expect.stringContaining(`By ${field} of DestinationRule shop/d`)],
  );
  const request = { from: "shop/client", to: "server.shop:80", protocol: "http" } as const;
  expect(decide(meshOfObjects(objects), request).variesBy).toBe(field === undefined ? undefined : "not-followed");
  expect(unproved(objects)).toBe(field !== undefined);
});

test("a Sidecar's proxy for calls to what nothing names is not followed, and nothing is proved of its pods", () => {
  const sidecar = (rest: object) =>
    istio("networking.istio.io/v1", "Sidecar", "shop", "s", {
      egress: [{ hosts: ["*/*"] }],
      outboundTrafficPolicy: { mode: "ALLOW_ANY", ...rest },
    });
  const leading = sidecar({ egressProxy: { host: "proxy.shop.svc.cluster.local", port: { number: 80 } } });
  expect(rules([...closed, leading])).toContain("egress-proxy-not-followed Sidecar shop/s");
  expect([unproved([...closed, leading]), unproved([...closed, sidecar({})])]).toEqual([true, false]);
});

test("namespaces that istiod is not to look at are told, and nothing is proved of them", () => {
  const config = (selectors: string): KubernetesObject => ({
    ...{ apiVersion: "v1", kind: "ConfigMap" },
    metadata: { name: "istio-shared-configmap-asm-1-30", namespace: "aks-istio-system" },
    ...{ data: { mesh: `discoverySelectors: ${selectors}` } },
  });
  const root = meshNamespace("aks-istio-system", { mesh: "root" });
  const told = (selectors: string) =>
    meshOfObjects([...closed, root, config(selectors)])
      .findings()
      .flatMap(({ rule, message }) => (rule === "namespace-not-discovered" ? [message] : []));
  const marked = "{matchExpressions: [{key: istio.io/rev, operator: Exists}]}";
  expect(told("[]")).toEqual([]);
  expect(told(`[${marked}, {matchLabels: {mesh: root}}]`)).toEqual([]);
  expect(told("[{matchLabels: {kubernetes.io/metadata.name: shop}}, {matchLabels: {mesh: root}}]")).toEqual([]);
  expect(told("[{matchLabels: {team: x}}, {matchLabels: {mesh: root}}]")).toEqual([
    expect.stringContaining("leave namespace shop out"),
  ]);
  expect(unproved([...closed, root, config("[{matchLabels: {mesh: root}}]")])).toBe(true);
  expect(unproved([...closed, root, config(`[${marked}, {matchLabels: {mesh: root}}]`)])).toBe(false);
  // Without the root namespace the policies for the whole mesh are none.
  expect(told(`[${marked}]`)).toEqual([expect.stringContaining("leave namespace aks-istio-system out")]);
  expect(unproved([...closed, root, config(`[${marked}]`)])).toBe(true);
  // Nothing shows its labels.
  expect(unproved([...closed, config(`[${marked}]`)])).toBe(true);
});
