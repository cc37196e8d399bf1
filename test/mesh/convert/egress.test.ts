import { describe, expect, it } from "vitest";
import { convertManifests, proofOf } from "../../../mesh/convert";
import { parseManifests } from "../../../mesh/manifests";

const cluster = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {openservicemesh.io/monitored-by: osm}, annotations: {openservicemesh.io/sidecar-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: shop}
spec: {template: {metadata: {labels: {app: front}}, spec: {serviceAccountName: front, containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart, containers: [{name: c}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http-web, port: 80, targetPort: 8080}]}
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: t, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: cart, namespace: shop}
  sources: [{kind: ServiceAccount, name: front, namespace: shop}]
  rules: [{kind: HTTPRouteGroup, name: g, matches: [cart]}]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: g, namespace: shop}
spec: {matches: [{name: cart, pathRegex: /cart, methods: [GET]}]}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: versions, namespace: shop}
spec: {matches: [{name: v, pathRegex: "/v[0-9]+/.*", methods: [GET, POST]}]}
---`;

const mesh = (egress = false) => `
apiVersion: config.openservicemesh.io/v1alpha2
kind: MeshConfig
metadata: {name: osm-mesh-config, namespace: kube-system}
spec: {traffic: {enablePermissiveTrafficPolicyMode: false, enableEgress: ${String(egress)}}, featureFlags: {enableEgressPolicy: true}}
---`;

const egress = (name: string, accounts: readonly string[], rest: string) => `
apiVersion: policy.openservicemesh.io/v1alpha1
kind: Egress
metadata: {name: ${name}, namespace: shop}
spec:
  sources: [${accounts.map((one) => `{kind: ServiceAccount, name: ${one}, namespace: shop}`).join()}]
  ${rest}
---`;

const versions = "matches: [{apiGroup: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, name: versions}]";
const api = egress(
  "api",
  ["cart"],
  `{hosts: [api.example.com], ports: [{number: 80, protocol: http}], ${versions}}`
    .slice(1, -1)
    .replaceAll(/, (?=ports|matches)/g, "\n  "),
);

function convert(text: string) {
  const manifests = parseManifests([{ name: "all.yaml", text }]);
  const conversion = convertManifests(manifests);
  const spec = (kind: string, name: string): unknown => {
    const found = conversion.objects.find((one) => one.kind === kind && one.metadata.name === name);
    return found?.spec;
  };
  return { ...conversion, spec, proof: () => proofOf(manifests, conversion) };
}

describe("Egress as Istio's objects", () => {
  it("tells single accounts of a host, with OSM's own patterns, and proves it", () => {
    const converted = convert(mesh() + cluster + api);
    expect(converted.refused).toEqual([]);
    expect(converted.spec("ServiceEntry", "egress-api-example-com")).toEqual({
      hosts: ["api.example.com"],
      ports: [{ number: 80, name: "http-80", protocol: "HTTP" }],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      exportTo: ["."],
    });
    expect(converted.spec("VirtualService", "egress-api-example-com")).toMatchObject({
      http: [
        {
          match: [{ uri: { regex: "/v[0-9]+/.*" }, sourceLabels: { app: "cart" }, port: 80 }],
          retries: { attempts: 0 },
        },
      ],
    });
    const named = "./*.shop.svc.cluster.local";
    expect(converted.spec("Sidecar", "default")).toMatchObject({ egress: [{ hosts: [named] }] });
    expect(converted.spec("Sidecar", "egress-cart")).toMatchObject({
      workloadSelector: { labels: { app: "cart" } },
      egress: [{ hosts: [named, "./api.example.com"] }],
    });
    expect(converted.proof()).toMatchObject({ changes: [], expected: [] });
  });

  it("tells TLS by its server name, and other connections by their addresses", () => {
    const converted = convert(
      mesh() +
        cluster +
        egress("pay", ["cart", "front"], "hosts: [pay.example.com]\n  ports: [{number: 443, protocol: https}]") +
        egress("db", ["cart"], "ipAddresses: [20.1.0.0/16]\n  ports: [{number: 5432, protocol: tcp}]"),
    );
    expect(converted.spec("ServiceEntry", "egress-pay-example-com")).toMatchObject({
      ports: [{ number: 443, protocol: "TLS" }],
      resolution: "NONE",
    });
    expect(converted.spec("ServiceEntry", "egress-db-shop-egress-invalid")).toMatchObject({
      addresses: ["20.1.0.0/16"],
      ports: [{ number: 5432, protocol: "TCP" }],
    });
    expect(converted.proof()).toMatchObject({ changes: [], expected: [] });
  });

  it("would be found out: without the range the proof says what opens", () => {
    const manifests = parseManifests([
      {
        name: "all.yaml",
        text:
          mesh() +
          cluster +
          egress("db", ["cart"], "ipAddresses: [20.1.0.0/16]\n  ports: [{number: 5432, protocol: tcp}]"),
      },
    ]);
    const conversion = convertManifests(manifests);
    const objects = conversion.objects.map((object) =>
      object.kind === "ServiceEntry" ? { ...object, spec: { ...object.spec, addresses: ["20.0.0.0/8"] } } : object,
    );
    expect(proofOf(manifests, { ...conversion, objects }).changes).toMatchObject([{ kind: "opens" }]);
  });

  it.each([
    ["with mesh-wide egress", mesh(true) + cluster + api, /turn off MeshConfig/],
    [
      "a name that OSM cannot resolve",
      mesh() + cluster + api.replace("api.example.com", '"*.example.com"'),
      /would have to resolve/,
    ],
    [
      "connections on a port that Services have for HTTP",
      mesh() + cluster + egress("db", ["cart"], "ports: [{number: 80, protocol: tcp}]"),
      /HTTP of Services of the mesh/,
    ],
    [
      "addresses of a host that requests go to",
      mesh() +
        cluster +
        egress(
          "both",
          ["cart"],
          "hosts: [a.example.com]\n  ipAddresses: [20.1.0.0/16]\n  ports: [{number: 80, protocol: http}, {number: 443, protocol: https}]",
        ),
      /leave ipAddresses out/,
    ],
    [
      "a Service of the cluster",
      mesh() + cluster + api.replace("api.example.com", "cart.shop.svc.cluster.local"),
      /is a Service of the cluster/,
    ],
  ])("refuses %s", (_, text, message) => {
    const { refused } = convert(text);
    expect(refused.map((one) => one.text).join("\n")).toMatch(message);
    expect(refused[0]?.place).toMatch(/^Egress shop\//);
  });
});
