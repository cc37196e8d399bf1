import { describe, expect, test } from "vitest";
import {
  authorizationPolicy,
  destinationRule,
  istio,
  meshNamespace,
  meshOfObjects,
  type Objects,
  peerAuthentication,
  pod,
  service,
  shop,
  strict,
  virtualService,
} from "./world";

const rules = (...objects: Objects): readonly string[] =>
  meshOfObjects(...objects)
    .findings()
    .map(({ rule }) => rule);
const messages = (...objects: Objects): string =>
  meshOfObjects(...objects)
    .findings()
    .map(({ rule, message, remedy }) => `${rule}: ${message} ${remedy}`)
    .join("\n");

const client = "cluster.local/ns/shop/sa/client";
const none = authorizationPolicy("shop", "none", {});
const allow = (...rules: readonly unknown[]) =>
  authorizationPolicy("shop", "server", { selector: { matchLabels: { app: "server" } }, rules });
/** In a rule of its own: one with a method anywhere is not there on a port that is not HTTP. */
const tcp = { from: [{ source: { principals: [client] } }], to: [{ operation: { ports: ["9000"] } }] };
const sound = allow(
  { from: [{ source: { principals: [client] } }], to: [{ operation: { methods: ["GET"], ports: ["8080"] } }] },
  tcp,
);

test("nothing is said of what is sound", () => {
  expect(rules(shop, strict, none, sound)).toEqual([]);
});

test("workloads that everybody may call, and those that take plain text", () => {
  expect(rules(shop, strict)).toEqual(["open-to-all"]);
  expect(rules(shop, none, sound)).toEqual(["plain-text"]);
  const open = meshOfObjects(shop);
  expect(open.findings().find(({ rule }) => rule === "plain-text")?.request).toEqual({
    from: "outside",
    to: "server.shop.svc.cluster.local:80",
    protocol: "http",
  });
  // A gateway is there for everybody.
  const gateway = pod("shop", "edge", { annotations: { "inject.istio.io/templates": "gateway" } });
  const ports = service("shop", "edge", [{ name: "http2", port: 80, targetPort: 80 }]);
  expect(rules(shop, strict, none, sound, gateway, ports)).toEqual([]);
  expect(messages(shop, gateway, ports)).not.toContain("edge.shop");
});

describe("what lets everybody in is told once for each cause", () => {
  const bank = [meshNamespace("bank"), pod("bank", "vault"), service("bank", "vault", [{ name: "http", port: 80 }])];
  const about = (rule: string, ...objects: Objects) =>
    meshOfObjects(...objects)
      .findings()
      .filter((one) => one.rule === rule)
      .map(
        ({ object, message }) =>
          `${object ?? ""}: ${message.replace(/^.* behind (.*?)(: every| take plain).*$/, "$1")}`,
      );

  test("of ALLOW policies in a namespace, with all its Services and their ports", () => {
    // A port that is found out is one.
    const web = [pod("shop", "web"), service("shop", "web", [{ name: "data", port: 80 }])];
    expect(about("open-to-all", shop, bank, web, strict)).toEqual([
      "Namespace shop: server.shop:80,9000, web.shop:80",
      "Namespace bank: vault.bank:80",
    ]);
    expect(about("open-to-all", shop, bank, web, strict, none)).toEqual(["Namespace bank: vault.bank:80"]);
  });

  test("of the PeerAuthentication that takes plain text, or of none in the mesh", () => {
    const permissive = peerAuthentication("bank", "open", { mtls: { mode: "PERMISSIVE" } });
    expect(about("plain-text", shop, bank)).toEqual([": server.shop:80,9000, vault.bank:80"]);
    expect(about("plain-text", shop, bank, permissive)).toEqual([
      ": server.shop:80,9000",
      "PeerAuthentication bank/open: vault.bank:80",
    ]);
    expect(about("plain-text", shop, bank, permissive, strict)).toEqual([
      "PeerAuthentication bank/open: vault.bank:80",
    ]);
  });

  test("with the first five Services, and how many there are beside them", () => {
    const many = Array.from({ length: 8 }, (_, index) => {
      const name = `app-${String(index)}`;
      return [pod("shop", name), service("shop", name, [{ name: "http", port: 80 }])];
    });
    const listed = "app-0.shop:80, app-1.shop:80, app-2.shop:80, app-3.shop:80, app-4.shop:80 and 3 more";
    expect(about("open-to-all", meshNamespace("shop"), many.flat(), strict)).toEqual([`Namespace shop: ${listed}`]);
  });

  test("the call that shows plain text is one that passes", () => {
    const closed = authorizationPolicy("bank", "none", {});
    const [found] = meshOfObjects(bank, shop, closed)
      .findings()
      .filter(({ rule }) => rule === "plain-text");
    expect(found?.request?.to).toBe("server.shop.svc.cluster.local:80");
  });
});

describe("policies", () => {
  test("that select nothing, or pods without a sidecar, or are for others than sidecars", () => {
    const lost = authorizationPolicy("shop", "lost", { selector: { matchLabels: { app: "sever" } } });
    expect(rules(shop, strict, none, sound, lost)).toEqual(["policy-selects-nothing"]);
    const half = { selector: { matchLabels: { app: "server", track: "canary" } } };
    expect(rules(shop, strict, none, sound, authorizationPolicy("shop", "half", half))).toEqual([
      "policy-selects-nothing",
    ]);
    const everywhere = authorizationPolicy("aks-istio-system", "every", {
      selector: { matchLabels: { app: "server" } },
    });
    expect(rules(shop, strict, none, sound, everywhere, pod("aks-istio-system", "istiod"))).toEqual([]);
    const bare = [meshNamespace("bare", {}), pod("bare", "x"), authorizationPolicy("bare", "p", {})];
    expect(rules(shop, strict, none, sound, bare)).toEqual(["policy-without-sidecar"]);
    const severities = (...objects: Objects) =>
      meshOfObjects(shop, strict, none, sound, ...objects)
        .findings()
        .map(({ severity }) => severity);
    expect(severities(bare)).toEqual(["error"]);
    expect(messages(shop, strict, none, sound, bare)).toContain("Give the namespace the label istio.io/rev");
    const optedOut = pod("shop", "out", { labels: { "sidecar.istio.io/inject": "false" } });
    expect(messages(shop, strict, none, sound, optedOut)).toContain(
      'Take sidecar.istio.io/inject: "false" off the pods',
    );
    // Beside others that keep the policy of their namespace, and no Service leads there.
    const job = pod("shop", "job", { labels: { "sidecar.istio.io/inject": "false" } });
    expect(severities(job)).toEqual(["warning"]);
    expect(severities(job, service("shop", "job", [{ name: "tcp-a", port: 80 }]))).toContain("error");
    const targeted = authorizationPolicy("shop", "t", { targetRefs: [{ kind: "Service", name: "server" }] });
    expect(rules(shop, strict, none, sound, targeted)).toEqual(["policy-not-for-sidecars"]);
  });

  test("with ports that the pods do not serve, and methods that nobody sends", () => {
    const operations = (...operations: readonly object[]) =>
      messages(
        shop,
        strict,
        none,
        allow(
          { from: [{ source: { principals: [client] } }], to: operations.map((operation) => ({ operation })) },
          tcp,
        ),
      )
        .split("\n")
        .filter((line) => /^(port|method)-of-nobody/.test(line));
    expect(operations({ methods: ["GET"], ports: ["8080"] }, { ports: ["9000"] })).toEqual([]);
    expect(operations({ ports: ["80"] })).toEqual([
      'port-of-nobody: None of the pods that it selects serves port 80: policies see the pods\' own ports, and port 80 of Service shop/server leads to their 8080. Write "8080".',
    ]);
    expect(operations({ ports: ["8081"] })).toEqual([
      'port-of-nobody: None of the pods that it selects serves port 8081: no call meets it. Write "8080" or "9000".',
    ]);
    expect(operations({ methods: ["get", "POST", "PROP*"], ports: ["8080"] })).toEqual([
      'method-of-nobody: Methods are told apart by case, and "get" is none that clients send. Write "GET".',
    ]);
    const asked = allow(
      { from: [{ source: { principals: [client] } }], when: [{ key: "destination.port", values: ["80"] }] },
      tcp,
    );
    expect(rules(shop, strict, none, asked)).toEqual(["port-of-nobody"]);
    // Nobody knows what pods serve to which no Service leads.
    const alone = [meshNamespace("shop"), pod("shop", "server"), pod("shop", "client")];
    expect(rules(alone, strict, none, allow({ to: [{ operation: { ports: ["80"] } }] }))).toEqual([]);
  });

  test("that name nobody", () => {
    const named = (principal: string) =>
      messages(shop, strict, none, allow({ from: [{ source: { principals: [principal] } }] }));
    expect(named("cluster.local/ns/shop/sa/clent")).toContain("Did you mean shop/client?");
    expect(named("client")).toContain("is the identity of nobody");
    expect(named("other.org/ns/shop/sa/client")).toContain(
      "of the trust domain other.org, and the mesh's is cluster.local",
    );
    expect(named(client)).toBe("");
  });

  test("whose hosts are those of no Service", () => {
    const host = (name: string) =>
      messages(shop, strict, none, allow({ to: [{ operation: { hosts: [name], ports: ["8080"] } }] }, tcp));
    expect(host("sever.shop.svc.cluster.local")).toContain("Did you mean server.shop.svc.cluster.local?");
    expect(host("server.shop.svc.cluster.local:80")).toBe("");
    expect(host("shop.example")).toBe("");
    expect(host("*.svc.cluster.local")).toBe("");
    // Of a namespace of which no Service is shown nothing can be said.
    expect(host("x.elsewhere.svc.cluster.local")).toBe("");
  });

  test("whose paths look like patterns", () => {
    const path = (text: string) =>
      messages(shop, strict, none, allow({ to: [{ operation: { paths: [text], ports: ["8080"] } }] }, tcp));
    expect(path("/books/[0-9]+")).toContain("is taken letter by letter");
    expect(path("/a/*/b")).toContain("is taken letter by letter");
    expect(path("/books*")).toBe("");
    expect(path("/a/{*}/b")).toBe("");
  });

  test("whose parts of HTTP do more than is meant on a port that is not", () => {
    const deny = authorizationPolicy("shop", "deny", {
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }],
    });
    expect(messages(shop, strict, none, sound, deny)).toContain("deny-closes-tcp: On port 9000 of shop/server");
    const closing = allow({ to: [{ operation: { methods: ["GET"] } }] });
    expect(messages(shop, strict, none, closing)).toContain("allow-closes-tcp: On port 9000 of shop/server");
  });

  test("whose dots older versions do not quote, and whose addresses a header tells", () => {
    const old = [meshNamespace("old", { "istio.io/rev": "asm-1-29" })];
    const dotted = allow({ from: [{ source: { serviceAccounts: ["shop/client.a"] } }] });
    expect(rules(shop, strict, none, dotted, old)).toContain("unquoted-dot");
    expect(rules(shop, strict, none, dotted)).not.toContain("unquoted-dot");
    const header = allow({ from: [{ source: { remoteIpBlocks: ["10.0.0.0/8"] } }] });
    expect(rules(shop, strict, none, header)).toContain("address-from-header");
  });
});

describe("routes", () => {
  const routed = (...destinations: readonly unknown[]) =>
    virtualService("shop", "server", {
      hosts: ["server"],
      http: [{ route: destinations.map((destination) => ({ destination, weight: 50 })) }],
    });
  test("that lead nowhere", () => {
    const said = (destination: unknown) => messages(shop, strict, none, sound, routed({ host: "server" }, destination));
    expect(said({ host: "sever" })).toContain("Did you mean server.shop.svc.cluster.local?");
    expect(said({ host: "server.shop" })).toContain("Write server.shop.svc.cluster.local: a name with a dot");
    expect(said({ host: "server", port: { number: 81 } })).toContain("has no port 81");
    expect(said({ host: "server", subset: "v1" })).toContain("No DestinationRule has a subset v1");
    const subsets = destinationRule("shop", "server", { host: "server", subsets: [{ name: "v1", labels: {} }] });
    expect(rules(shop, strict, none, sound, subsets, routed({ host: "server", subset: "v1" }))).toEqual([]);
  });

  test("that come too late, or twice", () => {
    const late = virtualService("shop", "server", {
      hosts: ["server"],
      http: [
        { match: [{ uri: { prefix: "/a" } }], route: [{ destination: { host: "server" } }] },
        { match: [{ uri: { exact: "/a/b" }, method: { exact: "GET" } }], route: [{ destination: { host: "server" } }] },
      ],
    });
    expect(rules(shop, strict, none, sound, late)).toEqual(["shadowed-route"]);
    const again = virtualService("shop", "z-server", {
      hosts: ["server"],
      http: [{ route: [{ destination: { host: "server" } }] }],
    });
    expect(rules(shop, strict, none, sound, routed({ host: "server" }), again)).toEqual(["second-virtual-service"]);
    // Each for callers of another namespace.
    const [near, far] = ["shop", "far"].map((namespace) =>
      virtualService(namespace, `for-${namespace}`, {
        hosts: ["server.shop.svc.cluster.local"],
        exportTo: ["."],
        http: [{ route: [{ destination: { host: "server.shop.svc.cluster.local" } }] }],
      }),
    );
    const both = [near, far].flatMap((one) => one ?? []);
    expect(rules(shop, strict, none, sound, meshNamespace("far"), both)).toEqual([]);
  });

  test("copies of requests that go nowhere", () => {
    const copied = (rest: object) =>
      messages(
        shop,
        strict,
        none,
        sound,
        virtualService("shop", "server", {
          hosts: ["server"],
          http: [{ route: [{ destination: { host: "server" } }], ...rest }],
        }),
      );
    expect(copied({ mirror: { host: "server" } })).toBe("");
    expect(copied({ mirror: { host: "server", subset: "v2" } })).toContain(
      "route-to-nowhere: No DestinationRule has a subset v2 of server.shop.svc.cluster.local: the copies of requests go nowhere.",
    );
    expect(copied({ mirrors: [{ destination: { host: "server" } }, { destination: { host: "sever" } }] })).toContain(
      "No Service and no ServiceEntry has the name sever.shop.svc.cluster.local: the copies of requests go nowhere. Did you mean server",
    );
  });

  test("of gateways: names that are not there, and destinations, but no hosts", () => {
    const gateway = istio("networking.istio.io/v1", "Gateway", "shop", "way-in", {});
    const bound = (name: string, host: string) =>
      virtualService("shop", "in", {
        hosts: ["shop.example"],
        gateways: [name],
        http: [{ route: [{ destination: { host } }] }],
      });
    const said = (name: string, host: string) => rules(shop, strict, none, sound, gateway, bound(name, host));
    expect(said("way-in", "server")).toEqual([]);
    expect(said("shop/way-in", "server")).toEqual([]);
    expect(said("way-inn", "server")).toEqual(["gateway-of-nobody"]);
    expect(said("other/way-in", "server")).toEqual(["gateway-of-nobody"]);
    expect(said("way-in", "sever")).toEqual(["route-to-nowhere"]);
    expect(rules(shop, strict, none, sound, bound("way-inn", "server"))).toEqual([]);
  });

  test("for a host of nobody", () => {
    const nobody = virtualService("shop", "v", {
      hosts: ["sever"],
      http: [{ route: [{ destination: { host: "server" } }] }],
    });
    expect(rules(shop, strict, none, sound, nobody)).toEqual(["host-of-nobody"]);
    expect(rules(shop, strict, none, sound, destinationRule("shop", "d", { host: "sever" }))).toEqual([
      "host-of-nobody",
    ]);
    const short = destinationRule("shop", "d", { host: "server.shop" });
    expect(messages(shop, strict, none, sound, short)).toContain("Did you mean server.shop.svc.cluster.local?");
  });
});

test("DestinationRules by which sidecars are not understood", () => {
  const spoken = (spec: object, ...objects: Objects) =>
    messages(shop, strict, none, sound, destinationRule("shop", "d", { host: "server", ...spec }), ...objects)
      .split("\n")
      .filter((line) => line.startsWith("client-tls"));
  const tls = (mode: string) => ({ trafficPolicy: { tls: { mode } } });
  expect(spoken(tls("ISTIO_MUTUAL"))).toEqual([]);
  expect(spoken({ trafficPolicy: { connectionPool: {} } })).toEqual([]);
  expect(spoken(tls("DISABLE"))).toEqual([
    "client-tls: Sidecars speak plain text to port 80 of server.shop.svc.cluster.local (tls.mode DISABLE), and pod shop/server takes the mesh's TLS alone (STRICT): " +
      "their calls fail. Leave tls out: sidecars find out by themselves who understands the mesh's TLS.",
  ]);
  const port = { portLevelSettings: [{ port: { number: 9000 }, tls: { mode: "SIMPLE" } }] };
  expect(spoken({ trafficPolicy: port })[0]).toContain("to port 9000 of");
  const subset = (version: string) => ({ subsets: [{ name: "s", labels: { version }, ...tls("DISABLE") }] });
  expect(spoken(subset("v1"))).toEqual([]);
  const permissive = peerAuthentication("shop", "default", { mtls: { mode: "PERMISSIVE" } });
  expect(spoken(tls("DISABLE"), permissive)).toEqual([]);
  const disabled = peerAuthentication("shop", "default", { mtls: { mode: "DISABLE" } });
  expect(spoken(tls("ISTIO_MUTUAL"), disabled)[0]).toContain("pod shop/server takes no TLS (DISABLE)");
  const bare = [pod("bare", "b"), service("bare", "b", [{ name: "http", port: 80 }]), meshNamespace("bare", {})];
  const toBare = destinationRule("bare", "d", { host: "b", ...tls("ISTIO_MUTUAL") });
  expect(messages(shop, bare, toBare)).toContain("pod bare/b has no sidecar there that could read it");
});

test("what the add-on does not read, and what is not read here", () => {
  const labelled = meshNamespace("web", { "istio-injection": "enabled" });
  expect(messages(shop, strict, none, sound, labelled)).toContain("The AKS add-on does not read istio-injection");
  const filter = istio("networking.istio.io/v1alpha3", "EnvoyFilter", "shop", "f", {});
  expect(rules(shop, strict, none, sound, filter)).toEqual(["envoy-filter-not-read"]);
  const plugin = istio("extensions.istio.io/v1alpha1", "WasmPlugin", "shop", "p", {});
  expect(rules(shop, strict, none, sound, plugin)).toEqual(["wasm-plugin-not-read"]);
  const entry = istio("networking.istio.io/v1", "WorkloadEntry", "shop", "vm", { address: "192.0.2.1" });
  expect(rules(shop, strict, none, sound, entry)).toEqual(["workload-entry-not-read"]);
  // Nothing serves port 81, so that nothing can be said of it.
  expect(
    rules(
      shop,
      strict,
      none,
      sound,
      service("shop", "lonely", [{ name: "http", port: 81 }], { selector: { app: "no" } }),
    ),
  ).toEqual([]);
});
