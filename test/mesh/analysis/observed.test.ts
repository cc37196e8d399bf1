import { describe, expect, it } from "vitest";
import { meshOf, observed, parseManifests, type SeenCalls } from "../../../mesh";

const manifests = parseManifests([
  {
    name: "shop.yaml",
    text: `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { openservicemesh.io/monitored-by: osm }, annotations: { openservicemesh.io/sidecar-injection: enabled } }
---
apiVersion: v1
kind: Service
metadata: { name: stock, namespace: shop }
spec: { selector: { app: stock }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: prices, namespace: shop }
spec: { selector: { app: prices }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
${["cart", "thief", "stock", "prices"]
  .map(
    (name) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}-main, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { serviceAccountName: ${name}, containers: [{ name: main, image: "${name}" }] }
`,
  )
  .join("")}---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: all, namespace: shop }
spec: { matches: [{ name: any, pathRegex: "/.*", methods: ["*"] }] }
${["stock", "prices"]
  .map(
    (name) => `---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${name}, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: ${name}, namespace: shop }
  sources: [{ kind: ServiceAccount, name: cart, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: all, matches: [any] }]
`,
  )
  .join("")}`,
  },
]);
const mesh = meshOf(manifests, [], "osm");

function seen(workload: string, service: string, codes: Readonly<Record<string, number>>, port?: number): SeenCalls {
  return { workload: `shop/${workload}`, service: `shop/${service}`, port, codes, connections: 1 };
}

const compare = (...calls: readonly SeenCalls[]) => observed(mesh, manifests.objects, calls);

describe("observed", () => {
  it("finds nothing wrong with calls that are allowed, by the port of the Service and by that of its pods", () => {
    for (const port of [80, 8080, undefined]) {
      expect(compare(seen("cart-main", "stock", { 200: 3 }, port))).toMatchObject({
        forbidden: [],
        unknown: [],
        meant: 1,
      });
    }
  });

  it("names calls that were answered and are not allowed, with how they should end", () => {
    expect(compare(seen("thief-main", "stock", { 200: 1 }, 80)).forbidden).toEqual([
      { ...seen("thief-main", "stock", { 200: 1 }, 80), account: "shop/thief", expected: ["refused"] },
    ]);
  });

  it("does not take for passed what the mesh itself may have answered, and a connection alone", () => {
    for (const code of ["0", "403", "404", "502", "503"]) {
      expect(compare(seen("thief-main", "stock", { [code]: 5 })).forbidden).toEqual([]);
    }
    expect(compare(seen("thief-main", "stock", {})).forbidden).toEqual([]);
    expect(compare(seen("thief-main", "stock", { 200: 0 })).forbidden).toEqual([]);
  });

  it("takes an error of the application for an answer", () => {
    expect(compare(seen("thief-main", "stock", { 500: 1 })).forbidden).toHaveLength(1);
  });

  it("names access that nobody used", () => {
    expect(compare(seen("cart-main", "stock", { 200: 3 }, 80)).unused).toEqual([
      { account: "shop/cart", to: "prices.shop.svc.cluster.local:80" },
    ]);
  });

  it("takes calls to a split's backend for use of the split's own Service", () => {
    const split = parseManifests([
      {
        name: "split.yaml",
        text:
          "apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\nmetadata: { name: s, namespace: shop }\n" +
          "spec: { service: stock, backends: [{ service: prices, weight: 1 }] }",
      },
    ]);
    const objects = [...manifests.objects, ...split.objects];
    const { unused } = observed(meshOf({ ...manifests, objects }, [], "osm"), objects, [
      seen("cart-main", "prices", { 200: 1 }, 80),
    ]);
    expect(unused).toEqual([]);
  });

  it("finds the workload of a pod that runs: the Deployment of its ReplicaSet, or its StatefulSet", () => {
    const pod = (name: string, kind: string, owner: string) => ({
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: { name, namespace: "shop", ownerReferences: [{ kind, name: owner }] },
      spec: { serviceAccountName: "cart" },
    });
    const pods = [
      pod("basket-5d4f8c7b9-x2x4z", "ReplicaSet", "basket-5d4f8c7b9"),
      pod("db-main-0", "StatefulSet", "db-main"),
    ];
    const { unknown } = observed(mesh, pods, [
      seen("basket", "stock", { 200: 1 }),
      seen("db-main", "stock", { 200: 1 }),
    ]);
    expect(unknown).toEqual([]);
  });

  it("says of which callers it knows nothing", () => {
    expect(compare(seen("stranger", "stock", { 200: 3 }))).toMatchObject({
      forbidden: [],
      unknown: ["shop/stranger"],
      meant: 0,
    });
  });

  it("says nothing is forbidden where the mesh lets everybody pass", () => {
    const permissive = parseManifests([
      {
        name: "config.yaml",
        text:
          "apiVersion: config.openservicemesh.io/v1alpha2\nkind: MeshConfig\nmetadata: { name: osm-mesh-config, namespace: kube-system }\n" +
          "spec: { traffic: { enablePermissiveTrafficPolicyMode: true } }",
      },
    ]);
    const objects = [...manifests.objects, ...permissive.objects];
    const open = meshOf({ ...manifests, objects }, [], "osm");
    expect(observed(open, objects, [seen("thief-main", "stock", { 200: 1 })]).forbidden).toEqual([]);
  });
});
