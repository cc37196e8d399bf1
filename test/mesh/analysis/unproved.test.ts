import { describe, expect, it } from "vitest";
import { checkGuarantees, type Guarantee } from "../../../mesh";
import { istioMesh } from "../../../mesh/istio";
import { parseManifests } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";

const workloads = ["shop", "street"]
  .map(
    (namespace) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: one, namespace: ${namespace} }
spec: { template: { metadata: { labels: { app: one } }, spec: { serviceAccountName: one } } }
---
apiVersion: v1
kind: Service
metadata: { name: one, namespace: ${namespace} }
spec: { selector: { app: one }, ports: [{ port: 80 }] }
`,
  )
  .join("---");

const target = `
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: own, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: one, namespace: shop }
  sources: [{ kind: ServiceAccount, name: one, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: all, matches: [all] }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: all, namespace: shop }
spec: { matches: [{ name: all }] }
`;
const calico = `
apiVersion: crd.projectcalico.org/v1
kind: GlobalNetworkPolicy
metadata: { name: allow-all }
`;
const cilium = `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: some, namespace: street }
`;
const closed = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress] }
`;
const alone = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: alone, namespace: NAMESPACE }
spec: { podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: 80 }, { port: 53, protocol: UDP }] }] }
`;
const permissive = `
apiVersion: config.openservicemesh.io/v1alpha2
kind: MeshConfig
metadata: { name: osm-mesh-config, namespace: kube-system }
spec: { traffic: { enablePermissiveTrafficPolicyMode: true } }
`;
const allow = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: own, namespace: shop }
spec: { action: ALLOW, rules: [{ from: [{ source: { namespaces: [shop] } }] }] }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: strict, namespace: shop }
spec: { mtls: { mode: STRICT } }
`;
const filter = (namespace: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: lua, namespace: ${namespace} }
spec: { configPatches: [] }
`;

const never: Guarantee = { name: "n", kind: "never", from: ["street/one"], to: "shop/one" };
const always: Guarantee = { name: "a", kind: "always", from: ["shop/one"], to: "shop/one" };

function verdict(mesh: typeof osmMesh | typeof istioMesh, guarantee: Guarantee, ...documents: readonly string[]) {
  const manifests = parseManifests([{ name: "all.yaml", text: [workloads, ...documents].join("---") }]);
  expect(manifests.problems).toEqual([]);
  const [found] = checkGuarantees(mesh(manifests), [guarantee]);
  return found === undefined ? "proved" : `${found.rule}: ${found.message}`;
}

describe("a guarantee that nothing breaks", () => {
  it("is proved where all that decides is read", () => {
    for (const one of [never, always]) expect(verdict(osmMesh, one, target)).toBe("proved");
    for (const one of [never, always]) expect(verdict(istioMesh, one, allow)).toBe("proved");
    for (const one of [never, always])
      expect(verdict(osmMesh, one, target, cilium.replace("street", "other"))).toBe("proved");
  });

  it("is no proof that calls pass where policies of others may stop them", () => {
    expect(verdict(osmMesh, always, target, calico)).toMatch(
      /^unproved-guarantee: It cannot be proved\. GlobalNetworkPolicy .*allow-all \(crd\.projectcalico\.org\/v1\) may decide otherwise/,
    );
    expect(verdict(istioMesh, always, allow, calico)).toMatch(/^unproved/);
    expect(verdict(osmMesh, { ...always, from: ["street/one"], to: "street/one" }, permissive, cilium)).toMatch(
      /^unproved/,
    );
  });

  it("still proves that calls never pass where the mesh refuses them, and not where NetworkPolicies alone do", () => {
    expect(verdict(osmMesh, never, target, calico)).toBe("proved");
    expect(verdict(osmMesh, never, permissive, closed)).toBe("proved");
    expect(verdict(osmMesh, never, permissive, closed, calico)).toMatch(/^unproved.*allow-all/);
  });

  it("is no proof where sidecars may have another configuration", () => {
    const blocked = alone.replace("NAMESPACE", "shop");
    expect(verdict(osmMesh, never, target, blocked)).toMatch(/^unproved.*keeps them from osm-controller/);
    expect(verdict(osmMesh, never, target, blocked.replace("port: 80", "port: 15128"))).toBe("proved");
    const withoutNames = alone
      .replace("NAMESPACE", "shop")
      .replace("port: 53", "port: 54")
      .replace("port: 80", "port: 15128");
    expect(verdict(osmMesh, never, target, withoutNames)).toBe("proved");
  });

  it("is no proof where an EnvoyFilter changes the sidecars, of its own namespace or of all", () => {
    for (const one of [never, always]) {
      expect(verdict(istioMesh, one, allow, filter("shop"))).toMatch(/^unproved.*EnvoyFilter shop\/lua/);
      expect(verdict(istioMesh, one, allow, filter("aks-istio-system"))).toMatch(/^unproved/);
      expect(verdict(istioMesh, one, allow, filter("other"))).toBe("proved");
    }
  });

  it("is called broken, and nothing less, where a call shows it", () => {
    expect(verdict(osmMesh, { ...always, from: ["street/one"] }, target, calico)).toMatch(
      /^broken-guarantee: It is broken/,
    );
    expect(verdict(istioMesh, { ...never, from: ["*"] }, allow, filter("shop"))).toMatch(/^broken-guarantee/);
  });
});
