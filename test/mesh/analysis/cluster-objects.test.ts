import { describe, expect, it } from "vitest";
import { istioMesh } from "../../../mesh/istio";
import { parseManifests } from "../../../mesh/manifests";
import { osmMesh } from "../../../mesh/osm";

/** What is refused of objects, as `rule property`. */
function refused(text: string, make: typeof osmMesh | typeof istioMesh = osmMesh): readonly string[] {
  const manifests = parseManifests([{ name: "all.yaml", text }]);
  return make(manifests)
    .admissionFindings()
    .map(({ finding: { rule, property, remedy } }) => `${rule} ${String(property)}: ${remedy}`);
}

const service = (ports: string, name = "s"): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: s }, ports: ${ports} }
`;
const deployment = (labels: string, port = "http"): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: s, namespace: shop }
spec:
  selector: { matchLabels: { app: s } }
  template:
    metadata: { labels: ${labels} }
    spec: { containers: [{ name: c, image: c, ports: [{ name: ${port}, containerPort: 80 }] }] }
`;
const object = (apiVersion: string, kind: string, name = "x"): string => `
apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec: {}
`;

describe("what the API server refuses, whatever the mesh", () => {
  it("ports of Services", () => {
    expect(refused(service("[{ port: 80, targetPort: http-web }]"))).toEqual([]);
    expect(refused(service("[{ name: a, port: 53, protocol: UDP }, { name: b, port: 53 }]"))).toEqual([]);
    expect(refused(service("[{ port: 80 }, { name: b, port: 81 }]"))).toEqual([
      "service-port spec.ports[0].name: Write a name.",
    ]);
    expect(refused(service("[{ name: a, port: 80 }, { name: a, port: 80 }]"))).toHaveLength(2);
    expect(refused(service("[{ name: A_b, port: 80 }]"))).toHaveLength(1);
    expect(refused(service('[{ port: 80, targetPort: "8080" }]'))).toEqual([
      "service-port spec.ports[0].targetPort: Write 8080 without quotes.",
    ]);
  });

  it("names", () => {
    expect(refused(service("[{ port: 80 }]", "1s"))).toEqual([expect.stringMatching(/^name metadata\.name/)]);
    expect(refused(object("apps/v1", "Deployment", "Bad_Name"))).toHaveLength(1);
    expect(refused(object("security.istio.io/v1", "AuthorizationPolicy", "Bad_Name"), istioMesh)).toHaveLength(1);
    // Roles may be called so.
    expect(refused(object("rbac.authorization.k8s.io/v1", "Role", "system:x"))).toEqual([]);
  });

  it("a workload that does not select its own pods, and names of their ports", () => {
    expect(refused(deployment("{ app: s, v: a }"))).toEqual([]);
    expect(refused(deployment("{ app: t }"))).toEqual([expect.stringMatching(/^workload-selector/)]);
    expect(refused(deployment("{ app: s }", "more-than-fifteen"))).toEqual([expect.stringMatching(/^container-port/)]);
  });

  it("kinds in a group that has none of that name", () => {
    const instead = "schema apiVersion: Write access.smi-spec.io/v1alpha3.";
    expect(refused(object("v1", "TrafficTarget"))).toEqual([instead]);
    expect(refused(object("access.smi-spec.com/v1alpha3", "TrafficTarget"))).toEqual([instead]);
    expect(refused(object("security.istio.com/v1", "AuthorizationPolicy"), istioMesh)).toHaveLength(1);
    // Those of other projects.
    expect(refused(object("gateway.networking.k8s.io/v1", "Gateway"), istioMesh)).toEqual([]);
    expect(refused(object("gateway.networking.k8s.io/v1alpha2", "TCPRoute"))).toEqual([]);
    expect(refused(object("appmesh.k8s.aws/v1beta2", "VirtualService"), istioMesh)).toEqual([]);
  });
});
