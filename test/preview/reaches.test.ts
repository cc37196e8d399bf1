import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { osmMesh } from "../../mesh/osm";
import { proveIsolation } from "../../preview/isolation";
import { outsideOwnNamespaces } from "../../preview/own-namespaces";
import { type EngineResource } from "../../preview/plan";
import { isReachTarget, reachProblems, readReaches } from "../../preview/reaches";
import { type PreviewReach, reachTarget } from "../../program/previews/reach";
import { knownKinds } from "./known-kinds";
import { sample } from "./sample";

const restocking: PreviewReach = {
  from: "bookbuyer/bookbuyer",
  to: "bookwarehouse/bookwarehouse",
  port: 14001,
  routes: ["bookwarehouse-service-routes/restock-books"],
};

const target = (change: (text: string) => string = (text) => text): KubernetesObject =>
  JSON.parse(change(JSON.stringify(reachTarget(7, restocking)))) as KubernetesObject;

const resource = (object: KubernetesObject): EngineResource => ({
  urn: "urn:pulumi:pr-7::aks-mesh::kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget::it",
  type: "kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget",
  custom: true,
  inputs: { ...object },
});

const outside = async (object: KubernetesObject, reaches: readonly PreviewReach[] = [restocking]) => {
  const kinds = await knownKinds([object.apiVersion]);
  const isAdmitted = (one: KubernetesObject) => isReachTarget(7, reaches, one);
  return outsideOwnNamespaces({ pullRequest: 7, kinds, isAdmitted }, [resource(object)]);
};

describe("the setting previewReaches", () => {
  it("is a list of who calls whom, where and with what", () => {
    expect(readReaches([])).toEqual([]);
    expect(readReaches([restocking])).toEqual([restocking]);
  });

  it.each<[string, unknown, RegExp]>([
    ["no list", "bookwarehouse", /must be a list, each entry \{ from: /],
    ["a text", ["bookwarehouse"], /previewReaches\[0\] must be \{ from: /],
    ["a misspelt key", [{ ...restocking, route: "x" }], /previewReaches\[0\] has no route: write/],
    ["a caller without namespace", [{ ...restocking, from: "bookbuyer" }], /from must be namespace\/service-account/],
    ["a caller with a pattern", [{ ...restocking, from: "bookbuyer/*" }], /from must be namespace\/service-account/],
    ["one preview's caller", [{ ...restocking, from: "pr-7-a/b" }], /leave the prefix of the preview out/],
    ["another preview", [{ ...restocking, to: "pr-8-bookstore/bookstore" }], /is not a shared workload/],
    ["the system", [{ ...restocking, to: "kube-system/osm-controller" }], /is not a shared workload/],
    ["no port", [{ ...restocking, port: undefined }], /port must be the port that the pods called listen on/],
    ["a port that is none", [{ ...restocking, port: 65_536 }], /port must be/],
    ["no routes", [{ ...restocking, routes: [] }], /routes must name at least one HTTPRouteGroup\/match/],
    ["a whole group", [{ ...restocking, routes: ["group"] }], /routes must name/],
    ["two entries for one pair", [restocking, restocking], /previewReaches\[1\]: an entry for .* is there/],
  ])("is refused as %s, with what to write", (_, value, message) => {
    expect(() => readReaches(value)).toThrow(message);
  });

  it("is refused where the shared workloads have no such account or route", () => {
    const shared = osmMesh({ objects: sample() });
    expect(reachProblems([restocking], shared, "dev")).toEqual([]);
    expect(reachProblems([{ ...restocking, to: "bookwarehouse/gone" }], shared, "dev")).toEqual([
      "previewReaches[0].to: nothing runs as bookwarehouse/gone in stack dev.",
    ]);
    expect(reachProblems([{ ...restocking, routes: ["bookwarehouse-service-routes/gone"] }], shared, "dev")).toEqual([
      "previewReaches[0].routes: stack dev has no bookwarehouse-service-routes/gone in the namespace of bookwarehouse/bookwarehouse; name one that it has.",
    ]);
  });
});

describe("what a preview has in a shared namespace", () => {
  it("is the TrafficTarget of the setting, found again by its label", async () => {
    expect(target()).toMatchObject({
      metadata: {
        name: "pr-7-bookbuyer.bookbuyer.bookwarehouse",
        namespace: "bookwarehouse",
        labels: { "aks-mesh/preview": "7" },
      },
      spec: {
        sources: [{ kind: "ServiceAccount", name: "bookbuyer", namespace: "pr-7-bookbuyer" }],
        rules: [{ kind: "HTTPRouteGroup", name: "bookwarehouse-service-routes", matches: ["restock-books"] }],
      },
    });
    expect(await outside(target())).toEqual([]);
  });

  it.each<[string, KubernetesObject, (readonly PreviewReach[])?]>([
    ["what no setting says", target(), []],
    ["another caller of the preview", target((text) => text.replaceAll("pr-7-bookbuyer", "pr-7-bookthief"))],
    ["another preview's caller", target((text) => text.replace('"namespace":"pr-7-', '"namespace":"pr-8-'))],
    ["one more caller", target((text) => text.replace('"sources":[', '"sources":[{"kind":"ServiceAccount"},'))],
    ["every caller", target((text) => text.replace(/"sources":\[.*?\]/, '"sources":[]'))],
    ["another account called", target((text) => text.replace('"name":"bookwarehouse","n', '"name":"mysql","n'))],
    ["another namespace", target((text) => text.replaceAll('"namespace":"bookwarehouse"', '"namespace":"bookstore"'))],
    ["one more route", target((text) => text.replace('["restock-books"]', '["restock-books","steal"]'))],
    ["a TCP route", target((text) => text.replace("HTTPRouteGroup", "TCPRoute"))],
    ["another name, that of the shared one", target((text) => text.replace(/pr-7-[^"]+bookwarehouse"/, 'mysql"'))],
    ["no label", target((text) => text.replace(/"labels":\{.*?\}/, '"labels":{}'))],
    ["another preview's label", target((text) => text.replace('preview":"7"', 'preview":"8"'))],
    ["routes of its own", target((text) => text.replace('"kind":"TrafficTarget"', '"kind":"HTTPRouteGroup"'))],
  ])("is never %s", async (_, object, reaches) => {
    expect(await outside(object, reaches)).toEqual([
      expect.stringMatching(/would be in namespace (bookwarehouse|bookstore)|has another type than the object/),
    ]);
  });
});

describe("the proof of isolation", () => {
  const preview = [...sample("pr-7-"), target()];

  it("holds with what the setting says, for each preview of the same code, and says so for each", () => {
    const { guarantees, broken } = proveIsolation(7, preview, sample(), [restocking]);
    expect(broken).toEqual([]);
    // One for what is not theirs, one for each of six services, and one for the caller of either preview.
    expect(guarantees).toBe(1 + 6 + 2);
  });

  it("shows the call where the setting does not say it", () => {
    const { broken } = proveIsolation(7, preview, sample());
    expect(broken.map(({ request }) => request)).toEqual([
      expect.objectContaining({ from: "pr-1-bookbuyer/bookbuyer", method: "POST" }),
    ]);
  });

  it("shows a call beyond the requests that the setting says", () => {
    const routes = { ...restocking, routes: ["bookwarehouse-service-routes/count-books"] };
    const counting = sample().map((object) =>
      object.metadata.name === "bookwarehouse-service-routes"
        ? {
            ...object,
            spec: { matches: [...matchesOf(object), { name: "count-books", pathRegex: "/count", methods: ["GET"] }] },
          }
        : object,
    );
    const { broken } = proveIsolation(7, preview, counting, [routes]);
    expect(broken.map(({ object, request }) => [object, request?.from])).toEqual([
      [
        "Guarantee pr-1-bookbuyer/bookbuyer sends bookwarehouse/bookwarehouse nothing but what previewReaches says",
        "pr-1-bookbuyer/bookbuyer",
      ],
      [
        "Guarantee pr-7-bookbuyer/bookbuyer sends bookwarehouse/bookwarehouse nothing but what previewReaches says",
        "pr-7-bookbuyer/bookbuyer",
      ],
    ]);
  });

  it("shows that a target without TCP routes also opens the TCP ports of the account", () => {
    const shared = sample().map((object) =>
      object.kind === "Service" && object.metadata.name === "bookwarehouse"
        ? { ...object, spec: { selector: { app: "bookwarehouse" }, ports: [{ port: 9000, appProtocol: "tcp" }] } }
        : object,
    );
    const { broken } = proveIsolation(7, preview, shared, [restocking]);
    expect(broken[0]?.request).toMatchObject({ protocol: "tcp" });
  });
});

function matchesOf(object: KubernetesObject): readonly unknown[] {
  const { matches } = Reflect.get(object, "spec") as { matches: readonly unknown[] };
  return matches;
}
