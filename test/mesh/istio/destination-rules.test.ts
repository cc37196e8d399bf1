import { expect, test } from "vitest";
import { decide } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { istio, meshNamespace, meshOfObjects, pod, shop, strict } from "./world";

const web = [meshNamespace("web"), pod("web", "client")];
const rule = (name: string, namespace: string, mode?: string, more: object = {}): KubernetesObject =>
  istio("networking.istio.io/v1", "DestinationRule", namespace, name, {
    host: "server.shop.svc.cluster.local",
    ...(mode !== undefined && { trafficPolicy: { tls: { mode } } }),
    ...more,
  });
const forWeb = { exportTo: ["web"] };
const ofClient = { workloadSelector: { matchLabels: { app: "client" } } };
const ofOthers = { workloadSelector: { matchLabels: { app: "other" } } };

// Who speaks plain text fails, as the servers are STRICT. Istio's own generators answered the same.
test.each<[string, boolean, ...KubernetesObject[]]>([
  ["none", true],
  ["of the host's namespace", false, rule("a", "shop", "DISABLE")],
  ["the callers' own first", true, rule("a", "shop", "DISABLE"), rule("b", "web", "ISTIO_MUTUAL")],
  [
    "for the same readers the first that says something",
    false,
    rule("a", "shop"),
    rule("b", "shop", "DISABLE"),
    rule("c", "shop", "ISTIO_MUTUAL"),
  ],
  ["for other readers the last", false, rule("a", "shop"), rule("b", "shop", "DISABLE", forWeb)],
  [
    "for other readers the last, whatever the first says",
    true,
    rule("a", "shop", "DISABLE", forWeb),
    rule("b", "shop"),
  ],
  [
    "for more readers, put together with the one for fewer, which is first",
    false,
    rule("a", "shop", "DISABLE", forWeb),
    rule("b", "shop", "ISTIO_MUTUAL", { exportTo: ["web", "shop"] }),
  ],
  ["for readers that the callers are not", true, rule("a", "shop", "DISABLE", { exportTo: ["."] })],
  ["for the pods that call", false, rule("a", "web", "DISABLE", ofClient), rule("b", "web", "ISTIO_MUTUAL")],
  [
    "for a longer pattern after one for the name",
    true,
    rule("a", "web", "DISABLE", { host: "*server.shop.svc.cluster.local" }),
    rule("b", "web", "ISTIO_MUTUAL"),
  ],
  [
    "for other pods, and no other in its place",
    true,
    rule("a", "web", "DISABLE", ofOthers),
    rule("b", "shop", "DISABLE"),
  ],
  [
    "for other pods, beside one for all",
    false,
    rule("a", "web", "ISTIO_MUTUAL", ofOthers),
    rule("b", "web", "DISABLE"),
  ],
  [
    "for a pattern after one for the name",
    true,
    rule("a", "web", "DISABLE", { host: "*.shop.svc.cluster.local" }),
    rule("b", "web", "ISTIO_MUTUAL"),
  ],
  ["of the mesh's namespace", false, rule("a", "aks-istio-system", "DISABLE", { host: "*.local" })],
  [
    "of the mesh's namespace after the host's",
    true,
    rule("a", "aks-istio-system", "DISABLE", { host: "*.local" }),
    rule("b", "shop", "ISTIO_MUTUAL"),
  ],
])("DestinationRules: %s", (_, expected, ...rules) => {
  const request = { from: "web/client", to: "server.shop:80", protocol: "http", method: "GET", path: "/" } as const;
  expect(decide(meshOfObjects(shop, strict, web, rules), request).outcome === "allowed").toBe(expected);
});
