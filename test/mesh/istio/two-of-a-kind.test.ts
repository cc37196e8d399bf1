import { expect, test } from "vitest";
import { decide } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshOfObjects,
  type Objects,
  pod,
  service,
  shop,
  strict,
  virtualService,
} from "./world";

const found = (rule: string, ...objects: Objects): readonly string[] =>
  meshOfObjects(shop, strict, ...objects)
    .findings()
    .flatMap((one) => (one.rule === rule ? [`${one.object ?? ""}: ${one.message}`] : []));
const sidecar = (name: string, app?: string, namespace = "shop") =>
  istio("networking.istio.io/v1", "Sidecar", namespace, name, {
    ...(app !== undefined && { workloadSelector: { labels: { app } } }),
    egress: [{ hosts: ["./*"] }],
  });

test("a second Sidecar for the same pods", () => {
  expect(found("second-sidecar", sidecar("a"), sidecar("b", "client"), sidecar("c", "server"))).toEqual([]);
  expect(found("second-sidecar", sidecar("a"), sidecar("b", undefined, "other"))).toEqual([]);
  expect(found("second-sidecar", sidecar("a"), sidecar("b"))).toEqual([
    "Sidecar shop/b: Sidecar shop/a is for the same namespace: only the older one counts there, or the first by name.",
  ]);
  expect(found("second-sidecar", sidecar("a", "client"), sidecar("b", "client"))).toEqual([
    "Sidecar shop/b: Sidecar shop/a is for some of the same pods: only the older one counts there, or the first by name.",
  ]);
});

test("two Services that say two protocols of one port of the same pods: the older one counts", () => {
  const says = (name: string, port: string, creationTimestamp?: string): KubernetesObject => {
    const one = service("shop", name, [{ name: port, port: 80, targetPort: 9090 }], { app: "till" });
    return { ...one, metadata: { ...one.metadata, ...(creationTimestamp !== undefined && { creationTimestamp }) } };
  };
  const till = pod("shop", "till");
  expect(found("port-of-two-protocols", till, says("a", "http"), says("b", "http-web"))).toEqual([]);
  expect(found("port-of-two-protocols", till, says("a", "http"), says("b", "tcp"))).toEqual([
    "Service shop/b: Two Services lead to port 9090 of shop/till, and do not say the same of it (a.shop.svc.cluster.local:80 http, b.shop.svc.cluster.local:80 tcp): the sidecar there takes it for http, as the older Service says, or the first by name.",
  ]);
  const [message] = found(
    "port-of-two-protocols",
    till,
    says("a", "http", "2026-02-01T00:00:00Z"),
    says("b", "tcp", "2026-01-01T00:00:00Z"),
  );
  expect(message).toContain("takes it for tcp");
});

test("a subset by where nodes are has pods that no manifest tells", () => {
  const inZone = (labels: Readonly<Record<string, string>>) => [
    istio("networking.istio.io/v1", "DestinationRule", "shop", "server", {
      host: "server",
      subsets: [{ name: "near", labels }],
    }),
    virtualService("shop", "server", {
      hosts: ["server"],
      http: [{ route: [{ destination: { host: "server", subset: "near" } }] }],
    }),
    authorizationPolicy("shop", "server", {
      selector: { matchLabels: { app: "server" } },
      rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/client"] } }] }],
    }),
  ];
  const request = { from: "shop/client", to: "server.shop:80", protocol: "http", method: "GET", path: "/" } as const;
  const zone = { "topology.kubernetes.io/zone": "westeurope-1" };
  const { outcome, outcomes } = decide(meshOfObjects(shop, strict, inZone(zone)), request);
  expect([outcome, [...(outcomes ?? [])].sort()]).toEqual(["varies", ["allowed", "unavailable"]]);
  expect(found("subset-without-pods", inZone(zone))).toEqual([]);
  // Labels of pods count as ever.
  const { outcome: none } = decide(meshOfObjects(shop, strict, inZone({ ...zone, version: "v9" })), request);
  expect(none).toBe("unavailable");
  expect(found("subset-without-pods", inZone({ ...zone, version: "v9" }))).toHaveLength(1);
});
