import { expect, test } from "vitest";
import { checkGuarantees, decide } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, type Objects, pod, service, shop, strict } from "./world";

const httpRoute = (namespace: string, parent: object, backend: object = { name: "server", port: 80 }) =>
  istio("gateway.networking.k8s.io/v1", "HTTPRoute", namespace, "r", {
    parentRefs: [{ group: "", kind: "Service", name: "server", ...parent }],
    rules: [{ backendRefs: [backend] }],
  });

const web: readonly KubernetesObject[] = [
  meshNamespace("web"),
  pod("web", "client"),
  pod("web", "server"),
  service("web", "server", [{ name: "http", port: 80 }]),
];
const ofClients = authorizationPolicy("shop", "server", {
  selector: { matchLabels: { app: "server" } },
  rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/client"] } }] }],
});
const around: Objects = [shop, strict, web, ofClients];

const meshOf = (objects: Objects) => istioMesh({ objects: objects.flat() });
const outcome = (objects: Objects, from: string, to = "server.shop") => {
  const verdict = decide(meshOf(objects), { from, to: `${to}:80`, protocol: "http", method: "GET", path: "/" });
  return verdict.variesBy ?? verdict.outcome;
};

test("a route whose parent is a Service takes over the calls of sidecars, of all where it is of the Service's namespace", () => {
  expect([outcome(around, "shop/client"), outcome(around, "web/client")]).toEqual(["allowed", "denied"]);
  const own = [...around, httpRoute("shop", {})];
  expect([outcome(own, "shop/client"), outcome(own, "web/client")]).toEqual(["not-followed", "not-followed"]);
  expect(outcome(own, "web/client", "server.web")).toBe("allowed");
  expect(outcome(own, "outside")).toBe("refused");
  const others = [...around, httpRoute("web", { namespace: "shop" })];
  expect([outcome(others, "shop/client"), outcome(others, "web/client")]).toEqual(["allowed", "not-followed"]);
  expect(outcome([...around, httpRoute("shop", { port: 8080 })], "shop/client")).toBe("allowed");
  expect(outcome([...around, httpRoute("shop", { port: 80 })], "shop/client")).toBe("not-followed");
  expect(outcome([...around, httpRoute("shop", { kind: "Gateway", group: undefined })], "shop/client")).toBe("allowed");
});

test("the relation has every caller of a Service that a route takes over", () => {
  const callers = (objects: Objects) =>
    meshOf(objects)
      .access()
      .entries.filter(({ service: { service: name, port } }) => name === "shop/server" && port === 80)
      .flatMap((entry) => entry.callers)
      .sort();
  expect(callers(around)).toEqual(["shop/client"]);
  const all = callers([...around, httpRoute("shop", {})]);
  expect(all).toContain("web/client");
  expect(callers([...around, httpRoute("web", { namespace: "shop" })])).toEqual(
    all.filter((caller) => caller.startsWith("web/") || caller === "shop/client"),
  );
});

test("what is proved does not speak of what a route may change", () => {
  const never = (objects: Objects, to: string) =>
    checkGuarantees(meshOf(objects), [{ kind: "never", name: "closed", from: ["web/client"], to }]).map(
      ({ rule }) => rule,
    );
  expect(never(around, "shop/server")).toEqual([]);
  expect(never([...around, httpRoute("shop", {})], "shop/server")).toEqual(["broken-guarantee"]);
  const closed = authorizationPolicy("web", "none", {});
  expect(never([...around, closed], "web/server")).toEqual([]);
  // It may lead to Services of any namespace.
  const elsewhere = httpRoute("shop", {}, { name: "server", namespace: "web", port: 80 });
  expect(never([...around, closed, elsewhere], "web/server")).toEqual(["unproved-guarantee"]);
  expect(never([...around, closed, httpRoute("shop", {})], "web/server")).toEqual([]);
});

test("is found, and nothing of Istio's own gateways", () => {
  const rules = (objects: Objects) =>
    meshOf(objects)
      .findings()
      .map(({ rule, object }) => `${rule} ${object ?? ""}`)
      .filter((one) => one.includes("gateway-api"));
  expect(rules(around)).toEqual([]);
  const gateway = istio("gateway.networking.k8s.io/v1", "Gateway", "shop", "edge", { gatewayClassName: "istio" });
  expect(rules([...around, gateway, httpRoute("shop", {})])).toEqual(["gateway-api-not-read HTTPRoute shop/r"]);
  expect(meshOf([...around, gateway]).assumptions.join(" ")).not.toContain("Passed over");
});
