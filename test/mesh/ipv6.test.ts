import { describe, expect, it } from "vitest";
import { checkGuarantees, readGuarantees } from "../../mesh";
import { istioMesh } from "../../mesh/istio";
import { type KubernetesObject, nowhere } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";
import { meshNamespace } from "./istio/world";

const pod = (status: object): KubernetesObject => ({
  ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "cart", namespace: "shop", labels: { app: "cart" } } },
  ...{ spec: { serviceAccountName: "cart" }, status },
});
const service = (spec: object): KubernetesObject => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name: "cart", namespace: "shop" } },
  ...{ spec: { selector: { app: "cart" }, ports: [{ name: "http", port: 80 }], ...spec } },
});
const strict: KubernetesObject = {
  ...{ apiVersion: "security.istio.io/v1", kind: "PeerAuthentication" },
  ...{ metadata: { name: "default", namespace: "aks-istio-system" }, spec: { mtls: { mode: "STRICT" } } },
};
const never: KubernetesObject = {
  ...{ apiVersion: "aks-mesh/v1alpha1", kind: "Guarantee", metadata: { name: "closed" } },
  ...{ spec: { never: { from: ["outside"], to: "shop/cart" } } },
};

const single = [pod({ podIPs: [{ ip: "10.244.0.5" }] }), service({ clusterIP: "10.0.0.5", ipFamilies: ["IPv4"] })];

describe.each([
  ["osm", (objects: readonly KubernetesObject[]) => osmMesh({ objects })],
  [
    "istio",
    (objects: readonly KubernetesObject[]) => istioMesh({ objects: [...objects, meshNamespace("shop"), strict] }),
  ],
] as const)("IPv6 in a mesh of %s", (_, meshOf) => {
  const said = (objects: readonly KubernetesObject[]): readonly string[] => {
    const mesh = meshOf(objects);
    const { guarantees } = readGuarantees([never], nowhere);
    return [...checkGuarantees(mesh, guarantees), ...mesh.findings()]
      .filter(({ rule }) => /guarantee|ipv6/.test(rule))
      .map(({ rule, object, message }) => `${rule} ${String(object)}: ${message}`);
  };

  it("is not there without a word of it", () => {
    expect(said(single)).toEqual([]);
    // What a chart writes for clusters of either kind.
    expect(said([...single.slice(0, 1), service({ ipFamilyPolicy: "PreferDualStack" })])).toEqual([]);
  });

  it.each<readonly [string, readonly KubernetesObject[]]>([
    ["Pod", [pod({ podIPs: [{ ip: "10.244.0.5" }, { ip: "fd00::5" }] }), service({})]],
    ["Service", [pod({}), service({ ipFamilies: ["IPv4", "IPv6"] })]],
    ["Service", [pod({}), service({ ipFamilyPolicy: "RequireDualStack" })]],
    ["Service", [pod({}), service({ clusterIP: "10.0.0.5", clusterIPs: ["10.0.0.5", "fd00::1"] })]],
  ])("leaves nothing proved where a %s shows it", (kind, objects) => {
    const key = `${kind} shop/cart`;
    expect(said(objects)).toEqual([
      `unproved-guarantee Guarantee closed: It cannot be proved. ${key} shows that pods have IPv6 addresses: calls to these pass the sidecars by.`,
      expect.stringContaining(`ipv6-not-caught ${key}: Pods have IPv6 addresses here`),
    ]);
  });
});
