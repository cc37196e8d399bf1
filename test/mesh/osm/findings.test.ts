import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseManifests, type KubernetesObject } from "../../../mesh/manifests";
import { decide, type Finding } from "../../../mesh";
import { osmMesh } from "../../../mesh/osm";
import { service, target, workload } from "./world";

const found = (objects: readonly KubernetesObject[], rule: string): readonly Finding[] =>
  osmMesh({ objects })
    .findings()
    .filter((one) => one.rule === rule);

/** Objects of a case that the judge recorded. */
function recorded(name: string): readonly KubernetesObject[] {
  const file = path.join(__dirname, "..", "..", "judge", "cases", `${name}.yaml`);
  const [, ...documents] = readFileSync(file, "utf8").split("\n---\n");
  return parseManifests([{ name, text: documents.join("\n---\n") }]).objects;
}

describe("a refused route of a pod's own server half", () => {
  const rule = "own-calls-lost";
  const objects = recorded("quirk-refused-routes-own-calls");

  it("costs the pod its own calls: an error at the match, with a call that would pass", () => {
    const [one, ...others] = found(objects, rule);
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      severity: "error",
      object: "HTTPRouteGroup store/bad",
      property: "spec.matches[0]",
      request: { from: "store/store", to: "other.store.svc.cluster.local:80" },
    });
    expect(one?.message).toContain("calls that store/store makes get 404 too");
    expect(one?.request && decide(osmMesh({ objects }), one.request).outcome).toBe("no-route");
    const repaired = objects.filter(({ metadata }) => metadata.name !== "bad");
    expect(one?.request && decide(osmMesh({ objects: repaired }), one.request).outcome).toBe("allowed");
  });

  it("is told of a port whose services share a host name, too", () => {
    const clash = [
      ...recorded("quirk-split-port-numbers"),
      workload("stock", "store", "stock"),
      service("stock", "store", { port: 80 }),
      target("out", "store/stock", ["store/store"], [{ kind: "HTTPRouteGroup", name: "routes", matches: ["all"] }]),
    ];
    const [one, ...others] = found(clash, rule);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ request: { from: "store/store", to: "stock.store.svc.cluster.local:80" } });
    expect(one?.message).toContain("two of its services share a host name");
    expect(one?.request && decide(osmMesh({ objects: clash }), one.request).outcome).toBe("no-route");
  });

  it("is no matter where the pod makes no calls, or only calls that nobody would let in", () => {
    expect(
      found(
        objects.filter(({ metadata }) => metadata.name !== "o"),
        rule,
      ),
    ).toEqual([]);
    expect(
      found(
        objects.filter(({ metadata }) => metadata.name !== "routes"),
        rule,
      ),
    ).toEqual([]);
  });
});

describe("a refused egress route configuration", () => {
  const rule = "egress-routes-refused";
  const objects = recorded("quirk-refused-egress-takes-the-rest");

  it("costs the caller its calls to services of the mesh: an error at the later Egress", () => {
    const [one, ...others] = found(objects, rule);
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      severity: "error",
      object: "Egress buyer/e3",
      request: { from: "buyer/buyer", to: "store.store.svc.cluster.local:80" },
    });
    expect(one?.message).toContain("the host example.com is in Egress e2 too");
    expect(one?.message).toContain("so do its HTTP calls to services of the mesh");
    expect(one?.request && decide(osmMesh({ objects }), one.request).outcome).toBe("no-route");
    const repaired = objects.filter(({ metadata }) => metadata.name !== "e3");
    expect(one?.request && decide(osmMesh({ objects: repaired }), one.request).outcome).toBe("allowed");
  });

  it("speaks of the port alone where the caller may reach no service of the mesh", () => {
    const alone = objects.filter(({ kind }) => kind !== "TrafficTarget");
    const [one] = found(alone, rule);
    expect(one?.request).toMatchObject({ from: "buyer/buyer", to: "example.com:9002" });
    expect(one?.message).not.toContain("services of the mesh");
    expect(one?.request && decide(osmMesh({ objects: alone }), one.request).outcome).toBe("no-route");
  });

  it("is not there where no host comes twice", () => {
    expect(
      found(
        objects.filter(({ metadata }) => metadata.name !== "e3"),
        rule,
      ),
    ).toEqual([]);
  });
});

describe("a namespace in the mesh whose pods get no sidecar", () => {
  const namespaceWith = (injection: string | undefined): KubernetesObject => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: "gateway",
      labels: { "openservicemesh.io/monitored-by": "osm" },
      annotations: injection === undefined ? {} : { "openservicemesh.io/sidecar-injection": injection },
    },
  });

  it.each([
    [undefined, 1],
    ["on", 1],
    ["enabled", 0],
    ["disabled", 0],
  ])("is reported unless somebody said so: %s", (injection, count) => {
    expect(found([namespaceWith(injection)], "no-sidecar-injection")).toHaveLength(count);
  });

  it("is told pod by pod where they run from before it was given to the mesh", () => {
    const pod = (name: string, labels: Readonly<Record<string, string>>): KubernetesObject => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "gateway", uid: name, labels },
    });
    const pods = [pod("old", {}), pod("new", { "osm-proxy-uuid": "7c6b" })];
    const old = found([namespaceWith("enabled"), ...pods], "pod-without-sidecar");
    expect(old.map(({ object }) => object)).toEqual(["Pod gateway/old"]);
    expect(found([namespaceWith("disabled"), ...pods], "pod-without-sidecar")).toEqual([]);
  });
});
