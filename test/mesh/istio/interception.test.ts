import { describe, expect, it } from "vitest";
import { decide } from "../../../mesh";
import { meshConfig, meshOfObjects, pod, shop, strict } from "./world";

const to = "server.shop:80";
const outside = "api.example.org:80";

/** How a call of shop/client ends, and one of shop/other, with these annotations and labels of a pod. */
function ends(of: "client" | "server", marks: Parameters<typeof pod>[2], called: string = to): readonly string[] {
  const objects = shop.map((one) => (one.kind === "Pod" && one.metadata.name === of ? pod("shop", of, marks) : one));
  const mesh = meshOfObjects(objects, strict, meshConfig("outboundTrafficPolicy: {mode: REGISTRY_ONLY}"));
  return ["shop/client", "shop/other"].map((from) => decide(mesh, { from, to: called, protocol: "http" }).outcome);
}

describe("a pod whose network catches nothing", () => {
  it.each<Readonly<Record<string, string>>>([
    { "traffic.sidecar.istio.io/excludeInterfaces": "eth0" },
    { "traffic.sidecar.istio.io/excludeInterfaces": "net1, eth0" },
    { "sidecar.istio.io/interceptionMode": "NONE" },
    { "proxy.istio.io/config": "interceptionMode: NONE\n" },
  ])("calls without its sidecar, and answers without it: %j", (annotations) => {
    expect(ends("client", { annotations })).toEqual(["refused", "allowed"]);
    expect(ends("client", { annotations }, outside)[0]).toBe("allowed");
    // Callers' sidecars speak mutual TLS to what the injector has marked.
    expect(ends("server", { annotations })).toEqual(["unavailable", "unavailable"]);
  });

  it.each<Readonly<Record<string, string>>>([
    { "traffic.sidecar.istio.io/excludeInterfaces": "net1" },
    { "sidecar.istio.io/interceptionMode": "TPROXY" },
    { "sidecar.istio.io/interceptionMode": "REDIRECT", "proxy.istio.io/config": "interceptionMode: NONE" },
    { "proxy.istio.io/config": "holdApplicationUntilProxyStarts: true" },
    // The injector refuses it.
    { "proxy.istio.io/config": "interceptionMode: [NONE" },
  ])("is not one that says something else: %j", (annotations) => {
    expect(ends("client", { annotations })).toEqual(["allowed", "allowed"]);
    expect(ends("client", { annotations }, outside)[0]).not.toBe("allowed");
    expect(ends("server", { annotations })).toEqual(["allowed", "allowed"]);
  });
});

it("others speak plain text to a pod whose label says so", () => {
  const labels = { "security.istio.io/tlsMode": "disabled" };
  expect(ends("server", { labels })).toEqual(["unavailable", "unavailable"]);
  expect(ends("client", { labels })).toEqual(["allowed", "allowed"]);
});
