import { describe, expect, it } from "vitest";
import { parseManifests } from "../../../mesh/manifests";
import { checkGuarantees, type Finding, readGuarantees } from "../../../mesh";
import { osmMesh } from "../../../mesh/osm";
import { nearNames } from "../../../mesh/manifests/near-names";

const pods = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { template: { metadata: { labels: { app: cart } }, spec: { serviceAccountName: cart } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: thief, namespace: street }
spec: { template: { metadata: { labels: { app: thief } }, spec: { serviceAccountName: thief } } }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ port: 80 }] }
`;
const policies = `
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: own, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: cart, namespace: shop }
  sources: [{ kind: ServiceAccount, name: till, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: all, matches: [all] }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: all, namespace: shop }
spec: { matches: [{ name: all }] }
`;
const guarantee = (from: string, to: string): string => `
apiVersion: aks-mesh/v1alpha1
kind: Guarantee
metadata: { name: no thief }
spec:
  never:
    from: ["${from}"]
    to: ${to}
`;

function check(...documents: readonly string[]): readonly Finding[] {
  const manifests = parseManifests([{ name: "all.yaml", text: documents.join("---") }]);
  const { guarantees, problems } = readGuarantees(manifests.objects, manifests.positions);
  expect(problems).toEqual([]);
  return checkGuarantees(osmMesh(manifests), guarantees);
}

describe("a guarantee written by hand", () => {
  it("holds where its names exist", () => {
    expect(check(pods, policies, guarantee("street/thief", "shop/cart"))).toEqual([]);
  });

  it("is broken where its caller does not exist, with the names that are near and the line", () => {
    const documents = [pods, policies, guarantee("street/theif", "shop/cart")];
    const [one] = check(...documents);
    expect(one).toMatchObject({ severity: "error", rule: "broken-guarantee", object: "Guarantee no thief" });
    expect(one?.message).toBe("It says nothing: there is no service account street/theif. Is street/thief meant?");
    const line = documents.join("---").split("from:")[0]?.split("\n").length;
    expect(one?.position).toMatchObject({ file: "all.yaml", line });
  });

  it.each([
    ["method: [GET]", /no method: did you mean methods\?/],
    ["requests: []", /no requests: write from, to, port, methods, path, headers/],
  ])("is refused with a field that it does not have: %s", (field, message) => {
    const document = guarantee("street/thief", "shop/cart").replace("to: shop/cart", `to: shop/cart\n    ${field}`);
    const manifests = parseManifests([{ name: "all.yaml", text: document }]);
    const { guarantees, problems } = readGuarantees(manifests.objects, manifests.positions);
    expect(guarantees).toEqual([]);
    expect(problems).toMatchObject([{ severity: "error", message: expect.stringMatching(message) }]);
  });

  it("is refused in another version, and is not somebody else's object of its kind", () => {
    const read = (apiVersion: string) => {
      const text = guarantee("street/thief", "shop/cart").replace(/apiVersion: .*/, `apiVersion: ${apiVersion}`);
      const manifests = parseManifests([{ name: "all.yaml", text }]);
      return readGuarantees(manifests.objects, manifests.positions).problems;
    };
    expect(read("aks-mesh/v1")).toMatchObject([
      { severity: "error", property: "apiVersion", message: "Write apiVersion: aks-mesh/v1alpha1." },
    ]);
    expect(read("aks-mesh")).toHaveLength(1);
    expect(read("example.com/v1")).toEqual([]);
  });

  it("is broken where its service does not exist", () => {
    const [one] = check(pods, policies, guarantee("street/thief", "store/cart"));
    expect(one?.message).toBe("It says nothing: there is no service store/cart. Is shop/cart meant?");
  });

  it("knows accounts outside the mesh, ServiceAccounts without pods, and those that TrafficTargets name", () => {
    const outside = pods.replace(/namespace: street/, "namespace: legacy");
    const mesh = `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: { openservicemesh.io/monitored-by: osm }
  annotations: { openservicemesh.io/sidecar-injection: enabled }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: idle, namespace: shop }
`;
    expect(check(outside, policies, mesh, guarantee("legacy/thief", "shop/cart"))).toEqual([]);
    expect(check(outside, policies, mesh, guarantee("shop/idle", "shop/cart"))).toEqual([]);
    expect(check(outside, policies, mesh, guarantee("shop/till", "shop/cart"))[0]?.message).toContain(
      "a call that must never pass is allowed",
    );
  });

  it("may name any caller where no object shows a pod or a service account", () => {
    expect(check(policies, guarantee("street/thief", "shop/cart"))).toEqual([]);
  });

  it("may stand for no caller at all with *", () => {
    expect(check(pods, guarantee("*", "shop/cart"))).toEqual([]);
  });
});

describe("a guarantee of a program", () => {
  it("may name a caller that only another stack has", () => {
    const mesh = osmMesh(parseManifests([{ name: "all.yaml", text: `${pods}---${policies}` }]));
    const rule = { name: "no thief", kind: "never", from: ["alley/robber"], to: "shop/cart" } as const;
    expect(checkGuarantees(mesh, [rule])).toEqual([]);
  });
});

describe("near names", () => {
  const known = ["shop/cart", "shop/stock", "street/thief", "store/cart"];

  it.each([
    ["shop/crat", ["shop/cart"]],
    ["Shop/Cart", ["shop/cart", "store/cart"]],
    ["elsewhere/stock", ["shop/stock"]],
    ["bank/vault", []],
  ])("%s", (name, near) => {
    expect(nearNames(name, known)).toEqual(near);
  });
});

describe("a guarantee about requests that nobody sends", () => {
  const asking = (kind: string, what: string): string =>
    guarantee("street/thief", "shop/cart")
      .replace("never:", `${kind}:`)
      .replace("to: shop/cart", `to: shop/cart\n    ${what}`);

  it.each(["methods: [get]", "methods: [GET, PURGE]", "methods: []", "path: items", "path: items/.*"])(
    "is broken, as it holds of nothing: %s",
    (what) => {
      for (const kind of ["never", "always"]) {
        const [one] = check(pods, policies, asking(kind, what));
        expect(one?.message).toMatch(/^It says nothing: (?:it names )?no /);
      }
    },
  );

  it("is none where some are sent", () => {
    for (const what of ["methods: [GET]", 'methods: ["*"]', "path: /items", "path: .*items"]) {
      expect(check(pods, policies, asking("never", what)), what).toEqual([]);
    }
  });
});
