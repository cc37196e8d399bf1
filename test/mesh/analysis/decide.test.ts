import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../../mesh/manifests";
import { type CallRequest, decide, type Verdict } from "../../../mesh";
import { osmMesh } from "../../../mesh/osm";
import { meshConfig, routes, service, split, target, tcpRoute, workload } from "../osm/world";

const bookstore: readonly KubernetesObject[] = [
  service("bookstore", "bookstore"),
  workload("bookstore", "bookstore", "bookstore"),
  workload("bookbuyer", "bookbuyer", "bookbuyer"),
  workload("bookthief", "bookthief", "bookthief"),
  routes("routes", "bookstore", [
    { name: "bought", pathRegex: "/books-bought", methods: ["GET"], headers: [{ "client-app": "bookbuyer" }] },
    { name: "buy", pathRegex: ".*a-book.*new", methods: ["GET"] },
    { name: "steal", pathRegex: "/steal", methods: ["GET"] },
  ]),
];
const buyer = target(
  "buyer",
  "bookstore/bookstore",
  ["bookbuyer/bookbuyer"],
  [{ kind: "HTTPRouteGroup", name: "routes", matches: ["bought", "buy"] }],
);
const thief = target(
  "thief",
  "bookstore/bookstore",
  ["bookthief/bookthief"],
  [{ kind: "HTTPRouteGroup", name: "routes", matches: ["steal"] }],
);
const to = "bookstore.bookstore.svc.cluster.local:14001";

function ask(objects: readonly KubernetesObject[], request: Partial<CallRequest> = {}): Verdict {
  return decide(osmMesh({ objects }), {
    from: "bookbuyer/bookbuyer",
    to,
    protocol: "http",
    path: "/a-book-new",
    ...request,
  });
}

function outcome(objects: readonly KubernetesObject[], request: Partial<CallRequest> = {}): string {
  const { outcome: one, status, outcomes, variesBy } = ask(objects, request);
  return one === "varies" ? `varies ${variesBy ?? ""}: ${(outcomes ?? []).join(" ")}` : `${one} ${String(status)}`;
}

/** What makes a namespace one of the mesh, whose pods get sidecars. */
const onboarded = {
  labels: { "openservicemesh.io/monitored-by": "osm" },
  annotations: { "openservicemesh.io/sidecar-injection": "enabled" },
};

describe("what was measured with real Envoys", () => {
  const strict = [...bookstore, buyer];
  it.each<[string, readonly KubernetesObject[], Partial<CallRequest>, string]>([
    ["client without any TrafficTarget", strict, { from: "bookthief/bookthief" }, "refused null"],
    ["allowed method and path", strict, {}, "allowed 200"],
    ["query is not part of the path", strict, { path: "/a-book-new?x=/1" }, "allowed 200"],
    ["wrong path", strict, { path: "/a-book-new/" }, "no-route 404"],
    ["wrong method", strict, { method: "POST" }, "no-route 404"],
    ["unknown Host", strict, { host: "example.com" }, "no-route 404"],
    ["short name from another namespace", strict, { host: "bookstore" }, "no-route 404"],
    ["short name with the namespace", strict, { host: "bookstore.bookstore" }, "allowed 200"],
    ["Host in capitals", strict, { host: "BOOKSTORE.bookstore:14001" }, "allowed 200"],
    ["Host with another port", strict, { host: "bookstore.bookstore:80" }, "no-route 404"],
    ["somebody else's route", [...strict, thief], { path: "/steal" }, "denied 403"],
    ["the same without the other's TrafficTarget", strict, { path: "/steal" }, "no-route 404"],
    [
      "client with a listener, service not allowed",
      [
        ...strict,
        service("other", "bookstore", { selector: { app: "other" } }),
        workload("other", "bookstore", "other"),
      ],
      { to: "other.bookstore.svc.cluster.local:14001" },
      "refused null",
    ],
    [
      "permissive mode",
      [...strict, meshConfig({ enablePermissiveTrafficPolicyMode: true })],
      { from: "bookthief/bookthief", path: "/x" },
      "allowed 200",
    ],
    ["missing header", strict, { path: "/books-bought" }, "no-route 404"],
    [
      "header in another case",
      strict,
      { path: "/books-bought", headers: { "Client-App": "bookbuyer" } },
      "allowed 200",
    ],
    [
      "header in another spelling",
      strict,
      { path: "/books-bought", headers: { "client-app": "Bookbuyer" } },
      "no-route 404",
    ],
    [
      "mesh-wide egress, no matching target",
      [...strict, meshConfig({ enableEgress: true })],
      { from: "bookthief/bookthief" },
      "refused null",
    ],
    ["mesh-wide egress, matching target", [...strict, meshConfig({ enableEgress: true })], {}, "allowed 200"],
    ["CONNECT", strict, { method: "CONNECT" }, "no-route 404"],
  ])("%s", (_, objects, request, expected) => {
    expect(outcome(objects, request)).toBe(expected);
  });

  it("refuses calls to the pod's own address", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "store", namespace: "bookstore", labels: { app: "bookstore" } },
      spec: { serviceAccountName: "bookstore" },
      status: { podIP: "10.1.2.3", podIPs: [{ ip: "10.1.2.3" }] },
    };
    const objects = [service("bookstore", "bookstore"), pod, ...bookstore.slice(2), buyer];
    expect(outcome(objects, { to: "10.1.2.3:14001" })).toBe("refused null");
    expect(outcome(objects)).toBe("allowed 200");
  });

  it("takes a split's root with one backend", () => {
    const objects = [
      ...bookstore,
      buyer,
      service("v1", "bookstore", { selector: { app: "bookstore" } }),
      split("s", "bookstore", "bookstore", { v1: 100 }),
    ];
    const verdict = ask(objects);
    expect(verdict.outcome).toBe("allowed");
    expect(verdict.backends).toEqual({ "bookstore/v1": 1 });
  });
});

describe("TCP", () => {
  const tcp = [
    service("db", "store", { port: 5000, targetPort: 14001, appProtocol: "tcp" }),
    workload("db", "store", "db"),
    workload("web", "web", "web"),
    routes("any", "store", [{ name: "any" }]),
  ];
  const call = { from: "web/web", to: "db.store:5000", protocol: "tcp" } as const;
  const by = (...rules: { kind: string; name: string; matches?: string[] }[]) =>
    target("t", "store/db", ["web/web"], rules);

  it.each<[string, readonly KubernetesObject[], string]>([
    [
      "the Service's port in a TCPRoute",
      [by({ kind: "TCPRoute", name: "r" }), tcpRoute("r", "store", [5000])],
      "refused null",
    ],
    [
      "the target port in a TCPRoute",
      [by({ kind: "TCPRoute", name: "r" }), tcpRoute("r", "store", [14001])],
      "allowed null",
    ],
    ["an HTTP-only TrafficTarget", [by({ kind: "HTTPRouteGroup", name: "any", matches: ["any"] })], "allowed null"],
    ["a missing TCPRoute", [by({ kind: "TCPRoute", name: "r" })], "refused null"],
    ["a TCPRoute without ports", [by({ kind: "TCPRoute", name: "r" }), tcpRoute("r", "store", [])], "allowed null"],
    [
      "ports that only the low 16 bits tell apart",
      [by({ kind: "TCPRoute", name: "r" }), tcpRoute("r", "store", [14001 + 65536])],
      "allowed null",
    ],
  ])("%s", (_, objects, expected) => {
    expect(outcome([...tcp, ...objects], call)).toBe(expected);
  });

  it("answers HTTP over a TCP port, and ends bare TCP on an HTTP port", () => {
    const rule = by({ kind: "TCPRoute", name: "r" });
    expect(outcome([...tcp, rule, tcpRoute("r", "store", [14001])], { ...call, protocol: "http" })).toBe("allowed 200");
    expect(outcome([...bookstore, buyer], { protocol: "tcp" })).toBe("refused null");
  });

  it("refuses a listener with a TCP backend of weight 0, and with it everything that the client calls", () => {
    const objects = [
      ...tcp,
      service("db-a", "store", { port: 5000, targetPort: 14001, appProtocol: "tcp", selector: { app: "db" } }),
      service("db-b", "store", { port: 5000, targetPort: 14001, appProtocol: "tcp", selector: { app: "db" } }),
      split("s", "store", "db", { "db-a": 0, "db-b": 1 }),
      by({ kind: "TCPRoute", name: "r" }),
      tcpRoute("r", "store", [14001]),
    ];
    expect(outcome(objects, call)).toBe("refused null");
    expect(outcome(objects, { ...call, to: "db-b.store:5000" })).toBe("refused null");
  });
});

describe("TrafficTargets that say something else than they seem to", () => {
  const rule = [{ kind: "HTTPRouteGroup", name: "routes", matches: ["buy"] }];
  const changed = (spec: Readonly<Record<string, unknown>>, metadata: Readonly<Record<string, unknown>> = {}) => ({
    ...buyer,
    metadata: { ...buyer.metadata, ...metadata },
    spec: { ...(buyer["spec"] as object), ...spec },
  });
  it.each<[string, KubernetesObject, string]>([
    [
      "no matches",
      target("t", "bookstore/bookstore", ["bookbuyer/bookbuyer"], [{ kind: "HTTPRouteGroup", name: "routes" }]),
      "no-route 404",
    ],
    [
      "a missing match",
      target(
        "t",
        "bookstore/bookstore",
        ["bookbuyer/bookbuyer"],
        [{ kind: "HTTPRouteGroup", name: "routes", matches: ["x"] }],
      ),
      "no-route 404",
    ],
    [
      "a TCPRoute rule that names a route group",
      target(
        "t",
        "bookstore/bookstore",
        ["bookbuyer/bookbuyer"],
        [{ kind: "TCPRoute", name: "routes", matches: ["buy"] }],
      ),
      "unavailable 503",
    ],
    ["no rules", changed({ rules: [] }), "refused null"],
    ["a UDPRoute", changed({ rules: [...rule, { kind: "UDPRoute", name: "x" }] }), "refused null"],
    ["another destination namespace", changed({}, { namespace: "elsewhere" }), "refused null"],
    [
      "no destination namespace",
      changed({ destination: { kind: "ServiceAccount", name: "bookstore" } }),
      "refused null",
    ],
    [
      "a source without namespace",
      changed({ sources: [{ kind: "ServiceAccount", name: "bookbuyer" }] }),
      "refused null",
    ],
    [
      "a source of another kind",
      changed({ sources: [{ kind: "Pod", name: "bookbuyer", namespace: "bookbuyer" }] }),
      "unavailable 503",
    ],
    [
      "a destination of another kind",
      changed({ destination: { kind: "Pod", name: "bookstore", namespace: "bookstore" } }),
      "unavailable 503",
    ],
  ])("%s", (_, one, expected) => {
    expect(outcome([...bookstore, one])).toBe(expected);
  });

  it("lets any identity in where a target has no sources, once another target leads there", () => {
    const open = target(
      "open",
      "bookstore/bookstore",
      [],
      [{ kind: "HTTPRouteGroup", name: "routes", matches: ["steal"] }],
    );
    expect(outcome([...bookstore, open], { path: "/steal" })).toBe("refused null");
    expect(outcome([...bookstore, buyer, open], { path: "/steal" })).toBe("allowed 200");
  });

  it("reads the TCPRoute rule's matches out of a route group of the same name", () => {
    const one = target(
      "t",
      "bookstore/bookstore",
      ["bookbuyer/bookbuyer"],
      [{ kind: "TCPRoute", name: "routes", matches: ["buy"] }],
    );
    expect(outcome([...bookstore, one, tcpRoute("routes", "bookstore", [14001])])).toBe("allowed 200");
  });
});

describe("the order of routes", () => {
  const group = routes("g", "bookstore", [
    { name: "api", pathRegex: "/api/.*", methods: ["GET"] },
    { name: "users", pathRegex: "/api/users", methods: ["GET"] },
    { name: "twin", pathRegex: "/api/.*", methods: ["GET"] },
    { name: "reversed", pathRegex: "/api/.*", methods: ["POST", "GET"] },
  ]);
  const one = (name: string, source: string, ...matches: string[]) =>
    target(name, "bookstore/bookstore", [source], [{ kind: "HTTPRouteGroup", name: "g", matches }]);
  const world = (...targets: KubernetesObject[]) => [...bookstore, group, ...targets];
  const users = { path: "/api/users" };

  it("is undefined between targets", () => {
    const objects = world(one("a", "bookbuyer/bookbuyer", "api"), one("b", "bookthief/bookthief", "users"));
    expect(outcome(objects, users)).toBe("varies route-order: allowed denied");
    expect(outcome(objects, { path: "/api/x" })).toBe("allowed 200");
    expect(outcome(objects, { ...users, from: "bookthief/bookthief" })).toBe("varies route-order: allowed denied");
  });

  it("does not matter where every route lets the caller pass", () => {
    expect(
      outcome(world(one("a", "bookbuyer/bookbuyer", "api"), one("b", "bookbuyer/bookbuyer", "users")), users),
    ).toBe("allowed 200");
  });

  it("is the target's own within one target", () => {
    const both = one("a", "bookbuyer/bookbuyer", "users", "api");
    expect(outcome(world(both, one("b", "bookthief/bookthief", "api")), users)).toBe("allowed 200");
  });

  it("merges equal routes, but not those with another order of methods", () => {
    expect(outcome(world(one("a", "bookbuyer/bookbuyer", "api"), one("b", "bookthief/bookthief", "twin")), users)).toBe(
      "allowed 200",
    );
    expect(
      outcome(world(one("a", "bookbuyer/bookbuyer", "api"), one("b", "bookthief/bookthief", "reversed")), users),
    ).toBe("varies route-order: allowed denied");
  });
});

describe("splits", () => {
  const versions = [
    service("bookstore", "bookstore"),
    service("v1", "bookstore", { selector: { app: "bookstore", version: "v1" } }),
    service("v2", "bookstore", { selector: { app: "bookstore", version: "v2" } }),
    workload("v1", "bookstore", "bookstore", { app: "bookstore", version: "v1" }),
    workload("v2", "bookstore", "bookstore-v2", { app: "bookstore", version: "v2" }),
    ...bookstore.slice(2),
    buyer,
  ];
  const second = target(
    "buyer-v2",
    "bookstore/bookstore-v2",
    ["bookbuyer/bookbuyer"],
    [{ kind: "HTTPRouteGroup", name: "routes", matches: ["bought", "buy"] }],
  );
  const ofRoot = (backends: Readonly<Record<string, number>>) => split("s", "bookstore", "bookstore", backends);

  it("shares out by weight", () => {
    expect(ask([...versions, second, ofRoot({ v1: 1, v2: 3 })]).backends).toEqual({
      "bookstore/v1": 0.25,
      "bookstore/v2": 0.75,
    });
  });
  it("fails for the part of a backend that the caller may not reach", () => {
    expect(outcome([...versions, ofRoot({ v1: 50, v2: 50 })])).toBe("varies split: allowed unavailable");
    expect(outcome([...versions, ofRoot({ v1: 50, v2: 0 })])).toBe("allowed 200");
  });
  it("leaves a missing backend out", () => {
    expect(ask([...versions, ofRoot({ v1: 1, gone: 9 })]).backends).toEqual({ "bookstore/v1": 1 });
  });
  it("answers 404 to everything where the weights add up to 0", () => {
    const objects = [...versions, second, ofRoot({ v1: 0, v2: 0 })];
    expect(outcome(objects)).toBe("no-route 404");
    expect(outcome(objects, { to: "v1.bookstore:14001" })).toBe("no-route 404");
  });
  it("is bypassed by a backend's own name", () => {
    expect(ask([...versions, second, ofRoot({ v1: 1, v2: 3 })], { to: "v1.bookstore:14001" }).backends).toEqual({
      "bookstore/v1": 1,
    });
  });
  it("applies one level only", () => {
    const nested = [...versions, second, ofRoot({ v1: 1 }), split("n", "bookstore", "v1", { v2: 1 })];
    expect(ask(nested).backends).toEqual({ "bookstore/v1": 1 });
  });
  it("varies where two splits have one root", () => {
    const objects = [...versions, ofRoot({ v1: 1 }), split("t", "bookstore", "bookstore.bookstore", { v2: 1 })];
    expect(outcome(objects)).toBe("varies split: allowed unavailable");
  });
  it("varies by endpoint where pods of two accounts are behind one service", () => {
    const own = target(
      "buyer-v2",
      "bookstore/bookstore-v2",
      ["bookbuyer/bookbuyer"],
      [{ kind: "HTTPRouteGroup", name: "routes", matches: ["bought"] }],
    );
    expect(outcome([...versions, own])).toBe("varies endpoint: allowed no-route");
  });
});

describe("services and protocols", () => {
  const open = routes("open", "bookstore", [{ name: "any" }]);
  const anything = target(
    "any",
    "bookstore/bookstore",
    ["bookbuyer/bookbuyer"],
    [{ kind: "HTTPRouteGroup", name: "open", matches: ["any"] }],
  );
  const world = (...services: KubernetesObject[]) => [...services, ...bookstore.slice(1), open, anything];

  it.each<[string, KubernetesObject, string]>([
    ["an unsupported appProtocol", service("bookstore", "bookstore", { appProtocol: "https" }), "refused null"],
    ["gRPC", service("bookstore", "bookstore", { appProtocol: "grpc" }), "allowed 200"],
    ["capitals", service("bookstore", "bookstore", { appProtocol: "HTTP" }), "allowed 200"],
    ["a port name with a prefix", service("bookstore", "bookstore", { portName: "tcp-main" }), "allowed 200"],
    ["a port name that only begins like one", service("bookstore", "bookstore", { portName: "https" }), "allowed 200"],
  ])("%s", (_, one, expected) => {
    expect(outcome(world(one))).toBe(expected);
  });

  it("breaks all routes of a pod whose Service has two ports with one target port", () => {
    const twice = service("bookstore", "bookstore");
    const spec = {
      selector: { app: "bookstore" },
      ports: [
        { name: "a", port: 80, targetPort: 14001 },
        { name: "b", port: 14001, targetPort: 14001 },
      ],
    };
    expect(outcome(world({ ...twice, spec } as KubernetesObject))).toBe("unavailable 503");
  });

  it("knows nothing of a Service without pods", () => {
    expect(outcome(world(service("bookstore", "bookstore", { selector: { app: "nobody" } })))).toBe("refused null");
  });

  it("takes a header condition on host for the authority, port and all", () => {
    const hosted = [
      ...bookstore.slice(0, 4),
      routes("routes", "bookstore", [{ name: "buy", headers: [{ host: "bookstore\\.bookstore" }] }]),
      target(
        "t",
        "bookstore/bookstore",
        ["bookbuyer/bookbuyer"],
        [{ kind: "HTTPRouteGroup", name: "routes", matches: ["buy"] }],
      ),
    ];
    expect(outcome(hosted, { host: "bookstore.bookstore" })).toBe("allowed 200");
    expect(outcome(hosted, { host: "bookstore.bookstore:14001" })).toBe("no-route 404");
  });

  it("varies by the proxy's version where a header is sent twice and one of its values matches", () => {
    const headers = (value: string | readonly string[]) => ({
      path: "/books-bought",
      headers: { "client-app": value },
    });
    expect(outcome([...bookstore, buyer], headers("bookbuyer"))).toBe("allowed 200");
    expect(outcome([...bookstore, buyer], headers("bookbuyer,other"))).toBe("no-route 404");
    expect(ask([...bookstore, buyer], headers(["bookbuyer", "other"]))).toMatchObject({
      outcome: "varies",
      outcomes: ["allowed", "no-route"],
      variesBy: "proxy-version",
    });
    expect(outcome([...bookstore, buyer], headers(["some", "other"]))).toBe("no-route 404");
    const twice = { path: "/books-bought", headers: { "client-app": "bookbuyer", "Client-App": "other" } };
    expect(ask([...bookstore, buyer], twice).outcome).toBe("varies");
  });

  it("varies by the proxy's version where a dot is held against a character beyond ASCII", () => {
    const asking = (pattern: string) => [
      ...bookstore.slice(0, 4),
      routes("routes", "bookstore", [{ name: "buy", headers: [{ "x-a": pattern }] }]),
      buyer,
    ];
    const headers = { "x-a": "café" };
    expect(ask(asking("caf."), { headers })).toMatchObject({
      outcome: "varies",
      outcomes: ["allowed", "no-route"],
      variesBy: "proxy-version",
    });
    expect(outcome(asking("café"), { headers })).toBe("allowed 200");
    expect(outcome(asking("cafe"), { headers })).toBe("no-route 404");
  });

  it("varies by the request id where a condition holds for some of those that sidecars add", () => {
    const asking = (pattern: string) => [
      ...bookstore.slice(0, 4),
      routes("routes", "bookstore", [{ name: "buy", headers: [{ "X-Request-Id": pattern }] }]),
      buyer,
    ];
    expect(ask(asking("[0-7].*"), {})).toMatchObject({
      outcome: "varies",
      outcomes: ["allowed", "no-route"],
      variesBy: "request-id",
    });
    expect(outcome(asking("[0-7].*"), { headers: { "x-request-id": "8" } })).toBe("no-route 404");
    expect(outcome(asking("[0-9a-f]{8}-.*"), {})).toBe("allowed 200");
    expect(outcome(asking("test-.*"), {})).toBe("no-route 404");
  });

  it("has no routes that Envoy could refuse in a pod without a Service", () => {
    const broken = routes("broken", "bookbuyer", [{ name: "any", headers: [{ "x-a": "" }] }]);
    const rule = [{ kind: "HTTPRouteGroup", name: "broken", matches: ["any"] }];
    const back = target("back", "bookbuyer/bookbuyer", ["bookstore/bookstore"], rule);
    const served = [...bookstore, buyer, broken, back, service("other", "bookbuyer")];
    expect(outcome(served)).toBe("allowed 200");
    expect(outcome([...served, service("bookbuyer", "bookbuyer")])).toBe("no-route 404");
  });

  it("lets plain text in where no sidecar is: without the annotation, or in a pod that runs from before", () => {
    const { labels } = onboarded;
    const bare = { apiVersion: "v1", kind: "Namespace", metadata: { name: "bookstore", labels } };
    const whole = { apiVersion: "v1", kind: "Namespace", metadata: { name: "bookstore", ...onboarded } };
    const stranger = { from: "elsewhere/anybody" };
    expect(outcome([...bookstore, bare], stranger)).toBe("allowed 200");
    expect(outcome([...bookstore, whole], stranger)).toBe("refused null");
    const pod = (labelled: boolean) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "bookstore-1",
        namespace: "bookstore",
        uid: "7c6a",
        labels: { app: "bookstore", ...(labelled && { "osm-proxy-uuid": "7c6b" }) },
      },
      spec: { serviceAccountName: "bookstore" },
    });
    const others = bookstore.filter(({ kind }) => kind !== "Deployment");
    expect(outcome([...others, whole, pod(false)], stranger)).toBe("allowed 200");
    expect(outcome([...others, whole, pod(true)], stranger)).toBe("refused null");
  });

  it("refuses a call from a namespace outside the mesh, and passes one to a service outside it", () => {
    const namespace = (name: string, inMesh: boolean) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, ...(inMesh && onboarded) },
    });
    const objects = [...bookstore, buyer, namespace("bookstore", true), namespace("bookbuyer", false)];
    expect(outcome(objects)).toBe("refused null");
    const reverse = [
      ...bookstore,
      buyer,
      namespace("bookstore", false),
      namespace("bookbuyer", true),
      meshConfig({ enableEgress: true }),
    ];
    expect(outcome(reverse)).toBe("allowed 200");
  });

  it("lets plain text in through an IngressBackend, from the addresses that it names", () => {
    const ingress = (range: string) => ({
      apiVersion: "policy.openservicemesh.io/v1alpha1",
      kind: "IngressBackend",
      metadata: { name: "in", namespace: "bookstore" },
      spec: {
        backends: [{ name: "bookstore", port: { number: 14001, protocol: "http" } }],
        sources: [{ kind: "IPRange", name: range }],
      },
    });
    const mesh = { apiVersion: "v1", kind: "Namespace", metadata: { name: "bookstore", ...onboarded } };
    const from = { from: "bookbuyer/bookbuyer", path: "/x" };
    expect(outcome([...bookstore, mesh, ingress("0.0.0.0/0")], from)).toBe("allowed 200");
    expect(outcome([...bookstore, mesh, ingress("192.168.0.0/16")], from)).toBe("refused null");
  });
});
