import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { istioMesh } from "../../mesh/istio";
import { isolationGuarantees, proveIsolation } from "../../preview/isolation";
import { istioReachProblems, operationConditions } from "../../preview/istio-reaches";
import { outsideOwnNamespaces } from "../../preview/own-namespaces";
import { isReachTarget, readReaches } from "../../preview/reaches";
import { type PreviewReach, reachAuthorization } from "../../program/previews/reach";
import { knownKinds } from "./known-kinds";
import { istioSample } from "./sample";

const restocking = {
  from: "bookbuyer/bookbuyer",
  to: "bookwarehouse/bookwarehouse",
  port: 14001,
  selector: { app: "bookwarehouse" },
  operations: [{ methods: ["POST"], paths: ["/restock"] }],
} as const satisfies PreviewReach;

/** The object with other text. */
function written(object: unknown, change: (text: string) => string = (text) => text): KubernetesObject {
  return JSON.parse(change(JSON.stringify(object))) as KubernetesObject;
}

const policy = (change?: (text: string) => string, reach: PreviewReach = restocking): KubernetesObject =>
  written(reachAuthorization(7, reach), change);

/** A policy of Istio that somebody else has. */
const another = (namespace: string, spec: object): KubernetesObject =>
  written({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "x", namespace },
    spec,
  });

/** The preview, whose bookbuyer is told of the shared bookwarehouse as the program has it. */
const preview = (...more: readonly KubernetesObject[]): readonly KubernetesObject[] => [
  ...istioSample("pr-7-").map((object) =>
    object.kind === "Sidecar" && object.metadata.namespace === "pr-7-bookbuyer"
      ? written(object, (text) => text.replace('"pr-7-bookstore/*"', '"pr-7-bookstore/*","bookwarehouse/*"'))
      : object,
  ),
  ...more,
];

describe("the setting previewReaches for Istio", () => {
  it("says the pods' labels and what may be asked, beside routes for Open Service Mesh or without", () => {
    expect(readReaches([restocking])).toEqual([restocking]);
    const both = { ...restocking, routes: ["group/match"] };
    expect(readReaches([both])).toEqual([both]);
  });

  it.each<[string, object, RegExp]>([
    [
      "nothing that may be asked",
      { selector: undefined, operations: undefined },
      /must say what may be asked: .* Istio/,
    ],
    ["no selector", { selector: undefined }, /selector must be labels of the pods called/],
    ["an empty selector", { selector: {} }, /without any it would be all pods/],
    ["a selector that is no label", { selector: { app: "a b" } }, /selector must be labels/],
    ["a selector of another type", { selector: { matchLabels: { app: "a" } } }, /selector must be labels/],
    ["no operations", { operations: undefined }, /operations must say at least one/],
    ["an empty list of operations", { operations: [] }, /operations must say at least one/],
    ["an operation that takes all", { operations: [{}] }, /operations\[0\] must say methods, paths or both/],
    ["an operation that is none", { operations: ["POST"] }, /operations\[0\] must say methods, paths or both/],
    ["a port in an operation", { operations: [{ methods: ["GET"], ports: ["1"] }] }, /operations\[0\] has no ports/],
    ["who else, in an operation", { operations: [{ notPaths: ["/a"] }] }, /operations\[0\] has no notPaths/],
    ["methods in small letters", { operations: [{ methods: ["get"] }] }, /methods must be methods in capital letters/],
    ["no methods", { operations: [{ methods: [] }] }, /methods must be methods/],
    ["a path without beginning", { operations: [{ paths: ["books"] }] }, /paths must be paths without query/],
    ["a path with a query", { operations: [{ paths: ["/books?a=b"] }] }, /paths must be paths without query/],
  ])("is refused with %s", (_, change, message) => {
    expect(() => readReaches([{ ...restocking, ...change }])).toThrow(message);
  });

  it("is refused where it does not fit the shared workloads", () => {
    const shared = istioMesh({ objects: istioSample() });
    const problems = (reach: PreviewReach) => istioReachProblems([reach], shared, "dev");
    expect(problems(restocking)).toEqual([]);
    const { from, to, port } = restocking;
    expect(problems({ from, to, port, routes: ["group/match"] })).toEqual([
      expect.stringMatching(/^previewReaches\[0\]: stack dev runs Istio, .*: add selector/),
    ]);
    expect(problems({ ...restocking, to: "bookwarehouse/gone" })).toEqual([
      "previewReaches[0].to: nothing runs as bookwarehouse/gone in stack dev.",
    ]);
    expect(problems({ ...restocking, port: 14002 })).toEqual([
      "previewReaches[0].port: no Service of stack dev leads to port 14002 of bookwarehouse/bookwarehouse.",
    ]);
    expect(problems({ ...restocking, selector: { app: "mysql" } })).toEqual([
      expect.stringMatching(/selector: not all pods of bookwarehouse\/bookwarehouse have these labels/),
    ]);
  });

  it("is refused where its labels select pods of others", () => {
    const stock = written({
      ...{ apiVersion: "v1", kind: "Pod", spec: { serviceAccountName: "stock" } },
      metadata: { name: "stock", namespace: "bookwarehouse", labels: { app: "bookwarehouse", part: "stock" } },
    });
    const shared = istioMesh({ objects: [...istioSample(), stock] });
    expect(istioReachProblems([restocking], shared, "dev")).toEqual([
      "previewReaches[0].selector: pods of bookwarehouse/stock have these labels too; add one that tells them apart.",
    ]);
  });

  it("is refused where no policy has closed the pods, as the preview's would close them to all others", () => {
    const open = istioSample().filter(
      ({ kind, metadata }) => kind !== "AuthorizationPolicy" || metadata.namespace !== "bookwarehouse",
    );
    const problem = expect.stringMatching(
      /to: no AuthorizationPolicy of stack dev allows anything of .*everybody may call it/,
    );
    expect(istioReachProblems([restocking], istioMesh({ objects: open }), "dev")).toEqual([problem]);
    // The proof finds the same by itself.
    const { broken } = proveIsolation(7, preview(policy()), open, [restocking]);
    expect(broken.map(({ message }) => message).join()).toContain(
      "bookwarehouse.svc.cluster.local:14001 would not pass",
    );
    const refusing = [
      ...open,
      another("bookwarehouse", { action: "DENY", rules: [{ to: [{ operation: { paths: ["/x"] } }] }] }),
    ];
    expect(istioReachProblems([restocking], istioMesh({ objects: refusing }), "dev")).toEqual([problem]);
  });
});

describe("what a preview has in a shared namespace on Istio", () => {
  const outside = async (object: KubernetesObject, reaches: readonly PreviewReach[] = [restocking]) => {
    const resource = {
      urn: "urn:pulumi:pr-7::aks-mesh::kubernetes:security.istio.io/v1:AuthorizationPolicy::it",
      type: `kubernetes:${object.apiVersion}:${object.kind}`,
      ...{ custom: true, inputs: { ...object } },
    };
    const kinds = await knownKinds([object.apiVersion]);
    const isAdmitted = (one: KubernetesObject) => isReachTarget(7, reaches, one);
    return outsideOwnNamespaces({ pullRequest: 7, kinds, isAdmitted }, [resource]);
  };

  it("is the AuthorizationPolicy of the setting, found again by its label", async () => {
    expect(policy()).toEqual({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: {
        name: "pr-7-bookbuyer.bookbuyer.bookwarehouse",
        namespace: "bookwarehouse",
        labels: { "aks-mesh/preview": "7" },
      },
      spec: {
        selector: { matchLabels: { app: "bookwarehouse" } },
        action: "ALLOW",
        rules: [
          {
            from: [{ source: { principals: ["cluster.local/ns/pr-7-bookbuyer/sa/bookbuyer"] } }],
            to: [{ operation: { ports: ["14001"], methods: ["POST"], paths: ["/restock"] } }],
          },
        ],
      },
    });
    expect(await outside(policy())).toEqual([]);
  });

  it.each<[string, KubernetesObject, (readonly PreviewReach[])?]>([
    ["what no setting says", policy(), []],
    ["what a setting says for the other mesh", policy(), [{ ...restocking, selector: undefined, routes: ["a/b"] }]],
    ["another caller of the preview", policy((text) => text.replaceAll("bookbuyer", "bookthief"))],
    ["another preview's caller", policy((text) => text.replace("/ns/pr-7-", "/ns/pr-8-"))],
    ["one more caller", policy((text) => text.replace('"principals":[', '"principals":["*",'))],
    ["every caller", policy((text) => text.replace(/"from":\[.*?\]\}\}\],/, ""))],
    ["another port", policy((text) => text.replace('["14001"]', '["3306"]'))],
    ["one more path", policy((text) => text.replace('["/restock"]', '["/restock","/count"]'))],
    ["every pod of the namespace", policy((text) => text.replace(/"selector":\{.*?\}\},/, ""))],
    ["a refusal", policy((text) => text.replace('"ALLOW"', '"DENY"'))],
    ["another namespace", policy((text) => text.replace('"namespace":"bookwarehouse"', '"namespace":"bookstore"'))],
    ["no label", policy((text) => text.replace(/,"labels":\{.*?\}/, ""))],
    [
      "another name, that of the shared one",
      policy((text) => text.replace(/"name":"pr-7[^"]*"/, '"name":"allow-bookwarehouse"')),
    ],
  ])("is never %s", async (_, object, reaches) => {
    expect(await outside(object, reaches)).toEqual([
      expect.stringMatching(/would be in namespace book(warehouse|store)/),
    ]);
  });
});

describe("the proof of isolation on Istio", () => {
  const messages = (...args: Parameters<typeof proveIsolation>) =>
    proveIsolation(...args).broken.map(({ message }) => message);

  it("holds with what the setting says, for each preview of the same code", () => {
    const { guarantees, broken } = proveIsolation(7, preview(policy()), istioSample(), [restocking]);
    expect(broken).toEqual([]);
    // One for what is not theirs, one for each of six services, one for the caller of either preview, and that it gets through.
    expect(guarantees).toBe(1 + 6 + 2 + 1);
  });

  it("shows the call where the setting does not say it", () => {
    const { broken } = proveIsolation(7, preview(policy()), istioSample());
    expect(broken.map(({ request }) => request)).toEqual([
      expect.objectContaining({ from: "pr-1-bookbuyer/bookbuyer", method: "POST", path: "/restock" }),
    ]);
  });

  it.each<[string, Partial<PreviewReach>, object]>([
    ["other paths", { operations: [{ methods: ["POST"], paths: ["/*"] }] }, { method: "POST" }],
    ["other methods", { operations: [{ paths: ["/restock"] }] }, { path: "/restock" }],
  ])("shows a call beyond the requests that the setting says: %s", (_, wider, request) => {
    const wide = policy(undefined, { ...restocking, ...wider });
    const { broken } = proveIsolation(7, preview(wide), istioSample(), [restocking]);
    expect(broken.map(({ object, request: shown }) => [object, shown?.from])).toEqual(
      ["pr-1", "pr-7"].map((prefix) => [
        `Guarantee ${prefix}-bookbuyer/bookbuyer sends bookwarehouse/bookwarehouse nothing but what previewReaches says`,
        `${prefix}-bookbuyer/bookbuyer`,
      ]),
    );
    for (const one of broken) expect(one.request).toMatchObject(request);
  });

  it("shows a call to another port of the same pods", () => {
    const shared = istioSample().map((object) =>
      object.kind === "Service" && object.metadata.name === "bookwarehouse"
        ? {
            ...object,
            spec: {
              selector: { app: "bookwarehouse" },
              ports: [14001, 14002].map((port) => ({ name: `http-${port}`, port })),
            },
          }
        : object,
    );
    const both = policy((text) => text.replace('["14001"]', '["14001","14002"]'));
    const { broken } = proveIsolation(7, preview(both), shared, [restocking]);
    expect(broken.map(({ request }) => request?.to)).toEqual(
      ["pr-1", "pr-7"].map(() => "bookwarehouse.bookwarehouse.svc.cluster.local:14002"),
    );
  });

  it("shows that another account of the preview gets in", () => {
    const open = policy((text) =>
      text.replace('/sa/bookbuyer"]', '/sa/bookbuyer","cluster.local/ns/pr-7-bookthief/sa/bookthief"]'),
    );
    const told = preview(open).map((object) =>
      object.kind === "Sidecar" ? written(object, (text) => text.replace("~/*", "bookwarehouse/*")) : object,
    );
    expect(proveIsolation(7, told, istioSample(), [restocking]).broken.map(({ request }) => request?.from)).toEqual([
      "pr-1-bookthief/bookthief",
    ]);
  });

  it.each([
    ["in its namespace", "bookwarehouse"],
    ["for the whole mesh", "aks-istio-system"],
  ])("names the policy %s that refuses it all the same", (_, namespace) => {
    const deny = another(namespace, {
      action: "DENY",
      rules: [{ from: [{ source: { notNamespaces: ["bookstore"] } }] }],
    });
    expect(messages(7, preview(policy()), [...istioSample(), deny], [restocking])).toEqual([
      expect.stringMatching(
        new RegExp(
          `gets through to bookwarehouse/bookwarehouse with what previewReaches says does not hold: .*is denied.*${namespace}/x`,
        ),
      ),
    ]);
  });

  it("names the Sidecar that leaves out what is called", () => {
    expect(messages(7, [...istioSample("pr-7-"), policy()], istioSample(), [restocking])).toEqual([
      expect.stringMatching(/does not hold: .*Sidecar pr-7-bookbuyer\/default/),
    ]);
  });

  it("asks nothing of a preview that does not reach", () => {
    expect(proveIsolation(7, istioSample("pr-7-"), istioSample(), [restocking]).broken).toEqual([]);
  });

  it("reads paths and methods as Istio does", () => {
    const [all] = operationConditions({
      ...restocking,
      operations: [{ methods: ["*"], paths: ["/a*", "/b/{*}", "*.css"] }],
    });
    const pattern = new RegExp(`^(?:${(all?.path ?? "").replaceAll("(?s:.*)", "[^]*")})$`);
    for (const path of ["/a", "/abc", "/b/c", "/x.css"]) expect(path).toMatch(pattern);
    for (const path of ["/b", "/b/c/d", "/x.csss"]) expect(path).not.toMatch(pattern);
    expect(isolationGuarantees(istioSample(), [restocking]).every(({ except }) => except === undefined)).toBe(true);
  });
});
