import { describe, expect, it } from "vitest";
import { checkGuarantees, compile, decide, diff } from "../../../mesh";
import { osmMesh } from "../../../mesh/osm";
import { meshObjects } from "../../../mesh/osm/objects";
import { parseManifests } from "../../../mesh/manifests";
import {
  assumedCluster,
  definePolicy,
  guaranteesOf,
  type Policy,
  type PolicyPort,
  PolicyError,
} from "../../../mesh/policy";

const bookstore = definePolicy({
  services: {
    bookbuyer: { namespace: "bookbuyer", serviceAccount: "bookbuyer" },
    bookthief: { namespace: "bookthief", serviceAccount: "bookthief" },
    bookstore: { namespace: "bookstore", serviceAccount: "bookstore", ports: [{ port: 14001, protocol: "http" }] },
    "bookstore-v2": {
      namespace: "bookstore",
      serviceAccount: "bookstore-v2",
      ports: [{ port: 14001, protocol: "http" }],
    },
    bookwarehouse: {
      namespace: "bookwarehouse",
      serviceAccount: "bookwarehouse",
      ports: [{ port: 14001, protocol: "http" }],
    },
    mysql: { namespace: "bookwarehouse", serviceAccount: "mysql", ports: [{ port: 3306, protocol: "tcp" }] },
  },
  routes: {
    "bookstore-routes": {
      bought: { methods: ["GET"], path: "/books-bought", headers: { "client-app": "bookbuyer" } },
      buy: { methods: ["GET"], path: ".*a-book.*new" },
    },
    "warehouse-routes": { restock: { methods: ["POST"] } },
  },
  access: [
    { from: "bookbuyer", to: "bookstore", routes: ["bookstore-routes/buy", "bookstore-routes/bought"] },
    { from: "bookbuyer", to: "bookstore-v2", routes: ["bookstore-routes/buy"] },
    { from: ["bookstore", "bookstore-v2"], to: "bookwarehouse", routes: ["warehouse-routes/restock"] },
    { from: "bookwarehouse", to: "mysql", tcp: [3306] },
  ],
  splits: [{ root: "bookstore", backends: { bookstore: 50, "bookstore-v2": 50 } }],
  guarantees: [
    { name: "thief stays out", kind: "never", from: "bookthief", to: "bookstore" },
    {
      name: "buyer buys",
      kind: "always",
      from: "bookbuyer",
      to: "bookstore",
      requests: { methods: ["GET"], path: "/buy-a-book-new" },
    },
  ],
});

function meshOf(policy: Policy) {
  return osmMesh({ objects: [...compile(policy, "osm"), ...assumedCluster(policy)] });
}

describe("a policy for OSM", () => {
  it("compiles to objects in an order of its own", () => {
    const objects = compile(bookstore, "osm");
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      "TrafficTarget bookstore/bookbuyer-to-bookstore",
      "TrafficTarget bookstore/bookbuyer-to-bookstore-v2",
      "TrafficTarget bookwarehouse/bookstore-bookstore-v2-to-bookwarehouse",
      "TrafficTarget bookwarehouse/bookwarehouse-to-mysql",
      "HTTPRouteGroup bookstore/bookstore-routes",
      "HTTPRouteGroup bookwarehouse/warehouse-routes",
      "TCPRoute bookwarehouse/bookwarehouse-to-mysql",
      "TrafficSplit bookstore/bookstore",
      "MeshConfig kube-system/osm-mesh-config",
    ]);
    const turned = { ...bookstore, access: [...(bookstore.access ?? [])].reverse() };
    expect(compile(turned, "osm")).toEqual(objects);
  });

  it("does what it says", () => {
    const mesh = meshOf(bookstore);
    const call = { from: "bookbuyer/bookbuyer", to: "bookstore.bookstore:14001", protocol: "http" } as const;
    expect(decide(mesh, { ...call, path: "/buy-a-book-new" }).outcome).toBe("allowed");
    expect(decide(mesh, { ...call, path: "/steal" }).outcome).toBe("no-route");
    expect(decide(mesh, { ...call, from: "bookthief/bookthief" }).outcome).toBe("refused");
    const sql = { from: "bookwarehouse/bookwarehouse", to: "mysql.bookwarehouse:3306", protocol: "tcp" } as const;
    expect(decide(mesh, sql).outcome).toBe("allowed");
  });

  it("proves its guarantees, and shows a request that breaks one", () => {
    expect(checkGuarantees(meshOf(bookstore), guaranteesOf(bookstore))).toEqual([]);
    const open: Policy = {
      ...bookstore,
      access: [...(bookstore.access ?? []), { from: "bookthief", to: "bookstore", routes: ["bookstore-routes/buy"] }],
    };
    const [broken] = checkGuarantees(meshOf(open), guaranteesOf(open));
    expect(broken?.rule).toBe("broken-guarantee");
    expect(broken?.request?.from).toBe("bookthief/bookthief");
    expect(decide(meshOf(open), broken?.request ?? { from: "", to: "", protocol: "http" }).outcome).not.toBe("refused");
  });

  it("keeps a target's HTTP rule from opening the account's TCP ports", () => {
    const policy = definePolicy({
      services: {
        web: { namespace: "a", serviceAccount: "web" },
        api: {
          namespace: "b",
          serviceAccount: "api",
          ports: [
            { port: 80, targetPort: 8080, protocol: "http" },
            { port: 5000, protocol: "tcp" },
          ],
        },
      },
      routes: { all: { any: {} } },
      access: [{ from: "web", to: "api", routes: ["all/any"] }],
    });
    const mesh = meshOf(policy);
    expect(decide(mesh, { from: "a/web", to: "api.b:80", protocol: "http" }).outcome).toBe("allowed");
    expect(decide(mesh, { from: "a/web", to: "api.b:5000", protocol: "tcp" }).outcome).toBe("refused");
  });

  it.each<[string, Partial<Policy>, RegExp]>([
    [
      "routes whose order OSM leaves open",
      {
        access: [
          { from: "bookbuyer", to: "bookstore", routes: ["bookstore-routes/buy"] },
          { from: "bookthief", to: "bookstore", routes: ["more/any"] },
        ],
        routes: { ...bookstore.routes, more: { any: { path: "/.*" } } },
      },
      /does not define .*a-book/s,
    ],
    [
      "a pattern that RE2 refuses",
      { routes: { x: { y: { path: "/(?=a)" } } } },
      /routes\.x\.y\.path: RE2 refuses .* character 2/,
    ],
    [
      "a pattern that is too long for Envoy",
      { routes: { x: { y: { path: `/${"a".repeat(96)}` } } } },
      /routes\.x\.y\.path: Envoy refuses .* has 101 instructions/,
    ],
    [
      "weights that add up to 0",
      { splits: [{ root: "bookstore", backends: { bookstore: 0 } }] },
      /splits\[0\]\.backends/,
    ],
    [
      "a backend in another namespace",
      { splits: [{ root: "bookstore", backends: { bookwarehouse: 1 } }] },
      /namespace bookwarehouse/,
    ],
    ["no callers", { access: [{ from: [], to: "bookstore", routes: ["bookstore-routes/buy"] }] }, /access\[0\]\.from/],
    ["an HTTP port as a TCP one", { access: [{ from: "bookbuyer", to: "bookstore", tcp: [14001] }] }, /speaks http/],
  ])("refuses %s", (_, change, message) => {
    const policy: Policy = { ...bookstore, ...change };
    expect(() => compile(policy, "osm")).toThrow(PolicyError);
    expect(() => compile(policy, "osm")).toThrow(message);
  });
});

describe("compile after parse", () => {
  it("loses nothing that OSM reads", () => {
    const compiled = compile(bookstore, "osm");
    const noise = compiled.map((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        labels: { helm: "yes" },
        annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
      },
      status: {},
    }));
    const text = [...noise, { apiVersion: "v1", kind: "Secret", metadata: { name: "s" } }]
      .map((object) => JSON.stringify(object))
      .join("\n---\n");
    const { objects, passedOver } = meshObjects(parseManifests([{ name: "all.yaml", text }]));
    expect(objects).toEqual(compiled);
    expect(passedOver.map(({ kind }) => kind)).toEqual(["Secret"]);
    const cluster = assumedCluster(bookstore);
    expect(diff(meshOf(bookstore), osmMesh({ objects: [...objects, ...cluster] }))).toEqual([]);
    expect(osmMesh({ objects: [...objects, ...cluster] }).access().entries.length).toBeGreaterThan(3);
  });
});

describe("names that are spelt wrong", () => {
  const services = {
    web: { namespace: "a", serviceAccount: "web" },
    api: { namespace: "b", serviceAccount: "api" },
  } as const;
  const routes = { main: { read: { path: "/" } } } as const;
  it("do not compile", () => {
    // The type checker is the judge: `npm run check` fails where one of these lines is no error.
    // @ts-expect-error no service is called wbe
    definePolicy({ services, routes, access: [{ from: "wbe", to: "api", routes: ["main/read"] }] });
    // @ts-expect-error no service is called apy
    definePolicy({ services, routes, access: [{ from: "web", to: "apy", routes: ["main/read"] }] });
    // @ts-expect-error no route is called main/raed
    definePolicy({ services, routes, access: [{ from: "web", to: "api", routes: ["main/raed"] }] });
    // @ts-expect-error no group is called mian
    definePolicy({ services, routes, access: [{ from: "web", to: "api", routes: ["mian/read"] }] });
    // @ts-expect-error no service is called root
    definePolicy({ services, splits: [{ root: "root", backends: {} }] });
    // @ts-expect-error no service is called weeb
    definePolicy({ services, splits: [{ root: "api", backends: { weeb: 1 } }] });
    // @ts-expect-error no service is called nobody
    definePolicy({ services, guarantees: [{ name: "g", kind: "never", from: "nobody", to: "api" }] });
    // @ts-expect-error no method is called GTE
    definePolicy({ services, routes: { main: { read: { methods: ["GTE"] } } } });
    // @ts-expect-error no protocol is called htpp
    const port: PolicyPort = { port: 1, protocol: "htpp" };
    expect(port.port).toBe(1);
    expect(
      definePolicy({ services, routes, access: [{ from: "web", to: "api", routes: ["main/read"] }] }).access,
    ).toHaveLength(1);
  });
});
