import { expect, test } from "vitest";
import { decide } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, pod, virtualService } from "./world";

type Objects = readonly KubernetesObject[];

const service = (name: string, selector: object | undefined, targetPort: number | string = 8080): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  ...{ spec: { ...(selector && { selector }), ports: [{ name: "http", port: 80, targetPort }] } },
});
const policy = (labels: Readonly<Record<string, string>>) =>
  authorizationPolicy("shop", "cart", {
    selector: { matchLabels: labels },
    rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/web"] } }] }],
  });
const meshOf = (objects: Objects) => istioMesh({ objects: [meshNamespace("shop"), ...objects] });
const calls = (objects: Objects) =>
  ["shop/web", "shop/other"].map((from) => {
    const request = { from, to: "cart.shop:80", protocol: "http", method: "GET", path: "/" } as const;
    return decide(meshOf(objects), request).outcome;
  });

test("where no pod is shown at all, Services have pods with the labels that they select", () => {
  const name = { "app.kubernetes.io/name": "cart" };
  expect(calls([service("cart", name), policy(name)])).toEqual(["allowed", "denied"]);
  // A policy may ask for more labels than the Service.
  expect(calls([service("cart", name), policy({ ...name, version: "v1" })])).toEqual(["allowed", "denied"]);
  expect(calls([service("cart", { role: "any" }), policy({ role: "any" })])).toEqual(["allowed", "denied"]);
  expect(calls([service("cart", { app: "cart" }, "web"), policy({ app: "cart" })])).toEqual(["allowed", "denied"]);
  expect(calls([service("cart", { app: "cart" })])).toEqual(["allowed", "allowed"]);
});

test("it is said, and not so where a pod is shown or the Service selects none", () => {
  const objects = [service("cart", { app: "cart" }), policy({ app: "cart" })];
  expect(meshOf(objects).assumptions.join(" ")).toContain("the Services in shop are taken to have pods");
  const shown = [...objects, pod("shop", "web")];
  expect(meshOf(shown).assumptions.join(" ")).not.toContain("are taken to have pods");
  expect(calls(shown)).toEqual(["unavailable", "unavailable"]);
  expect(calls([service("cart", undefined)])).toEqual(["unavailable", "unavailable"]);
});

test("subsets are of pods behind the Service, and names that no Service has lead nowhere", () => {
  const subset = (version: string) => ({ name: version, labels: { version } });
  const rule = istio("networking.istio.io/v1", "DestinationRule", "shop", "cart", {
    host: "cart",
    subsets: [subset("v1"), subset("v2")],
  });
  const to = (host: string, part?: string) => ({ destination: { host, ...(part && { subset: part }) } });
  const routes = (...route: readonly object[]) =>
    virtualService("shop", "cart", {
      hosts: ["cart"],
      http: [{ route: route.map((one) => ({ ...one, weight: 50 })) }],
    });
  const shares = (routed: KubernetesObject) =>
    decide(meshOf([service("cart", { app: "cart" }), rule, routed]), {
      from: "shop/web",
      to: "cart.shop:80",
      protocol: "http",
      path: "/",
    });
  expect(shares(routes(to("cart", "v1"), to("cart", "v2"))).subsets).toEqual({
    "shop/cart v1": 0.5,
    "shop/cart v2": 0.5,
  });
  expect(shares(routes(to("cart", "v1"), to("carts"))).outcomes).toEqual(["allowed", "unavailable"]);
});
