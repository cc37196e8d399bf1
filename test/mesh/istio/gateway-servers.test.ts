import { describe, expect, test } from "vitest";
import { decide } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshNamespace,
  type Objects,
  pod,
  service,
  shop,
  strict,
  virtualService,
} from "./world";

const ingress: Objects = [
  meshNamespace("edge", {}),
  pod("edge", "ingress", {
    labels: { istio: "ingress" },
    annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" },
  }),
  service(
    "edge",
    "ingress",
    [
      { name: "http2", port: 80, targetPort: 8080 },
      { name: "https", port: 443, targetPort: 8443 },
    ],
    { selector: { istio: "ingress" } },
  ),
];
const forGateway = authorizationPolicy("shop", "server", {
  selector: { matchLabels: { app: "server" } },
  rules: [{ from: [{ source: { principals: ["cluster.local/ns/edge/sa/ingress"] } }] }],
});
const http = { number: 80, protocol: "HTTP" };
const https = { number: 443, protocol: "HTTPS" };
const certificate = { mode: "SIMPLE", credentialName: "shop" };
const gateway = (name: string, ...servers: readonly object[]) =>
  istio("networking.istio.io/v1", "Gateway", "edge", name, { selector: { istio: "ingress" }, servers });
const aged = (object: KubernetesObject, creationTimestamp: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, ...{ creationTimestamp } },
});
const routes = (name: string, hosts: readonly string[], gateways: readonly string[]) =>
  virtualService("shop", name, {
    hosts,
    gateways,
    http: [{ route: [{ destination: { host: "server", port: { number: 80 } } }] }],
  });
const meshOf = (...objects: Objects) => istioMesh({ objects: [shop, strict, forGateway, ingress, objects].flat(2) });
const found = (rule: string, ...objects: Objects): readonly string[] =>
  meshOf(...objects)
    .findings()
    .flatMap((one) => (one.rule === rule ? [`${one.object ?? ""} ${one.property ?? ""}: ${one.message}`] : []));

const secure = (mesh: ReturnType<typeof meshOf>, host: string) =>
  decide(mesh, {
    from: "outside",
    to: "ingress.edge:443",
    protocol: "http",
    method: "GET",
    path: "/",
    host,
    headers: {},
    serverName: host,
  }).outcome;

describe("servers that end TLS for one name", () => {
  const first = gateway("a", { port: https, tls: certificate, hosts: ["shop.example"] });
  const second = gateway("b", { port: https, tls: certificate, hosts: ["shop.example", "till.example"] });

  test("only the older Gateway's is there, and routes of the other lead nowhere", () => {
    expect(secure(meshOf(first, second, routes("shop", ["shop.example"], ["edge/a"])), "shop.example")).toBe("allowed");
    const lost = meshOf(first, second, routes("shop", ["shop.example"], ["edge/b"]));
    expect(secure(lost, "shop.example")).not.toBe("allowed");
    // With it goes what nobody else has.
    const till = routes("till", ["till.example"], ["edge/b"]);
    expect(secure(meshOf(first, second, till), "till.example")).not.toBe("allowed");
    expect(secure(meshOf(second, till), "till.example")).toBe("allowed");
    expect(found("server-left-out", first, second)).toEqual([
      "Gateway edge/b spec.servers[0]: Gateway edge/a says TLS for shop.example on port 443 of the same pods, and is the older one, or the first by name: istiod leaves the server out, with all its hosts.",
    ]);
  });

  test("the names of one that is left out are free for the next", () => {
    const third = gateway("c", { port: https, tls: certificate, hosts: ["till.example"] });
    const till = routes("till", ["till.example"], ["edge/c"]);
    expect(secure(meshOf(first, second, third, till), "till.example")).toBe("allowed");
  });

  test("age counts before names", () => {
    const objects = [aged(first, "2026-02-01T00:00:00Z"), aged(second, "2026-01-01T00:00:00Z")];
    expect(found("server-left-out", objects).map((one) => one.slice(0, 14))).toEqual(["Gateway edge/a"]);
    expect(secure(meshOf(objects, routes("shop", ["shop.example"], ["edge/b"])), "shop.example")).toBe("allowed");
  });

  test("a redirect to HTTPS says TLS too, and plain servers of one name go together", () => {
    const redirect = { port: http, tls: { httpsRedirect: true }, hosts: ["*"] };
    expect(found("server-left-out", gateway("a", redirect), gateway("b", redirect))).toHaveLength(1);
    const plain = { port: http, hosts: ["*"] };
    expect(found("server-left-out", gateway("a", plain), gateway("b", plain))).toEqual([]);
    const bound = (bind: string) => ({ port: https, tls: certificate, hosts: ["shop.example"], bind });
    expect(found("server-left-out", gateway("a", bound("10.0.0.1")), gateway("b", bound("10.0.0.2")))).toEqual([]);
  });
});

test("a protocol that does not go with an older server's plain text", () => {
  const tcp = { port: { number: 80, protocol: "TCP" }, hosts: ["*"] };
  const [message = ""] = found("server-left-out", gateway("a", { port: http, hosts: ["*"] }), gateway("b", tcp));
  expect(message).toContain(
    "Gateway edge/b spec.servers[0]: Gateway edge/a has port 80 of the same pods with a protocol",
  );
  expect(found("server-left-out", gateway("a", tcp), gateway("b", { port: http, hosts: ["*"] }))).toHaveLength(1);
});

test("ports of Gateways are those of the Service", () => {
  const at = (number: number) => gateway("front", { port: { number, protocol: "HTTP" }, hosts: ["*"] });
  expect(found("gateway-port-closed", at(80))).toEqual([]);
  expect(found("gateway-port-closed", at(8080))).toEqual([
    "Gateway edge/front spec.servers[0].port.number: No Service of the gateway's pods has port 8080: nobody outside comes to it.",
  ]);
});

test("hosts that no Gateway takes", () => {
  const front = gateway("front", { port: http, hosts: ["shop.example", "other/till.example"] });
  const of = (hosts: readonly string[], gateways = ["edge/front"]) =>
    found("host-not-at-gateway", front, routes("shop", hosts, gateways));
  expect(of(["shop.example"])).toEqual([]);
  expect(of(["*.example"])).toEqual([]);
  expect(of(["shop.example", "shop.exmaple"])).toEqual([
    "VirtualService shop/shop spec.hosts[1]: Gateway edge/front takes shop.example, other/till.example and not shop.exmaple of namespace shop: no gateway has its routes.",
  ]);
  // A host for another namespace alone.
  expect(of(["till.example"])).toHaveLength(1);
  // A name for sidecars and one for the gateway.
  expect(of(["server", "shop.example"], ["edge/front", "mesh"])).toEqual([]);
  expect(of(["server"], ["edge/front", "mesh"])).toHaveLength(1);
  // Nothing tells what a Gateway takes that is not shown.
  expect(of(["shop.exmaple"], ["edge/front", "edge/other"])).toEqual([]);
});

test("hosts behind the one for all are an error, over which istiod itself ends", () => {
  const hosts = (...all: readonly string[]) => found("gateway-stops-istiod", gateway("a", { port: http, hosts: all }));
  expect(hosts("*/*", "a.example", "shop/b.example")).toEqual([
    "Gateway edge/a spec.servers[0].hosts[2]: It comes behind */*: istiod ends with an error (index out of range) wherever a gateway's pods are selected, and starts no more.",
  ]);
  for (const fine of [["*/*"], ["shop/b.example", "*/*"], ["*/*", "a.example"], ["*", "shop/a"]]) {
    expect(hosts(...fine), fine.join()).toEqual([]);
  }
});
