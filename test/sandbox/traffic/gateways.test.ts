import { expect, it } from "vitest";
import { type Call } from "../../../sandbox/data-plane/runner";
import { throughGateways } from "../../../sandbox/traffic/gateways";
import { type ClusterObjects, type Pod } from "../../../sandbox/traffic/objects";
import { outsideHosts, toOutsideHosts } from "../../../sandbox/traffic/outside-hosts";

const named = (kind: string, namespace: string, name: string) => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace },
});

const front: Pod = {
  ...named("Pod", "edge", "front"),
  metadata: { name: "front", namespace: "edge", uid: "g", labels: { istio: "front" } },
  spec: { containers: [{ name: "istio-proxy", image: "proxy", args: ["proxy", "router"] }] },
  status: { phase: "Running", podIP: "10.244.0.5" },
};
const buyer: Pod = {
  ...named("Pod", "buyer", "buyer"),
  metadata: { name: "buyer", namespace: "buyer", uid: "b" },
  spec: { serviceAccountName: "buyer", containers: [{ name: "buyer", image: "bookbuyer" }] },
  status: { phase: "Running", podIP: "10.244.0.6" },
};
const gateway = (hosts: readonly string[], protocol = "HTTP") => ({
  ...named("Gateway", "edge", "front"),
  spec: { selector: { istio: "front" }, servers: [{ port: { number: 8080, protocol }, hosts }] },
});
const service = (gateways: readonly string[], namespace = "store") => ({
  ...named("VirtualService", namespace, "store"),
  spec: { hosts: ["shop.example", "*.wild"], gateways, http: [{ route: [{ destination: { host: "store.store" } }] }] },
});

function cluster(change: Partial<ClusterObjects>): ClusterObjects {
  return {
    ...{ all: [], pods: [front, buyer], endpoints: [], splits: [], serviceEntries: [], version: "" },
    services: [
      {
        ...named("Service", "edge", "front"),
        spec: { selector: { istio: "front" }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    ],
    gateways: [gateway(["*.example"])],
    virtualServices: [service(["edge/front"])],
    ...change,
  };
}

const look: Call = { protocol: "http", to: "store.store.svc.cluster.local:14001", method: "GET", path: "/books" };
const other: Call = { ...look, to: "other.store.svc.cluster.local:14001" };
const bytes: Call = { protocol: "tcp", to: look.to };

it("calls a gateway's pod by each host that leads on, as programs call the Service behind it", () => {
  expect(throughGateways([look, other, bytes], cluster({}))).toEqual([
    {
      asked: {
        ...{ ...look, from: "outside-of-the-mesh/caller", host: "shop.example" },
        to: "front.edge.svc.cluster.local:80",
      },
      made: { ...look, host: "shop.example", to: "10.244.0.5:8080" },
    },
  ]);
});

it.each<[string, Partial<ClusterObjects>]>([
  ["no VirtualService names it", { virtualServices: [service(["mesh", "front"])] }],
  ["the host is none of its", { gateways: [gateway(["shop.other"])] }],
  ["it takes TLS alone", { gateways: [gateway(["*"], "HTTPS")] }],
  ["its pod does not run", { pods: [buyer] }],
  ["no Service leads there", { services: [] }],
])("makes no call through a gateway where %s", (_what, change) => {
  expect(throughGateways([look], cluster(change))).toEqual([]);
});

it("takes a short name for a Gateway of the VirtualService's own namespace", () => {
  expect(throughGateways([look], cluster({ virtualServices: [service(["front"], "edge")] }))).toHaveLength(1);
});

it("has one pod of each account call the hosts outside that are resolved by DNS and take HTTP", () => {
  const entry = (host: string, protocol: string, resolution = "DNS") => ({
    ...named("ServiceEntry", "store", host),
    spec: { hosts: [host], ports: [{ number: 80, protocol }], resolution },
  });
  const objects = cluster({
    serviceEntries: [
      entry("b.example", "HTTP"),
      entry("a.example", "http2"),
      entry("*.example", "HTTP"),
      entry("tls.example", "TLS"),
      entry("static.example", "HTTP", "STATIC"),
    ],
  });
  const hosts = outsideHosts(objects);
  expect(hosts.map(({ host, ports }) => [host, ...ports])).toEqual([
    ["a.example", 80],
    ["b.example", 80],
  ]);
  expect(new Set(hosts.map(({ address }) => address)).size).toBe(2);
  const calls = toOutsideHosts(objects, [front, buyer]);
  expect(calls.map(({ asked, made, by }) => [asked.from, asked.to, made.to, made.host, by])).toEqual([
    ["buyer/buyer", "a.example:80", `${hosts[0]?.address}:80`, "a.example", "b"],
    ["buyer/buyer", "b.example:80", `${hosts[1]?.address}:80`, "b.example", "b"],
  ]);
});
