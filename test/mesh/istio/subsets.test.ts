import { expect, test } from "vitest";
import { decide, diff, shareChanges, summarize } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { istio, pod, shop, strict, virtualService } from "./world";

const versions = ["v1", "v2"];
const subsets = istio("networking.istio.io/v1", "DestinationRule", "shop", "server", {
  host: "server",
  subsets: [
    ...versions.map((version) => ({ name: version, labels: { version } })),
    { name: "all", labels: { app: "server" } },
  ],
});
const pods = versions.map((version) => pod("shop", `server-${version}`, { labels: { app: "server", version } }));

const toAll = virtualService("shop", "server", {
  hosts: ["server"],
  http: [{ route: [{ destination: { host: "server", subset: "all" } }] }],
});

/** Calls to the server by the weight of its second version; those of a tester to it alone. */
const meshOf = (weight: number) => {
  const to = (subset: string, share?: number) => ({ destination: { host: "server", subset }, weight: share });
  const routes = virtualService("shop", "server", {
    hosts: ["server"],
    http: [
      { match: [{ headers: { "x-tester": { exact: "yes" } } }], route: [to("v2")] },
      { route: [to("v1", 100 - weight), to("v2", weight)] },
    ],
  });
  return istioMesh({ objects: [shop, strict, subsets, routes, pods].flat() });
};
const request = { from: "shop/client", to: "server.shop:80", protocol: "http", method: "GET", path: "/" } as const;

test("shares are those of a Service's subsets, where rules lead to any", () => {
  const { backends, subsets: shares } = decide(meshOf(10), request);
  expect(backends).toEqual({ "shop/server": 1 });
  expect(shares).toEqual({ "shop/server v1": 0.9, "shop/server v2": 0.1 });
  const tester = decide(meshOf(10), { ...request, headers: { "x-tester": "yes" } });
  expect(tester.subsets).toEqual({ "shop/server v2": 1 });
  // Where all pods are in it, it tells nothing.
  const whole = istioMesh({ objects: [shop, strict, subsets, pods.slice(1), toAll].flat() });
  expect(decide(whole, request)).not.toHaveProperty("subsets");
  const plain = istioMesh({ objects: [shop, strict, pods].flat() });
  expect(decide(plain, request)).not.toHaveProperty("subsets");
});

test("the relation tells them", () => {
  const entry = meshOf(10)
    .access()
    .entries.find(({ callers, service }) => callers.includes("shop/client") && service.service === "shop/server");
  expect(Object.keys(summarize(entry?.tree ?? { kind: "end", outcome: "refused", because: [] }, []).shares)).toEqual([
    "shop/server v1",
    "shop/server v2",
  ]);
});

test("a change of their weights is one of shares", () => {
  expect(diff(meshOf(10), meshOf(10))).toEqual([]);
  const [change] = diff(meshOf(10), meshOf(20)).filter(({ from }) => from === "shop/client");
  expect(change?.kind).toBe("shares");
  expect(change?.before && change.after && shareChanges(change.before, change.after)).toEqual([
    "shop/server v1 90 % → 80 %",
    "shop/server v2 10 % → 20 %",
  ]);
});
