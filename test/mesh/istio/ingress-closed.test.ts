import { describe, expect, test } from "vitest";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  meshNamespace,
  meshOfObjects,
  type Objects,
  peerAuthentication,
  pod,
  service,
  shop,
  strict,
} from "./world";

/** What `ingress-closed` is found of, as `object place`. */
const found = (...objects: Objects): readonly string[] =>
  meshOfObjects(shop, ...objects)
    .findings()
    .filter(({ rule }) => rule === "ingress-closed")
    .map(({ object, property = "" }) => `${String(object)} ${property}`.trim());

const ingress = (spec: object, annotations?: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "in", namespace: "shop", ...(annotations && { annotations }) },
  ...{ spec },
});

const rule = (port: object, host?: string) => ({
  rules: [
    { ...(host !== undefined && { host }), http: { paths: [{ backend: { service: { name: "server", port } } }] } },
  ],
});

const proxy: KubernetesObject = {
  apiVersion: "projectcontour.io/v1",
  kind: "HTTPProxy",
  metadata: { name: "in", namespace: "shop" },
  ...{ spec: { virtualhost: { fqdn: "shop.example" }, routes: [{ services: [{ name: "server", port: 80 }] }] } },
};

const exposed: KubernetesObject = {
  ...service("shop", "public", []),
  ...{
    spec: { type: "LoadBalancer", selector: { app: "server" }, ports: [{ name: "http", port: 443, targetPort: 8080 }] },
  },
};

const place = "spec.rules[0].http.paths[0].backend";

describe("ways in without a sidecar's TLS", () => {
  test("lead nowhere where sidecars take the mesh's TLS alone", () => {
    expect(found(strict, ingress(rule({ number: 80 })))).toEqual([`Ingress shop/in ${place}`]);
    expect(found(strict, ingress(rule({ name: "tcp-data" })))).toEqual([`Ingress shop/in ${place}`]);
    expect(found(strict, ingress({ defaultBackend: { service: { name: "server", port: { number: 80 } } } }))).toEqual([
      "Ingress shop/in spec.defaultBackend",
    ]);
    expect(found(strict, proxy)).toEqual(["HTTPProxy shop/in spec.routes[0].services[0]"]);
    expect(found(strict, exposed)).toEqual(["Service shop/public"]);
  });

  test("lead in where plain text is taken, at the port that they lead to", () => {
    expect(found(ingress(rule({ number: 80 })), proxy, exposed)).toEqual([]);
    const atPort = peerAuthentication("shop", "server", {
      selector: { matchLabels: { app: "server" } },
      mtls: { mode: "STRICT" },
      portLevelMtls: { 8080: { mode: "PERMISSIVE" } },
    });
    expect(found(strict, atPort, ingress(rule({ number: 80 })), exposed)).toEqual([]);
    expect(found(strict, atPort, ingress(rule({ number: 9000 })))).toEqual([`Ingress shop/in ${place}`]);
  });

  test("are closed by policies too, for the Host that they pass on", () => {
    const client = { source: { principals: ["cluster.local/ns/shop/sa/client"] } };
    expect(found(authorizationPolicy("shop", "p", { rules: [{ from: [client] }] }), exposed)).toHaveLength(1);
    const host = authorizationPolicy("shop", "p", { rules: [{ to: [{ operation: { hosts: ["shop.example"] } }] }] });
    expect(found(host, ingress(rule({ number: 80 }, "shop.example")))).toEqual([]);
    expect(found(host, ingress(rule({ number: 80 }, "other.example")))).toHaveLength(1);
  });

  test("are open where an account is let in that no object shows, which may be the controller's", () => {
    const edge = { source: { principals: ["cluster.local/ns/edge/sa/nginx"] } };
    const policy = authorizationPolicy("shop", "p", { rules: [{ from: [edge] }] });
    expect(found(strict, policy, ingress(rule({ number: 80 })))).toEqual([]);
    const shown = [meshNamespace("edge"), pod("edge", "nginx")];
    expect(found(strict, policy, shown, ingress(rule({ number: 80 })))).toHaveLength(1);
  });

  test("of Istio's own class are not asked", () => {
    expect(found(strict, ingress({ ingressClassName: "istio", ...rule({ number: 80 }) }))).toEqual([]);
    expect(found(strict, ingress(rule({ number: 80 }), { "kubernetes.io/ingress.class": "istio" }))).toEqual([]);
  });

  test("that are gateways are open to all", () => {
    const gateway = pod("shop", "edge", { annotations: { "inject.istio.io/templates": "gateway" } });
    const own = {
      ...service("shop", "edge", []),
      ...{ spec: { type: "LoadBalancer", selector: { app: "edge" }, ports: [{ port: 80 }] } },
    };
    expect(found(strict, gateway, own)).toEqual([]);
  });
});
