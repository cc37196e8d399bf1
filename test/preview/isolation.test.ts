import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { accessReport } from "../../preview/access";
import { isolationGuarantees, proveIsolation } from "../../preview/isolation";
import { istioSample, sample } from "./sample";

const changed = (objects: readonly KubernetesObject[], from: string, to: string) =>
  JSON.parse(JSON.stringify(objects).replaceAll(from, to)) as KubernetesObject[];

describe("isolation of previews", () => {
  it("is proved for the sample, each service against all strangers", () => {
    expect(
      isolationGuarantees([...sample(), ...sample("pr-1-"), ...sample("pr-2-")])
        .map(({ to }) => to)
        .sort(),
    ).toEqual(
      ["", "pr-1-", "pr-2-"]
        .flatMap((prefix) => [`${prefix}bookstore/bookstore`, `${prefix}bookwarehouse/bookwarehouse`])
        .sort(),
    );
    expect(proveIsolation(1, sample("pr-1-"), sample())).toEqual({ guarantees: 6 + 1, broken: [] });
  });

  it("shows the call where a preview lets the shared workloads in", () => {
    const preview = changed(
      sample("pr-7-"),
      '"name":"bookbuyer","namespace":"pr-7-bookbuyer"}',
      '"name":"bookbuyer","namespace":"bookbuyer"}',
    );
    const { broken } = proveIsolation(7, preview, sample());
    expect(broken.map(({ object, request }) => [object, request?.from])).toContainEqual([
      "Guarantee nobody but pull request 7 calls pr-7-bookstore/bookstore",
      "bookbuyer/bookbuyer",
    ]);
  });

  it("shows the call where any preview is let into every other: a namespace that does not change with the number", () => {
    const shared = [...sample(), ...sample("common-")];
    const preview = changed(
      sample("pr-7-"),
      '"name":"bookbuyer","namespace":"pr-7-bookbuyer"}',
      '"name":"bookbuyer","namespace":"common-bookbuyer"}',
    );
    expect(proveIsolation(7, preview, shared).broken).not.toEqual([]);
  });
});

describe("isolation of previews on Istio", () => {
  const networking = (kind: string, spec: object): KubernetesObject =>
    Object.assign(
      { apiVersion: "networking.istio.io/v1", kind, metadata: { name: "mine", namespace: "pr-7-bookstore" } },
      { spec },
    );
  /** Without Sidecars, which tell the sample's sidecars of nothing in other namespaces, and routes of its own: not every application on Istio has them. */
  const told = (prefix = "") =>
    istioSample(prefix).filter(({ kind }) => kind !== "Sidecar" && kind !== "VirtualService");
  const broken = (...more: readonly KubernetesObject[]) =>
    proveIsolation(7, [...told("pr-7-"), ...more], told()).broken.map(({ message }) => message);
  const route = (host: string, fields: object = {}) =>
    networking("VirtualService", {
      hosts: [host],
      http: [{ route: [{ destination: { host: "bookstore.pr-7-bookstore.svc.cluster.local" } }] }],
      ...fields,
    });
  const shared = "bookstore.bookstore.svc.cluster.local";

  it("is proved for the sample", () => {
    expect(proveIsolation(7, istioSample("pr-7-"), istioSample())).toEqual({ guarantees: 6 + 1, broken: [] });
  });

  it("shows the call where a preview lets the shared workloads in", () => {
    const preview = changed(told("pr-7-"), "/ns/pr-7-bookbuyer/sa/bookbuyer", "/ns/bookbuyer/sa/bookbuyer");
    expect(proveIsolation(7, preview, told()).broken).toContainEqual(
      expect.objectContaining({
        object: "Guarantee nobody but pull request 7 calls pr-7-bookstore/bookstore",
        request: expect.objectContaining({ from: "bookbuyer/bookbuyer" }),
      }),
    );
  });

  it("is broken by a route that takes calls of the shared workloads, as sidecars everywhere hold to it", () => {
    expect(broken(route(shared))).toEqual(
      expect.arrayContaining([
        expect.stringContaining(
          `previews change nothing for the shared workloads does not hold: calls from bookbuyer/bookbuyer to ${shared}:14001 would`,
        ),
      ]),
    );
  });

  it.each([
    ["for the preview's own sidecars alone", route(shared, { exportTo: ["."] })],
    ["for a Service of the preview", route("bookstore.pr-7-bookstore.svc.cluster.local")],
  ])("stands a route %s", (_, object) => {
    expect(broken(object)).toEqual([]);
  });
});

describe("access report", () => {
  it("says with a request what a pull request opens, and which guarantee that breaks", () => {
    const report = accessReport("stack dev", sample(), sample("", "allowed"), [
      { name: "no theft", kind: "never", from: ["bookthief/bookthief"], to: "bookstore/bookstore" },
      {
        name: "trade",
        kind: "always",
        from: ["bookbuyer/bookbuyer"],
        to: "bookstore/bookstore",
        requests: { methods: ["GET"], path: "/a-book/new" },
      },
    ]);
    expect(report).toMatchObject({ comparedWith: "stack dev", guarantees: 2 });
    expect(report.changes).toMatchObject([
      { kind: "opens", from: "bookthief/bookthief", after: { outcome: "allowed" } },
    ]);
    expect(report.broken).toMatchObject([{ object: "Guarantee no theft", request: { from: "bookthief/bookthief" } }]);
  });

  it("reads the objects of a stack on Istio as Istio does", () => {
    const [shop] = sample().filter(({ kind, metadata }) => kind === "Service" && metadata.name === "bookstore");
    const pods = sample().filter(({ kind }) => kind === "Pod");
    const allow = (...principals: string[]): KubernetesObject[] => [
      ...pods,
      ...(shop === undefined ? [] : [shop]),
      JSON.parse(
        JSON.stringify({
          apiVersion: "security.istio.io/v1",
          kind: "AuthorizationPolicy",
          metadata: { name: "allow-bookstore", namespace: "bookstore" },
          spec: { rules: [{ from: [{ source: { principals } }] }] },
        }),
      ) as KubernetesObject,
    ];
    const [buyer, thief] = ["bookbuyer", "bookthief"].map((name) => `cluster.local/ns/${name}/sa/${name}`) as [
      string,
      string,
    ];
    const { changes, broken } = accessReport("stack dev", allow(buyer), allow(buyer, thief), [
      { name: "no theft", kind: "never", from: ["bookthief/bookthief"], to: "bookstore/bookstore" },
    ]);
    expect(changes).toMatchObject([{ kind: "opens", from: "bookthief/bookthief", after: { outcome: "allowed" } }]);
    expect(broken).toMatchObject([{ object: "Guarantee no theft" }]);
  });

  it("names what its proofs rest on and is not so", () => {
    const deny = JSON.stringify({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "deny", namespace: "bookbuyer" },
      spec: { podSelector: {}, policyTypes: ["Egress"] },
    });
    const cut = [...sample(), JSON.parse(deny) as KubernetesObject];
    const { unmetAssumptions = [] } = accessReport("stack dev", sample(), cut, []);
    expect(unmetAssumptions.join(" ")).toContain("bookbuyer");
    expect(accessReport("stack dev", sample(), sample(), [])).not.toHaveProperty("unmetAssumptions");
  });

  it("is empty for equal objects", () => {
    expect(accessReport("stack dev", sample(), sample(), [])).toEqual({
      comparedWith: "stack dev",
      changes: [],
      guarantees: 0,
      broken: [],
    });
  });
});
