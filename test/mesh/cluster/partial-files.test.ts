import { describe, expect, it } from "vitest";
import { decide, type Mesh } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";
import { routes, service, split, target, tcpRoute, workload } from "../osm/world";

const all = routes("all", "shop", [{ name: "all", pathRegex: ".*", methods: ["*"] }]);
const rule = [{ kind: "HTTPRouteGroup", name: "all", matches: ["all"] }];
const cart = target("cart", "shop/cart", ["shop/web"], rule);
const policies = [all, cart];

function endpoints(
  name: string,
  addresses: readonly Readonly<Record<string, unknown>>[],
  port = 14001,
): KubernetesObject & Readonly<Record<string, unknown>> {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name, namespace: "shop" },
    subsets: [{ addresses, ports: [{ port }] }],
  };
}

const inCluster = (pod: string): Readonly<Record<string, unknown>> => ({ targetRef: { kind: "Pod", name: pod } });

/** What a call of web to the Service comes to. */
function outcome(mesh: Mesh, name = "cart", port = 14001): string {
  return decide(mesh, { from: "shop/web", to: `${name}.shop:${String(port)}`, protocol: "http" }).outcome;
}

const findingsOf = (mesh: Mesh): readonly string[] => mesh.findings().map(({ rule: name }) => name);

describe("Endpoints of some Services", () => {
  const shop = [...policies, workload("cart", "shop", "cart"), service("cart", "shop")];

  it("leave the others the pods that their selectors match", () => {
    const outside = { ...service("sql", "shop"), spec: { ports: [{ port: 1433 }] } };
    const mesh = osmMesh({ objects: [...shop, outside, endpoints("sql", [{ ip: "20.1.2.3" }], 1433)] });
    expect(outcome(mesh)).toBe("allowed");
    expect(findingsOf(mesh)).toEqual([]);
    expect(mesh.assumptions.join()).toContain("No Endpoints of shop/cart:");
  });

  it("written by hand for a Service with a selector are written over by Kubernetes", () => {
    const mesh = osmMesh({ objects: [...shop, endpoints("cart", [{ ip: "20.1.2.3" }])] });
    expect(outcome(mesh)).toBe("allowed");
    expect(mesh.podsOfIp("20.1.2.3")).toEqual([]);
    expect(mesh.assumptions.join()).toContain("Endpoints shop/cart are passed over");
  });

  it("of a running cluster give the pods of a template their addresses, and as many pods as there are", () => {
    const [first, second] = ["10.1.0.1", "10.1.0.2"].map((ip, at) => ({ ip, ...inCluster(`cart-7d4-${String(at)}`) }));
    const mesh = osmMesh({ objects: [...shop, endpoints("cart", [first ?? {}, second ?? {}])] });
    expect(mesh.state.pods.map(({ name, ips }) => [name, ...ips])).toEqual([
      ["cart-7d4-0", "10.1.0.1"],
      ["cart-7d4-1", "10.1.0.2"],
    ]);
    expect(outcome(mesh)).toBe("allowed");
  });

  it("give Pods without a status their addresses, by their names", () => {
    const pod = (name: string, app: string): KubernetesObject & Readonly<Record<string, unknown>> => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "shop", labels: { app } },
      spec: { serviceAccountName: name === "b" ? "other" : "cart" },
    });
    const objects = [...policies, service("cart", "shop"), pod("b", "cart"), pod("a", "cart")];
    const mesh = osmMesh({ objects: [...objects, endpoints("cart", [{ ip: "10.1.0.1", ...inCluster("a") }])] });
    expect(mesh.podsOfIp("10.1.0.1").map(({ name }) => name)).toEqual(["a"]);
    expect(outcome(mesh)).toBe("allowed");
  });

  it("of no known pod are said", () => {
    const other = [workload("web", "shop", "web"), service("stock", "shop")];
    const objects = [...other, endpoints("stock", [{ ip: "10.1.0.9", ...inCluster("stock-1") }])];
    expect(osmMesh({ objects }).assumptions.join()).toContain("shop/stock have addresses of no known pod (10.1.0.9)");
  });

  it("that are empty in a running cluster stay empty", () => {
    const given = { ...endpoints("cart", []), subsets: [] };
    const observed = { ...given, metadata: { ...given.metadata, uid: "1" } };
    expect(outcome(osmMesh({ objects: [...shop, observed] }))).not.toBe("allowed");
  });
});

describe("workloads of some accounts", () => {
  it("leave the Services of the others their pods", () => {
    const mesh = osmMesh({ objects: [...policies, workload("web", "shop", "web"), service("cart", "shop")] });
    expect(outcome(mesh)).toBe("allowed");
    expect(findingsOf(mesh)).toEqual([]);
    expect(mesh.assumptions.join()).toContain("Neither Pods nor workloads of shop/cart:");
  });

  it("make no pods of a name that is more likely a mistake", () => {
    const objects = [...policies, workload("card", "shop", "card"), service("card", "shop")];
    const mesh = osmMesh({ objects });
    expect(outcome(mesh, "card")).toBe("refused");
    expect(findingsOf(mesh)).toContain("destination-without-pods");
    expect(mesh.access().entries).toEqual([]);
  });

  it("leave the only account of a namespace the Services without pods", () => {
    const objects = [...policies, service("front", "shop"), workload("other", "elsewhere", "other")];
    expect(outcome(osmMesh({ objects }), "front")).toBe("allowed");
  });
});

describe("Services of some namespaces", () => {
  const kubernetes = { ...service("kubernetes", "default"), spec: { ports: [{ port: 443 }] } };

  it("leave the other namespaces theirs", () => {
    const mesh = osmMesh({
      objects: [...policies, kubernetes, service("x", "elsewhere"), workload("x", "elsewhere", "x")],
    });
    expect(outcome(mesh, "cart", 80)).toBe("allowed");
    expect(mesh.assumptions.join()).toContain("No Service in shop:");
  });
});

describe("policies without workloads", () => {
  it("give no finding that comes from a Service that nobody wrote", () => {
    const tcp = target("db", "shop/db", ["shop/web"], [{ kind: "TCPRoute", name: "sql" }]);
    const shares = split("s", "shop", "cart.shop", { "cart-v1": 25, "cart-v2": 75 });
    const mesh = osmMesh({ objects: [...policies, tcp, tcpRoute("sql", "shop", [5432]), shares] });
    expect(findingsOf(mesh)).toEqual([]);
    const sql = { from: "shop/web", to: "db.shop:5432", protocol: "tcp" } as const;
    expect(decide(mesh, sql).outcome).toBe("allowed");
    const call = { from: "shop/web", to: "cart.shop:80", protocol: "http" } as const;
    expect(decide(mesh, call).backends).toEqual({ "shop/cart-v1": 0.25, "shop/cart-v2": 0.75 });
    expect(findingsOf(osmMesh({ objects: [shares] }))).toEqual([]);
  });

  it("still give one about weights that add up to nothing", () => {
    expect(findingsOf(osmMesh({ objects: [split("s", "shop", "cart", { v1: 0 })] }))).toEqual(["no-weight"]);
  });
});

describe("a split of which no backend has the root's port", () => {
  it("is an error, not two warnings", () => {
    const versions = ["v1", "v2"].flatMap((name) => [
      workload(name, "shop", "cart", { app: "cart", v: name }),
      service(name, "shop", { port: 8080, selector: { app: "cart", v: name }, portName: "http" }),
    ]);
    const root = service("cart", "shop", { port: 80, targetPort: 8081, portName: "http" });
    const mesh = osmMesh({ objects: [...policies, ...versions, root, split("s", "shop", "cart", { v1: 1, v2: 1 })] });
    expect(findingsOf(mesh)).toContain("no-backend-port");
    expect(findingsOf(mesh)).not.toContain("backend-port");
    expect(outcome(mesh, "cart", 80)).toBe("no-route");
  });
});
