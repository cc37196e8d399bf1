import { expect, test } from "vitest";
import { decide } from "../../../mesh";
import { istio, meshOfObjects, meshNamespace, pod, service, shop } from "./world";

const mesh = (...hosts: readonly string[]) =>
  meshOfObjects(
    shop,
    [meshNamespace("web"), pod("web", "client"), service("web", "server", [{ name: "http", port: 80 }])],
    [
      istio("networking.istio.io/v1", "Sidecar", "web", "s", {
        egress: [{ hosts }],
        outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
      }),
    ],
  );
const passes = (...hosts: readonly string[]): boolean => {
  const request = { from: "web/client", to: "server.shop:80", protocol: "http", method: "GET", path: "/" } as const;
  return decide(mesh(...hosts), request).outcome === "allowed";
};

// What Istio's own generators answered.
test.each<[boolean, ...string[]]>([
  [true, "*/*"],
  [false, "*/*", "~shop/*"],
  [false, "*/*", "~shop/server.shop.svc.cluster.local"],
  [true, "*/*", "~shop/other.shop.svc.cluster.local"],
  [false, "*/*", "~*/server.shop.svc.cluster.local"],
  [false, "*/*", "~*/*.shop.svc.cluster.local"],
  [true, "*/*", "~./*"],
  [false, "~shop/*", "shop/*"],
  [false, "~/*"],
  [false, "~/*", "shop/*"],
])("a Sidecar leaves out hosts with ~ before their namespace: %s", (expected, ...hosts) => {
  expect(passes(...hosts)).toBe(expected);
});

test("and that is found, since it means something else before Istio 1.31", () => {
  const found = (...hosts: readonly string[]) =>
    mesh(...hosts)
      .findings()
      .filter(({ rule }) => rule === "sidecar-exclusion" || rule === "host-of-nobody").length;
  expect([found("*/*"), found("~/*"), found("*/*", "~shop/*"), found("~/*", "shop/*")]).toEqual([0, 0, 1, 1]);
});
