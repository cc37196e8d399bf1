import { describe, expect, it } from "vitest";
import { decide, type Finding } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { meshConfig, routes, service, target, tcpRoute, workload } from "./world";

type Objects = readonly (KubernetesObject & Readonly<Record<string, unknown>>)[];

const findings = (objects: Objects): readonly Finding[] => osmMesh({ objects }).findings();
const rulesOf = (objects: Objects): readonly string[] => findings(objects).map(({ rule }) => rule);

const all = (match: Readonly<Record<string, unknown>> = {}): Objects[number] =>
  routes("all", "shop", [{ name: "all", pathRegex: ".*", methods: ["*"], ...match }]);
const rule = [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }];
const callers = [workload("web", "shop", "web"), workload("cart", "shop", "cart")];
const cart = [...callers, service("cart", "shop"), target("cart", "shop/cart", ["shop/web"], rule)];

describe("a pair of which no request passes", () => {
  it("is an error with the reason of its own call", () => {
    const db = [workload("db", "shop", "db"), service("db", "shop", { port: 90, targetPort: 9090 })];
    const other = target("tcp", "shop/db", ["shop/web"], [...rule, { kind: "TCPRoute", name: "wrong" }]);
    const objects = [all(), ...callers, ...db, service("db2", "shop", { selector: { app: "db" }, port: 81 }), other];
    const [one, ...others] = findings([...objects, tcpRoute("wrong", "shop", [81])]).filter(
      (found) => found.rule === "always-fails",
    );
    expect(others).toEqual([]);
    expect(one).toMatchObject({ severity: "error", object: "TrafficTarget shop/tcp" });
    expect(one?.message).toContain(
      "to db.shop.svc.cluster.local:90 gets 503: no TrafficTarget lets shop/web in on port 9090",
    );
    const mesh = osmMesh({ objects: [...objects, tcpRoute("wrong", "shop", [81])] });
    expect(one?.request && decide(mesh, one.request).outcome).toBe("unavailable");
    expect(rulesOf([...objects, tcpRoute("wrong", "shop", [81, 9090])])).toEqual([]);
  });

  it("is one where an Egress names a host that cannot be reached, and none where it can", () => {
    const egress = (host: string): Objects[number] => ({
      apiVersion: "policy.openservicemesh.io/v1alpha1",
      kind: "Egress",
      metadata: { name: "out", namespace: "shop" },
      spec: {
        sources: [{ kind: "ServiceAccount", name: "web", namespace: "shop" }],
        hosts: [host],
        ports: [{ number: 14001, protocol: "http" }],
      },
    });
    expect(rulesOf([...callers, service("cart", "shop"), egress("cart.shop")])).toEqual(["always-fails"]);
    expect(rulesOf([...callers, service("cart", "shop"), egress("example.com")])).toEqual([]);
  });

  it("is not told where another finding says why", () => {
    expect(rulesOf([...cart, all({ pathRegex: "no-slash" })])).toEqual(["impossible-path"]);
    expect(rulesOf(cart)).toEqual(["missing-route-group"]);
    expect(rulesOf([...cart, all()])).toEqual([]);
  });

  it("counts every name of the service: a condition on its short names is met", () => {
    expect(rulesOf([...cart, all({ headers: [{ host: "cart(.shop)?:14001" }] })])).toEqual([]);
  });
});

describe("a condition on the Host header", () => {
  it.each([
    ["cart.shop", 14001, ["host-never-matches"]],
    ["cart.shop:14001", 14001, []],
    ["cart.shop.*", 14001, []],
    // Clients leave the port of http out.
    ["cart.shop", 80, []],
  ])("%s on port %i", (host, port, expected) => {
    const objects = [...callers, service("cart", "shop", { port }), target("cart", "shop/cart", ["shop/web"], rule)];
    expect(rulesOf([...objects, all({ headers: [{ host }] })])).toEqual(expected);
  });
});

describe("sources", () => {
  const account = (name: string): Objects[number] => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace: "shop" },
  });
  const from = (name: string, ...more: Objects): readonly Finding[] =>
    findings([
      all(),
      ...callers,
      service("cart", "shop"),
      target("cart", "shop/cart", [`shop/${name}`], rule),
      ...more,
    ]);

  it("that no account has are told with the near name", () => {
    expect(from("wep")).toMatchObject([{ rule: "missing-source", remedy: "Did you mean web?" }]);
    expect(from("checkout", account("web"))).toMatchObject([
      { rule: "missing-source", property: "spec.sources[0].name" },
    ]);
  });

  it("that nothing runs as are told", () => {
    expect(from("checkout", account("checkout"))).toMatchObject([{ rule: "source-without-pods" }]);
  });

  it("of which the objects cannot know are none", () => {
    expect(from("checkout")).toEqual([]);
    expect(from("web", account("web"))).toEqual([]);
  });

  it("of an IngressBackend without endpoints void it: an error with the near name", () => {
    const ingress = (name: string): Objects[number] => ({
      apiVersion: "policy.openservicemesh.io/v1alpha1",
      kind: "IngressBackend",
      metadata: { name: "in", namespace: "shop" },
      spec: {
        backends: [{ name: "cart", port: { number: 14001, protocol: "http" } }],
        sources: [{ kind: "Service", name, namespace: "edge" }],
      },
    });
    const edge = [workload("nginx", "edge", "nginx"), service("nginx", "edge"), ...callers, service("cart", "shop")];
    expect(findings([...edge, ingress("ngnix")])).toMatchObject([
      { rule: "ingress-source", severity: "error", remedy: "Did you mean edge/nginx?" },
    ]);
    expect(rulesOf([...edge, ingress("nginx")])).toEqual([]);
  });
});

describe("an Ingress", () => {
  const ingress = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "in", namespace: "shop" },
    spec: {
      rules: [{ http: { paths: [{ path: "/", backend: { service: { name: "cart", port: { number: 80 } } } }] } }],
    },
  };
  const objects = [...callers, service("cart", "shop", { port: 80, targetPort: 8080 }), ingress];
  const opened = {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "IngressBackend",
    metadata: { name: "in", namespace: "shop" },
    spec: {
      backends: [{ name: "cart", port: { number: 8080, protocol: "http" } }],
      sources: [{ kind: "IPRange", name: "10.0.0.0/8" }],
    },
  };

  it("leads to a port that an IngressBackend has to open", () => {
    expect(findings(objects)).toMatchObject([
      { rule: "ingress-without-backend", property: "spec.rules[0].http.paths[0].backend" },
    ]);
    expect(rulesOf([...objects, opened])).toEqual([]);
  });

  const others = [...callers, service("cart", "shop", { port: 80, targetPort: 8080 })];
  const proxied = (spec: object): Objects[number] => ({
    apiVersion: "projectcontour.io/v1",
    kind: "HTTPProxy",
    metadata: { name: "in", namespace: "shop" },
    ...{ spec },
  });
  const routed = (reference: object, parent: object = { name: "edge" }, namespace = "shop"): Objects[number] => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "in", namespace },
    ...{ spec: { parentRefs: [parent], rules: [{ backendRefs: [{ name: "cart", port: 80, ...reference }] }] } },
  });
  const exposed = (type: string): Objects[number] => {
    const { spec, ...rest } = service("cart", "shop", { port: 80, targetPort: 8080 });
    return { ...rest, ...{ spec: { ...(spec as object), type } } };
  };

  it.for([
    [
      "an HTTPProxy of Contour",
      proxied({ routes: [{ services: [{ name: "cart", port: 80 }] }] }),
      "routes[0].services[0]",
    ],
    ["one for connections", proxied({ tcpproxy: { services: [{ name: "cart", port: 80 }] } }), "tcpproxy.services[0]"],
    ["an HTTPRoute", routed({}), "rules[0].backendRefs[0]"],
    ["one of another namespace", routed({ namespace: "shop" }, undefined, "web"), "rules[0].backendRefs[0]"],
  ] as const)("is one of several kinds: %s", ([, object, place]) => {
    expect(findings([...others, object])).toMatchObject([
      { rule: "ingress-without-backend", property: `spec.${place}` },
    ]);
    expect(rulesOf([...others, opened, object])).toEqual([]);
  });

  it("leads nobody in that routes calls from inside, or to what is no Service", () => {
    expect(rulesOf([...others, routed({}, { kind: "Service", name: "cart" })])).toEqual([]);
    expect(rulesOf([...others, routed({ kind: "Bucket", group: "storage.example" })])).toEqual([]);
  });

  it("may be a Service's own address outside", () => {
    for (const type of ["LoadBalancer", "NodePort"]) {
      const [found, ...more] = findings([...callers, exposed(type)]);
      expect(more).toEqual([]);
      expect(found).toMatchObject({ rule: "ingress-without-backend", object: "Service shop/cart" });
      expect(found?.remedy).toContain("port 8080 (the target port)");
    }
    expect(rulesOf([...callers, exposed("LoadBalancer"), opened])).toEqual([]);
    expect(rulesOf([...callers, exposed("ClusterIP")])).toEqual([]);
    // Pods without a sidecar refuse nobody.
    const labels = { "openservicemesh.io/monitored-by": "osm" };
    const bare = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } };
    expect(rulesOf([...callers, bare, exposed("LoadBalancer")])).not.toContain("ingress-without-backend");
  });
});

describe("ports that are HTTP by accident", () => {
  const named = (portName: string, port: number): readonly string[] =>
    findings([meshConfig({ enablePermissiveTrafficPolicyMode: true }), service("db", "shop", { portName, port })])
      .filter((one) => one.rule === "port-read-as-http")
      .map(({ remedy }) => remedy);

  it("are told by their names or numbers, with the protocol to write", () => {
    expect(named("mongodb", 1)).toEqual(["Write appProtocol: tcp; if it is HTTP, appProtocol: http."]);
    expect(named("db", 3306)).toHaveLength(1);
    expect(named("mysql", 1)).toEqual(["Write appProtocol: tcp-server-first; if it is HTTP, appProtocol: http."]);
  });

  it("are none where the name says what they are", () => {
    for (const name of ["tcp-mongodb", "http-mongodb", "mongo-http", "web", "api"]) expect(named(name, 80)).toEqual([]);
  });
});

describe("init containers", () => {
  const waiting = (text: string): Objects[number] => {
    const { spec, ...rest } = workload("web", "shop", "web");
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { serviceAccountName: "web", initContainers: [{ name: "wait", command: ["sh", "-c", text] }] },
    };
    return { ...rest, spec: { ...(spec as object), template } };
  };
  const shop = [all(), ...cart.slice(1)];

  it("that call a Service of the mesh run before the sidecar", () => {
    const [one, ...others] = findings([...shop, waiting("until nc -z cart 14001; do sleep 1; done")]);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ rule: "init-container-calls", object: "Deployment shop/web" });
    expect(rulesOf([...shop, waiting("curl http://cart.shop.svc.cluster.local:14001/")])).toEqual([
      "init-container-calls",
    ]);
  });

  it("are none of its business otherwise", () => {
    expect(rulesOf([...shop, waiting("echo discarted cart-2 > /tmp/x")])).toEqual([]);
  });
});
