import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { poll } from "../../sandbox/control-plane/api-client";
import { type Sandbox } from "../../sandbox/sandbox";
import { clusterNamed } from "../../sandbox/traffic/cluster";
import { trafficTable } from "../../sandbox/traffic/table";
import { openTraffic } from "../../sandbox/traffic/traffic";
import { decide, parseManifests } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { closeTestSandbox, configure, kubectl, openTestSandbox, up } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { bookstoreOn } from "./istio-bookstore";
import { newRoot, speak } from "./sidecar-tls";

const stack = "dev";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox({ program: join(__dirname, "programs", "istio-gateways") });
});
afterAll(() => closeTestSandbox(sandbox));

async function read(...args: string[]): Promise<string> {
  const exit = await kubectl(sandbox, stack, "get", ...args);
  expect(exit.code, exit.stderr).toBe(0);
  return exit.stdout.trim();
}

async function apply(...objects: readonly object[]): Promise<void> {
  const file = join(sandbox.paths.directory, "objects.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  const exit = await kubectl(sandbox, stack, "apply", "--filename", file);
  expect(exit.code, exit.stderr).toBe(0);
}

function pod(name: string): object {
  const containers = [{ name: "shop", image: "registry.example/shop:1" }];
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop" }, spec: { containers } };
}

/** The sample's caller and what it calls, in namespaces that name the tag. */
const bookstore = bookstoreOn("prod", ["bookbuyer", "bookstore"]);

/** Kinds that decide over requests through the gateways. */
const analysed =
  "namespaces,pods,services,endpoints,serviceaccounts,gateways.networking.istio.io,virtualservices,serviceentries,authorizationpolicies,peerauthentications";

const networking = "networking.istio.io/v1";
const ingress = "aks-istio-ingress";
const front = "aks-istio-ingressgateway-external.aks-istio-ingress.svc.cluster.local";
const service = "bookstore.bookstore.svc.cluster.local";
const gatewayAccount = `cluster.local/ns/${ingress}/sa/aks-istio-ingressgateway-external-asm-1-30`;

/** A server that ends TLS with the certificate of a Secret. */
function secure(name: string, host: string): object {
  return {
    port: { number: 443, name: `https-${name}`, protocol: "HTTPS" },
    hosts: [host],
    tls: { mode: "SIMPLE", credentialName: "front" },
  };
}

/** Requests to the gateway's port for TLS: the server name, none for plain text, the Host header and the path. */
const secured = [
  ["shop.example", "shop.example", "/books-bought", "200"],
  ["shop.example", "shop.example", "/buy-a-book/new", "404"],
  ["shop.example", "all.example", "/buy-a-book/new", "403"],
  ["other.example", "shop.example", "/books-bought", "200"],
  ["shop.example", "nobody.example", "/books-bought", "404"],
  // The server of this name has no host in common with any VirtualService.
  ["closed.example", "shop.example", "/books-bought", "404"],
  ["shop.other", "shop.example", "/books-bought", "refused"],
  [undefined, "shop.example", "/books-bought", "refused"],
] as const;

/** bookstore by a host of the gateway, for its account and one path; and a host that leads nowhere. */
const ways = [
  {
    apiVersion: networking,
    kind: "Gateway",
    metadata: { name: "front", namespace: ingress },
    spec: {
      selector: { istio: "aks-istio-ingressgateway-external" },
      servers: [
        { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*.example"] },
        secure("wide", "*.example"),
        secure("closed", "closed.example"),
      ],
    },
  },
  {
    apiVersion: networking,
    kind: "VirtualService",
    metadata: { name: "shop", namespace: "bookstore" },
    spec: {
      hosts: ["shop.example"],
      gateways: [`${ingress}/front`],
      http: [
        {
          match: [{ uri: { prefix: "/books" } }],
          route: [{ destination: { host: service, port: { number: 14001 } } }],
        },
      ],
    },
  },
  {
    apiVersion: networking,
    kind: "VirtualService",
    metadata: { name: "all", namespace: "bookstore" },
    spec: {
      hosts: ["all.example"],
      gateways: [`${ingress}/front`],
      http: [{ route: [{ destination: { host: service, port: { number: 14001 } } }] }],
    },
  },
  {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "callers", namespace: "bookstore" },
    spec: {
      rules: [
        {
          from: [{ source: { principals: [gatewayAccount, gatewayAccount.replace("30", "29")] } }],
          to: [{ operation: { paths: ["/books-bought"] } }],
        },
      ],
    },
  },
];

/** A host outside that is called through the egress gateway, and one that sidecars call themselves. */
const hostsOutside = [
  ...["api.example", "direct.example"].map((host) => ({
    apiVersion: networking,
    kind: "ServiceEntry",
    metadata: { name: host, namespace: "bookstore" },
    spec: { hosts: [host], ports: [{ number: 80, name: "http", protocol: "HTTP" }], resolution: "DNS" },
  })),
  {
    apiVersion: networking,
    kind: "Gateway",
    metadata: { name: "egress", namespace: "aks-istio-egress" },
    spec: {
      selector: { istio: "out" },
      servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["api.example"] }],
    },
  },
  {
    apiVersion: networking,
    kind: "VirtualService",
    metadata: { name: "api", namespace: "aks-istio-egress" },
    spec: {
      hosts: ["api.example"],
      gateways: ["mesh", "egress"],
      http: [
        {
          match: [{ gateways: ["mesh"], port: 80 }],
          route: [{ destination: { host: "out.aks-istio-egress.svc.cluster.local", port: { number: 80 } } }],
        },
        {
          match: [{ gateways: ["egress"], port: 80 }],
          route: [{ destination: { host: "api.example", port: { number: 80 } } }],
        },
      ],
    },
  },
];

describe.sequential("a cluster with Istio's gateways", () => {
  const namespace = "--namespace=aks-istio-egress";

  it("has an egress gateway under AKS's names, with addresses of its own pool", async () => {
    await up(sandbox, stack);
    expect(
      await read("staticgatewayconfiguration", "addresses", namespace, "--output=jsonpath={.status.egressIpPrefix}"),
    ).toBe("192.0.2.0/31");
    expect(await read("service", "out", namespace, "--output=jsonpath={.spec.type} {.spec.selector.istio}")).toBe(
      "ClusterIP out",
    );
    const annotation = "{.spec.template.metadata.annotations.kubernetes\\.azure\\.com/static-gateway-configuration}";
    expect(await read("deployment", "out-asm-1-29", namespace, `--output=jsonpath=${annotation}`)).toBe("addresses");
    // Its own pods run elsewhere: the pool's nodes take none.
    const gatewayNodes = await read("nodes", "--selector=kubernetes.azure.com/mode=gateway", "--output=name");
    expect(gatewayNodes.split("\n")).toHaveLength(2);
    const nodes = (await read("pods", "--all-namespaces", "--output=jsonpath={.items[*].spec.nodeName}")).split(" ");
    expect(nodes.filter((node) => gatewayNodes.includes(node))).toEqual([]);
    await up(sandbox, stack, "--expect-no-changes");
  });

  it("gives pods sidecars by a tag, which moves to another revision while namespaces stay as they are", async () => {
    const revisionOfPod = async (name: string) => {
      await apply(pod(name));
      return await read(
        "pod",
        name,
        "--namespace=shop",
        "--output=jsonpath={.metadata.labels.service\\.istio\\.io/canonical-revision} {.metadata.annotations.istio\\.io/rev}",
      );
    };
    await apply({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop", labels: { "istio.io/rev": "prod" } },
    });
    expect(await revisionOfPod("before")).toMatch(/ asm-1-29$/);
    await configure(sandbox, stack, { revisions: ["asm-1-30", "asm-1-29"] });
    await up(sandbox, stack);
    expect(await revisionOfPod("after")).toMatch(/ asm-1-30$/);
    expect(await read("namespace", "shop", "--output=jsonpath={.metadata.labels.istio\\.io/rev}")).toBe("prod");
    await up(sandbox, stack, "--expect-no-changes");
  });

  it("lets requests in and out by its gateways as the analysis says", async ({ skip }) => {
    await needsPods({ skip });
    const { cert, key } = await newRoot("shop.example");
    await apply(...bookstore, ...ways, ...hostsOutside, {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      metadata: { name: "front", namespace: ingress },
      stringData: { "tls.crt": cert, "tls.key": key },
    });
    const traffic = await openTraffic(
      await clusterNamed(sandbox, "gateways", "gateways"),
      () => undefined,
      new PassThrough().resume(),
    );
    try {
      const look = async () => {
        const seen = await traffic.look();
        return seen !== undefined && seen.seconds > 4 ? seen : undefined;
      };
      const report = await poll("four seconds of traffic", 120, look, 500);
      expect(report.problems).toEqual([]);
      expect(report.gateways.map(({ request, ends, agrees }) => [request, ...Object.keys(ends), agrees])).toEqual([
        ["GET all.example/books-bought", "200", true],
        ["GET all.example/buy-a-book/new", "403", true],
        ["GET shop.example/books-bought", "200", true],
        ["GET shop.example/buy-a-book/new", "404", true],
      ]);
      const outward = report.outward.map(({ caller, request, gateways, ends, agrees }) => [
        ...[caller, request, gateways.join(), ...Object.keys(ends), agrees],
      ]);
      expect(outward).toEqual([
        ["bookbuyer/bookbuyer", "GET api.example/", "aks-istio-egress/out", "200", true],
        ["bookstore/bookstore", "GET api.example/", "aks-istio-egress/out", "200", true],
        ["bookbuyer/bookbuyer", "GET direct.example/", "", "200", true],
        ["bookstore/bookstore", "GET direct.example/", "", "200", true],
      ]);
      expect(trafficTable(report)).toMatch(
        /through its gateways:\n[^]* GET shop\.example\/buy-a-book\/new +404 +404 +✓/,
      );
      const objects = parseManifests([
        { name: "cluster", text: await read(analysed, "--all-namespaces", "--output=json") },
      ]);
      const mesh = istioMesh(objects);
      const proxy = await traffic.openProxy();
      const address = await read("pods", `--namespace=${ingress}`, "--output=jsonpath={.items[0].status.podIP}");
      for (const [serverName, host, path, end] of secured) {
        const tls = serverName === undefined ? {} : { tls: { serverName, alpn: "http/1.1" } };
        const request = [`GET ${path} HTTP/1.1`, `host: ${host}`];
        const what = `${serverName ?? "plain text"}: ${host}${path}`;
        expect((await speak(proxy, { to: `${address}:443`, request, ...tls })).end, what).toBe(end);
        const verdict = decide(mesh, {
          ...{ from: "outside", to: `${front}:443`, protocol: "http", method: "GET", path, host, headers: {} },
          ...(serverName !== undefined && { serverName }),
        });
        expect(String(verdict.status ?? verdict.outcome), what).toBe(end);
      }
      const entered = mesh
        .access()
        .entries.filter(({ callers, service: one }) => callers.includes("outside") && one.service === "");
      expect(entered.map(({ service: { host, port } }) => `${host}:${port}`).sort()).toEqual([
        ...["all.example:443", "all.example:80", "shop.example:443", "shop.example:80"],
      ]);
    } finally {
      await traffic.close();
    }
  });

  it("has none any more when nobody asks for one", async () => {
    await configure(sandbox, stack, { egress: false });
    await up(sandbox, stack);
    expect(await read("services,deployments", namespace, "--output=name")).toBe("");
    expect(await read("staticgatewayconfigurations", "--all-namespaces", "--output=name")).toBe("");
  });
});
