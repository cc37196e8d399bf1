import { describe, expect, it } from "vitest";
import { checkGuarantees, decide, diff, readGuarantees } from "../../../mesh";
import { type Mesh } from "../../../mesh/analysis/mesh";
import { type KubernetesObject, nowhere } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshNamespace,
  meshOfObjects,
  type Objects,
  requestAuthentication,
  shop,
  strict,
  virtualService,
} from "./world";

const ingress = "aks-istio-ingress";
const [a, b] = ["https://a.example", "https://b.example"];
const to = [{ destination: { host: "server", port: { number: 80 } } }];

const gateway = istio("networking.istio.io/v1", "Gateway", ingress, "front", {
  selector: { istio: "aks-istio-ingressgateway-external" },
  servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["shop.example"] }],
});
const routes = (...http: readonly object[]): KubernetesObject =>
  virtualService("shop", "shop", { hosts: ["shop.example"], gateways: [`${ingress}/front`], http });
const whose = (namespace: string, ...jwtRules: readonly object[]): KubernetesObject =>
  requestAuthentication(namespace, "tokens", { jwtRules });
const base = [meshNamespace(ingress), ...shop, strict, gateway];

type Claims = Readonly<Record<string, string>>;

/** How a request from outside ends that carries a token with some claims, or none. */
function end(mesh: Mesh, path: string, claims: Claims = {}): string {
  const headers = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [`request.auth.claims[${name}]`, value]),
  );
  const { outcome } = decide(mesh, { from: "outside", to: "shop.example:80", protocol: "http", path, headers });
  return outcome;
}

/** What is wrong with a promise that nobody outside calls the Service by such a token. */
function never(objects: Objects, claims: Claims): readonly string[] {
  const headers = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [`request.auth.claims[${name}]`, value]),
  );
  const guarantee: KubernetesObject = {
    ...{ apiVersion: "aks-mesh/v1alpha1", kind: "Guarantee", metadata: { name: "closed" } },
    ...{ spec: { never: { from: ["outside"], to: "shop/server", headers } } },
  };
  return checkGuarantees(meshOfObjects(...objects), readGuarantees([guarantee], nowhere).guarantees).map(
    ({ rule }) => rule,
  );
}

describe("routes of a gateway by claims of tokens", () => {
  const byGroup = routes(
    { match: [{ uri: { prefix: "/dot" }, headers: { "@request.auth.claims.Group": { exact: "x" } } }], route: to },
    {
      match: [{ uri: { prefix: "/in" }, headers: { "@Request.Auth.claims[realm][role]": { prefix: "ad" } } }],
      route: to,
    },
    {
      match: [{ uri: { prefix: "/not" }, withoutHeaders: { "@request.auth.claims.Group": { exact: "x" } } }],
      route: to,
    },
  );

  it("see the claims of tokens that the gateway takes, by their case, and no header of such a name", () => {
    const mesh = meshOfObjects(base, byGroup, whose(ingress, { issuer: a }));
    expect(end(mesh, "/dot", { iss: a, Group: "x" })).toBe("allowed");
    expect(end(mesh, "/dot", { iss: a, group: "x" })).toBe("no-route");
    expect(end(mesh, "/dot", { iss: b, Group: "x" })).toBe("denied");
    expect(end(mesh, "/dot")).toBe("no-route");
    const forged = { from: "outside", to: "shop.example:80", protocol: "http", path: "/dot" } as const;
    expect(decide(mesh, { ...forged, headers: { group: "x" } }).outcome).toBe("no-route");
    expect(end(mesh, "/in", { iss: a, "realm][role": "admin" })).toBe("allowed");
    expect(end(mesh, "/in", { iss: a, "realm][role": "dev" })).toBe("no-route");
    // A claim that is not there is not an empty one.
    expect([end(mesh, "/not"), end(mesh, "/not", { iss: a }), end(mesh, "/not", { iss: a, Group: "x" })]).toEqual([
      "allowed",
      "allowed",
      "no-route",
    ]);
  });

  it("see none where no RequestAuthentication selects the gateway, which is told", () => {
    const mesh = meshOfObjects(base, byGroup, whose("shop", { issuer: a }));
    expect(end(mesh, "/dot", { iss: a, Group: "x" })).toBe("no-route");
    expect(end(mesh, "/not", { iss: a, Group: "x" })).toBe("allowed");
    // What rules a claim out is met by everybody then, and still has its place among rules that ask for something.
    const of = (name: string, http: object): KubernetesObject =>
      virtualService("shop", name, { hosts: ["shop.example"], gateways: [`${ingress}/front`], http: [http] });
    const first = of("one", { match: [{ withoutHeaders: { "@request.auth.claims.Group": {} } }], route: to });
    const second = of("two", { match: [{ method: { regex: ".*" } }], directResponse: { status: 404 } });
    expect(end(meshOfObjects(base, first, second), "/")).toBe("allowed");
    const found = (of: Mesh) => of.findings().filter(({ rule }) => rule === "claims-of-nobody");
    expect(found(mesh)).toEqual([
      expect.objectContaining({ severity: "error", object: "VirtualService shop/shop", property: "spec.http[0]" }),
    ]);
    expect(found(meshOfObjects(base, byGroup, whose(ingress, { issuer: a })))).toEqual([]);
  });
});

describe("a token that a gateway takes", () => {
  const open = routes({ route: to });
  const demand = authorizationPolicy("shop", "demand", {
    rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }],
  });
  const taken = whose("shop", { issuer: a }, { issuer: b });
  const token = (iss: string): Claims => ({ iss, sub: "s" });

  it("goes no further, so that those behind it see none", () => {
    const at = (...jwtRules: readonly object[]): Mesh =>
      meshOfObjects(base, open, demand, taken, whose(ingress, ...jwtRules));
    expect(end(at({ issuer: a }), "/", token(a))).toBe("denied");
    expect(end(at({ issuer: a, forwardOriginalToken: true }), "/", token(a))).toBe("allowed");
    const mixed = at({ issuer: a }, { issuer: b, forwardOriginalToken: true });
    expect([end(mixed, "/", token(a)), end(mixed, "/", token(b)), end(mixed, "/")]).toEqual([
      "denied",
      "allowed",
      "denied",
    ]);
    // Each rule that takes a token does its own with it.
    expect(end(at({ issuer: a, forwardOriginalToken: true }, { issuer: a }), "/", token(a))).toBe("denied");
  });

  it("is out of reach for a DENY behind the gateway", () => {
    const refuse = authorizationPolicy("shop", "refuse", {
      action: "DENY",
      rules: [{ when: [{ key: "request.auth.claims[group]", values: ["bad"] }] }],
    });
    const bad = { ...token(a), group: "bad" };
    const at = (rule: object): Objects => [base, open, refuse, taken, whose(ingress, rule)];
    expect(end(meshOfObjects(...at({ issuer: a })), "/", bad)).toBe("allowed");
    expect(end(meshOfObjects(...at({ issuer: a, forwardOriginalToken: true })), "/", bad)).toBe("denied");
  });

  it("counts so in sets of requests as well", () => {
    const at = (rule: object): Objects => [base, open, demand, taken, whose(ingress, rule)];
    const forwarding = { issuer: a, forwardOriginalToken: true };
    expect(never(at({ issuer: a }), { iss: a })).toEqual([]);
    expect(never(at(forwarding), { iss: a })).toEqual(["broken-guarantee"]);
    expect(never([base, open, demand, taken], { iss: a })).toEqual(["broken-guarantee"]);
    const changes = diff(meshOfObjects(...at({ issuer: a })), meshOfObjects(...at(forwarding)));
    expect(changes.map(({ kind, from }) => `${kind} ${from}`)).toContain("opens outside");
    expect(diff(meshOfObjects(...at({ issuer: a })), meshOfObjects(...at({ issuer: a })))).toEqual([]);
  });
});
