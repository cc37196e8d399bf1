import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProblem, parseManifests } from "../../../mesh/manifests";
import { checkGuarantees, decide, readGuarantees } from "../../../mesh";
import { osmMesh } from "../../../mesh/osm";

const parse = (text: string) => parseManifests([{ name: "f.yaml", text }]);
const problems = (text: string) => {
  const manifests = parse(text);
  return osmMesh(manifests).state.problems.map(formatProblem);
};

describe("manifests", () => {
  it("reads several documents, lists, comments of Helm and JSON", () => {
    const { objects, problems: none } = parse(`# Source: chart/templates/a.yaml
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
# nothing
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: b}
- {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "c", "namespace": "n"}}
`);
    expect(none).toEqual([]);
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? "-"}/${metadata.name}`)).toEqual([
      "Namespace -/a",
      "ServiceAccount default/b",
      "ServiceAccount n/c",
    ]);
  });

  it("puts into a namespace only what belongs in one, and says so of as many", () => {
    const text = `
apiVersion: shop.example/v1
kind: Till
metadata: { name: of-the-cluster }
---
apiVersion: shop.example/v1
kind: Drawer
metadata: { name: of-a-namespace }
---
apiVersion: other.example/v1
kind: Till
metadata: { name: of-another-group }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: of-kubernetes }
---
apiVersion: other.example/v1
kind: PriorityClass
metadata: { name: called-like-one-of-kubernetes }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: tills.shop.example }
spec: { group: shop.example, scope: Cluster, names: { kind: Till } }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: drawers.shop.example }
spec: { group: shop.example, scope: Namespaced, names: { kind: Drawer } }
`;
    const placed = ["of-a-namespace", "of-another-group", "called-like-one-of-kubernetes"];
    const { objects, notes, positions } = parse(text);
    const inNamespaces = objects.filter(({ metadata }) => metadata.namespace !== undefined);
    expect(inNamespaces.map(({ metadata }) => metadata.name)).toEqual(placed);
    expect(notes.join()).toContain("3 objects name no namespace");
    const till = objects.find(({ metadata }) => metadata.name === "of-the-cluster");
    expect(till && positions.of(till, ["metadata", "name"])).toMatchObject({ line: 4 });
  });

  it("reads lists as the API server sends them, and empty ones", () => {
    const { objects, problems: none } = parse(`apiVersion: v1
kind: ServiceList
items: [{ metadata: { name: a, namespace: shop }, spec: {} }]
---
apiVersion: apps/v1
kind: DeploymentList
items: null
---
apiVersion: v1
kind: List
items: null
`);
    expect(none).toEqual([]);
    expect(objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)).toEqual([
      "v1 Service a",
    ]);
  });

  it("knows where a value stands, across documents and in lists", () => {
    const manifests = parse(
      "a: 1\n---\n\napiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Secret\n    metadata:\n      name: s\n",
    );
    const [secret] = manifests.objects;
    expect(secret && manifests.positions.of(secret, ["metadata", "name"])).toEqual({
      file: "f.yaml",
      line: 10,
      column: 13,
    });
    expect(manifests.problems.map(formatProblem)).toEqual(["f.yaml:1:1: error: kind: The object has no kind."]);
  });

  const target = (spec: string) =>
    `apiVersion: access.smi-spec.io/v1alpha3\nkind: TrafficTarget\nmetadata: {name: t, namespace: ns}\nspec:\n${spec}`;
  it.each([
    ["malformed YAML", "a: [1\nb: {", /^f\.yaml:2:\d+: error: Not valid YAML/],
    [
      "a template, with braces for a map",
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
      /^f\.yaml:4:9: error: This is a template, .* with `helm template`/,
    ],
    ["a template that is no YAML", "a: b\n{{- if .Values.on }}\nb: 1\n", /^f\.yaml:2:1: error: This is a template/],
    ["no object", "- 1\n- 2\n", /^f\.yaml:1:1: error: A Kubernetes object was expected/],
    ["no metadata", "apiVersion: v1\nkind: Pod\n", /no metadata/],
    [
      "a version that OSM does not serve",
      "apiVersion: split.smi-spec.io/v1alpha4\nkind: TrafficSplit\nmetadata: {name: s}\n",
      /f\.yaml:1:13: error: TrafficSplit default\/s apiVersion: OSM 1\.2 serves TrafficSplit as split\.smi-spec\.io\/v1alpha2 only/,
    ],
    [
      "a kind that the group does not have",
      "apiVersion: policy.openservicemesh.io/v1alpha1\nkind: Ingress\nmetadata: {name: s}\n",
      /has no kind Ingress\. It has Egress, IngressBackend/,
    ],
    [
      "a list that is none",
      target("  rules: x\n"),
      /f\.yaml:5:10: error: TrafficTarget ns\/t spec\.rules: Must be a list, is a string/,
    ],
    [
      "a name that is a number",
      target("  sources:\n  - {kind: ServiceAccount, name: 5, namespace: ns}\n"),
      /f\.yaml:6:34: error: .*spec\.sources\[0\]\.name: Must be a string/,
    ],
    [
      "aliases that expand to too much",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n`,
      /aliases expand|has no kind/,
    ],
    ["brackets nested too deeply", "[".repeat(20_000), /error/],
  ])("says where there is %s", (_, text, message) => {
    expect(problems(text)[0]).toMatch(message);
  });

  it("survives any text and any shape of object, in time", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const shape = fc.record(
      {
        apiVersion: fc.constantFrom(
          "v1",
          "apps/v1",
          "access.smi-spec.io/v1alpha3",
          "specs.smi-spec.io/v1alpha4",
          "split.smi-spec.io/v1alpha2",
          "policy.openservicemesh.io/v1alpha1",
          "config.openservicemesh.io/v1alpha2",
        ),
        kind: fc.constantFrom(
          "TrafficTarget",
          "HTTPRouteGroup",
          "TCPRoute",
          "TrafficSplit",
          "MeshConfig",
          "Egress",
          "IngressBackend",
          "Service",
          "Pod",
          "Deployment",
          "Endpoints",
          "Namespace",
        ),
        metadata: fc.record(
          { name: fc.constantFrom("a", "b"), namespace: fc.constantFrom("a", "b"), labels: value },
          { requiredKeys: ["name"] },
        ),
        spec: fc.oneof(
          value,
          fc.record(
            {
              destination: value,
              sources: value,
              rules: value,
              matches: value,
              ports: value,
              service: value,
              backends: value,
              selector: value,
              template: value,
              traffic: value,
            },
            { requiredKeys: [] },
          ),
        ),
        subsets: value,
        status: value,
      },
      { requiredKeys: ["apiVersion", "kind", "metadata"] },
    );
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 6 }), fc.string(), (shapes, junk) => {
        const manifests = parse([...shapes.map((one) => JSON.stringify(one)), junk].join("\n---\n"));
        const mesh = osmMesh(manifests);
        mesh.access();
        mesh.findings();
        checkGuarantees(mesh, readGuarantees(manifests.objects, manifests.positions).guarantees);
        decide(mesh, { from: "a/a", to: "b.b:80", protocol: "http" });
      }),
      { numRuns: 300, seed: 42 },
    );
  });

  it("decides about 10,000 rules on one service", () => {
    const objects: unknown[] = [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "s", namespace: "n" },
        spec: { selector: { a: "s" }, ports: [{ port: 80 }] },
      },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "s", namespace: "n", labels: { a: "s" } },
        spec: { serviceAccountName: "s" },
      },
    ];
    for (let index = 0; index < 10_000; index += 1) {
      const name = `r${String(index)}`;
      objects.push(
        {
          apiVersion: "specs.smi-spec.io/v1alpha4",
          kind: "HTTPRouteGroup",
          metadata: { name, namespace: "n" },
          spec: { matches: [{ name: "m", pathRegex: `/${name}/.*` }] },
        },
        {
          apiVersion: "access.smi-spec.io/v1alpha3",
          kind: "TrafficTarget",
          metadata: { name, namespace: "n" },
          spec: {
            destination: { kind: "ServiceAccount", name: "s", namespace: "n" },
            sources: [{ kind: "ServiceAccount", name: `c${String(index % 100)}`, namespace: "n" }],
            rules: [{ kind: "HTTPRouteGroup", name, matches: ["m"] }],
          },
        },
      );
    }
    const manifests = parse(objects.map((one) => JSON.stringify(one)).join("\n---\n"));
    expect(manifests.problems).toEqual([]);
    const mesh = osmMesh(manifests);
    expect(decide(mesh, { from: "n/c7", to: "s.n:80", protocol: "http", path: "/r7/x" }).outcome).toBe("allowed");
    expect(decide(mesh, { from: "n/c7", to: "s.n:80", protocol: "http", path: "/r8/x" }).outcome).toBe("denied");
    expect(decide(mesh, { from: "n/c7", to: "s.n:80", protocol: "http", path: "/x" }).outcome).toBe("no-route");
    expect(mesh.access().entries).toHaveLength(100);
  }, 60_000);
});
