import { describe, expect, test } from "vitest";
import { decide, diff } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  destinationRule,
  meshConfig,
  meshNamespace,
  type Objects,
  pod,
  service,
  strict,
  virtualService,
} from "./world";

const meshOf = (...objects: Objects) => istioMesh({ objects: objects.flat() });
const called = (annotations: Readonly<Record<string, string>> = {}): KubernetesObject => {
  const one = service("shop", "server", [{ name: "http", port: 80, targetPort: 8080 }]);
  return { ...one, metadata: { ...one.metadata, annotations } };
};
const others: readonly KubernetesObject[] = [
  ...["shop", "near", "far"].map((name) => meshNamespace(name)),
  ...["shop", "near", "far"].map((name) => pod(name, "client")),
  pod("shop", "server"),
  strict,
];
const onlyAccounts = authorizationPolicy("shop", "server", {
  rules: [{ from: [{ source: { principals: ["*"] } }] }],
});
const from = (mesh: ReturnType<typeof meshOf>, namespace: string) =>
  decide(mesh, { from: `${namespace}/client`, to: "server.shop:80", protocol: "http", method: "GET", path: "/" });
/** Who gets an answer of the server. */
const passing = (...objects: Objects): readonly string[] => {
  const mesh = meshOf(others, onlyAccounts, ...objects);
  return ["shop", "near", "far"].filter((namespace) => from(mesh, namespace).outcome === "allowed");
};
const exported = (to: string): KubernetesObject => called({ "networking.istio.io/exportTo": to });

describe("a Service's namespaces", () => {
  test.each([
    ["all where nothing says", called(), ["shop", "near", "far"]],
    ["its own", exported("."), ["shop"]],
    ["its own, and one with a name", exported("., near"), ["shop", "near"]],
    ["one with a name alone", exported("near"), ["near"]],
    ["none", exported("~"), []],
    ["all, as it says", exported("*"), ["shop", "near", "far"]],
  ])("are %s", (_, one, expected) => {
    expect(passing(one)).toEqual(expected);
  });

  test("are those of the mesh's configuration where it does not say", () => {
    expect(passing(called(), meshConfig('defaultServiceExportTo: ["."]'))).toEqual(["shop"]);
    expect(passing(exported("*"), meshConfig('defaultServiceExportTo: ["."]'))).toEqual(["shop", "near", "far"]);
    expect(passing(called(), meshConfig("defaultServiceExportTo: [., far]"))).toEqual(["shop", "far"]);
    expect(passing(called(), meshConfig('defaultServiceExportTo: [".", "*"]'))).toEqual(["shop", "near", "far"]);
  });

  test("a sidecar that is not told of it sends what it gets to the address, in plain text", () => {
    const open = meshOf(others.slice(0, -1), exported("."));
    expect(from(open, "far").outcome).toBe("allowed");
    expect(from(meshOf(others.slice(0, -1), exported("."), onlyAccounts), "far").outcome).not.toBe("allowed");
    const closed = meshOf(others, exported("."), meshConfig("outboundTrafficPolicy: {mode: REGISTRY_ONLY}"));
    expect(from(closed, "far").outcome).not.toBe("allowed");
  });

  test("are told apart in the relation", () => {
    const { entries } = meshOf(others, onlyAccounts, exported("near")).access();
    const to = entries.filter(({ service }) => service.service === "shop/server");
    expect(to.flatMap(({ callers }) => callers)).toEqual(["near/client"]);
  });

  test("a change of them is one of who may call", () => {
    const [before, after] = [called(), exported(".")].map((one) => meshOf(others, onlyAccounts, one));
    expect(before && after && diff(before, after).map(({ kind, from: who }) => `${kind} ${who}`)).toEqual([
      "closes far/client",
      "closes near/client",
    ]);
  });
});

test("VirtualServices and DestinationRules are for those of the mesh's configuration, too", () => {
  const nowhere = virtualService("shop", "server", {
    hosts: ["server.shop.svc.cluster.local"],
    http: [{ directResponse: { status: 418 } }],
  });
  expect(passing(called(), nowhere)).toEqual([]);
  expect(passing(called(), nowhere, meshConfig('defaultVirtualServiceExportTo: ["."]'))).toEqual(["near", "far"]);
  const plain = destinationRule("shop", "server", {
    host: "server.shop.svc.cluster.local",
    trafficPolicy: { tls: { mode: "DISABLE" } },
  });
  expect(passing(called(), plain)).toEqual([]);
  expect(passing(called(), plain, meshConfig('defaultDestinationRuleExportTo: ["."]'))).toEqual(["near", "far"]);
  // Of a list of them istiod reads the dot alone.
  expect(passing(called(), plain, meshConfig("defaultDestinationRuleExportTo: [near]"))).toEqual([]);
});
