import { describe, expect, test } from "vitest";
import { admit, findingText } from "../../../../mesh/osm/admission";
import { type OsmObject } from "../../../../mesh/osm/kinds";
import { badSettings } from "./bad-settings";
import { good, goodObjects, spoiled } from "./objects";

/** A spoiled object among the right ones that it refers to. */
function around(original: OsmObject, bad: object): unknown[] {
  return [bad, ...goodObjects.filter((object) => object.kind !== original.kind)];
}

describe("right objects", () => {
  test("have no findings but the notice that MeshRootCertificate needs a flag", () => {
    const { findings, objects } = admit(goodObjects, {
      namespaces: ["shop"],
      services: ["shop/store", "shop/store-v1", "shop/store-v2"],
    });
    expect(findings.map(({ check }) => check)).toEqual(["root-certificate-flag"]);
    expect(objects).toEqual(goodObjects);
  });

  test("a host that an Egress refers to need not be in the mesh", () => {
    const outside = spoiled(good.setting, "spec.host", "httpbin.org");
    const egress = spoiled(good.egress, "spec.matches", [
      { apiGroup: "policy.openservicemesh.io/v1alpha1", kind: "UpstreamTrafficSetting", name: "setting" },
    ]);
    expect(admit([outside, egress, good.group]).findings).toEqual([]);
  });

  test("references are not judged while part of the objects is unknown", () => {
    expect(admit([good.target], { complete: false }).findings).toEqual([]);
    expect(admit([good.target]).findings.map(({ check }) => check)).toEqual([
      "missing-route-group",
      "missing-tcp-route",
    ]);
  });
});

describe("bad settings", () => {
  test("are more than a hundred", () => expect(badSettings.length).toBeGreaterThan(100));

  test.each(
    badSettings.map((bad) => ({
      ...bad,
      name: `${bad.object.kind} ${bad.set} = ${JSON.stringify(bad.to)}`.slice(0, 90),
    })),
  )("$name", ({ object, set, to, at = set, check, severity = "error", refusedBy = "nobody", remedy, context }) => {
    const { findings } = admit(around(object, spoiled(object, set, to)), context);
    const found = findings.find((finding) => finding.path === at && finding.check === check);
    expect(found, findings.map(findingText).join("\n")).toMatchObject({ severity, refusedBy });
    expect(found?.object).toContain(check === "schema" && set === "kind" ? "HttpRouteGroup" : object.kind);
    expect(findingText(found ?? expect.fail())).toContain(remedy);
    expect(found?.remedy).toContain(remedy);
  });
});

describe("objects that clash", () => {
  const named = (object: OsmObject, name: string): object => spoiled(object, "metadata.name", name);

  test.each([
    ["two splits of one root", good.split, "split-twice", "spec.service"],
    ["two IngressBackends on one backend and port", good.ingress, "ingress-twice", "spec.backends[0]"],
    ["two settings of one host", good.setting, "setting-twice", "spec.host"],
  ])("%s", (_, object, check, path) => {
    const { findings } = admit([...goodObjects, named(object, "second")]);
    const found = findings.find((finding) => finding.check === check);
    expect(found).toMatchObject({ path, severity: "error", object: `${object.kind} shop/second` });
    expect(found?.problem).toContain(`shop/${object.metadata.name}`);
  });

  test("a root by host name is the same root", () => {
    const second = spoiled(
      spoiled(good.split, "metadata.name", "second"),
      "spec.service",
      "store.shop.svc.cluster.local",
    );
    expect(admit([good.split, second]).findings.map(({ check }) => check)).toEqual(["split-twice"]);
  });

  test("the same object twice", () => {
    expect(admit([good.tcp, good.tcp]).findings).toMatchObject([{ check: "object-duplicate", path: "metadata.name" }]);
  });

  test("the same names in two namespaces do not", () => {
    const elsewhere = spoiled(spoiled(good.split, "metadata.namespace", "attic"), "spec.service", "store");
    expect(admit([good.split, elsewhere]).findings).toEqual([]);
  });
});

describe("anything at all", () => {
  test.each([
    [null],
    ["text"],
    [[]],
    [{}],
    [{ kind: "Pod" }],
    [{ kind: "TCPRoute", spec: null }],
    [{ kind: "toString" }],
  ])("%j is refused, not thrown at", (value) => {
    const { findings, objects } = admit([value]);
    expect(findings.length).toBeGreaterThan(0);
    expect(objects).toEqual([]);
  });

  test("a MeshConfig among the objects tells whether retries are honoured", () => {
    const off = spoiled(good.config, "spec.featureFlags.enableRetryPolicy", false);
    expect(admit([off, good.retry]).findings.map(({ check }) => check)).toEqual(["retry-flag"]);
  });

  test("ten times the objects are read about ten times as often", () => {
    const reads = (count: number): number => {
      let seen = 0;
      const counted = <T extends object>(value: T): T =>
        new Proxy(value, {
          get(target, key, receiver) {
            seen += 1;
            const found: unknown = Reflect.get(target, key, receiver);
            return typeof found === "object" && found !== null ? counted(found) : found;
          },
        });
      const many = Array.from({ length: count }, (_, index) => [
        spoiled(good.target, "metadata.name", `t${index}`),
        spoiled(spoiled(good.setting, "metadata.name", `s${index}`), "spec.host", `s${index}.shop.svc.cluster.local`),
      ]).flat();
      expect(admit([...many, good.group, good.tcp].map(counted)).findings).toEqual([]);
      return seen;
    };
    expect(reads(1000) / reads(100)).toBeLessThan(11);
  });
});
