import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { type EngineResource } from "../../preview/plan";
import { type BaseStack, type Planned, type PlannedStack, readBaseStack, readPlanned } from "../../preview/planned";
import { withReview } from "../../preview/read-report";
import { type PreviewReport } from "../../preview/report";
import { review } from "../../preview/review";
import { reviewedResources } from "../../preview/reviewed-resources";
import { commit, running } from "./comment/reports";
import { sample } from "./sample";

/** Nothing listens there: prices are not known, and nobody waits. */
const terms = { project: "aks-mesh", reaches: [], prices: "http://127.0.0.1:9" } as const;

function resource(object: KubernetesObject): EngineResource {
  const { apiVersion, kind, metadata } = object;
  const type = `kubernetes:${apiVersion}:${kind}`;
  const name = `${kind}-${metadata.namespace ?? ""}-${metadata.name}`;
  return { urn: `urn:pulumi:dev::aks-mesh::${type}::${name}`, type, custom: true, inputs: { ...object } };
}

function pool(minCount: number): EngineResource {
  const type = "azure-native:containerservice:AgentPool";
  const inputs = { vmSize: "Standard_D2ds_v5", enableAutoScaling: true, minCount, osDiskType: "Ephemeral" };
  return { urn: `urn:pulumi:dev::aks-mesh::${type}::user`, type, custom: true, inputs };
}

const stack = (objects: readonly KubernetesObject[], rest: Partial<PlannedStack> = {}): PlannedStack => ({
  resources: [...objects.map(resource), pool(1)],
  whole: true,
  plan: { changes: [], unchanged: objects.length },
  ...rest,
});

const base: BaseStack = {
  stack: "dev",
  resources: stack(sample()).resources,
  cluster: { resourceGroupName: "aks-mesh-dev", clusterName: "aks-mesh-dev" },
};
const planned: Planned = {
  pullRequest: 12,
  commit,
  kind: "shared",
  base: "dev",
  merging: stack(sample()),
  preview: { ...stack(sample("pr-12-")), resources: sample("pr-12-").map(resource) },
};

describe("a review", () => {
  it("of a change that changes nothing says so of the stack, of its neighbours and of its cost", async () => {
    const { access, merging, cluster, differences, plan } = await review(planned, base, terms);
    expect(access).toMatchObject({ comparedWith: "stack dev", changes: [] });
    expect(access?.broken.filter(({ request }) => request !== undefined)).toEqual([]);
    // Those of the stack, for each service that nobody else calls it, and that others keep what they have.
    const alone = await review({ ...planned, kind: "own" }, base, terms);
    expect(access?.guarantees).toBe((alone.access?.guarantees ?? 0) + 6 + 1);
    expect(merging).toEqual({ currency: "USD", difference: 0, parts: [] });
    expect(cluster).toEqual(base.cluster);
    expect(alone.cluster).toEqual({ resourceGroupName: "aks-mesh-pr-12", clusterName: "aks-mesh-pr-12" });
    expect(differences).toEqual([]);
    expect(plan).toEqual({ changes: [], unchanged: sample().length });
  });

  it("has the difference, the guarantees and the plan of a program that refuses once all is said", async () => {
    const refusing = stack(sample("", "allowed"), { refused: "The mesh policies have an error." });
    const { access, plan, refused } = await review({ ...planned, merging: refusing }, base, terms);
    const { changes = [] } = access ?? {};
    expect(changes).toContainEqual(expect.objectContaining({ kind: "opens", from: "bookthief/bookthief" }));
    expect(access?.broken.map(({ object }) => object)).toContain("Guarantee bookthief never reaches bookstore");
    expect(plan?.partial).toBeUndefined();
    const [, ...rest] = refusing.resources;
    const without = await review({ ...planned, merging: { ...refusing, resources: rest } }, base, terms);
    expect(without.plan?.changes.map(({ op, type }) => [op, type])).toEqual([["delete", "kubernetes:v1:Namespace"]]);
    expect(refused).toBe("The mesh policies have an error.");
  });

  it("of a program that ended early says what is missing, and what it opened until then", async () => {
    const early = stack(sample("", "allowed"), { whole: false, refused: "it threw" });
    const { access, plan, merging } = await review({ ...planned, merging: early }, base, terms);
    expect(access?.changes).toEqual({ unknown: "Stack dev cannot be previewed with this code: it threw" });
    expect(access?.broken.map(({ object }) => object)).toContain("Guarantee bookthief never reaches bookstore");
    expect(plan?.partial).toBe(true);
    expect(merging).toBeUndefined();
  });

  it("names the stack that there is not", async () => {
    const { pullRequest, kind } = planned;
    const nothing = await review({ pullRequest, commit, kind, base: "dev" }, undefined, terms);
    expect(nothing.access?.changes).toEqual({ unknown: expect.stringContaining("There is no stack dev.") });
  });

  it("finds what merging adds to the bill, without asking for what stays", async () => {
    const more = { ...stack(sample()), resources: [...sample().map(resource), pool(3)] };
    const { merging } = await review({ ...planned, merging: more }, base, terms);
    expect(merging).toEqual({
      currency: "USD",
      difference: null,
      parts: [
        {
          name: "user",
          before: { what: "1 × Standard_D2ds_v5", amount: null },
          after: { what: "3 × Standard_D2ds_v5", amount: null },
        },
      ],
    });
  });
});

describe("what is handed on to the review", () => {
  const container = { name: "c", image: "x", env: [{ name: "PASSWORD", value: "hunter2" }], args: ["--key=hunter2"] };
  const deployment: KubernetesObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", namespace: "shop" },
    ...{ spec: { template: { spec: { containers: [container], initContainers: [container] } } } },
  };

  it("has no Secret, no data of ConfigMaps but the mesh's, nothing that containers are told", () => {
    const config = (name: string): KubernetesObject => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "shop" },
      ...{ data: { mesh: "hunter2" } },
    });
    const secret: KubernetesObject = { ...config("s"), kind: "Secret" };
    const handed = reviewedResources([secret, config("shop"), deployment].map(resource));
    // What the first container is told decides whether a pod joins the mesh.
    expect(JSON.stringify(handed).replace(/"initContainers":\[.*?\]\}\]/, "")).not.toContain("hunter2");
    expect(handed.map(({ inputs }) => inputs["kind"])).toEqual(["ConfigMap", "Deployment"]);
    expect(JSON.stringify(reviewedResources([resource(config("istio-asm-1-28"))]))).toContain("hunter2");
  });

  it("is enough for the same review", async () => {
    const merging = stack(sample("", "allowed"));
    const whole = await review({ ...planned, merging }, base, terms);
    const handed = { ...merging, resources: reviewedResources(merging.resources) };
    const less = { ...base, resources: reviewedResources(base.resources) };
    expect(await review({ ...planned, merging: handed }, less, terms)).toEqual(whole);
  });

  it.each([
    ["of another pull request", { ...planned, pullRequest: 13 }],
    ["of another commit", { ...planned, commit: "f".repeat(40) }],
    ["with resources of no form", { ...planned, merging: { ...planned.merging, resources: [{ urn: 1 }] } }],
    ["with a text for truth", { ...planned, merging: { ...planned.merging, whole: "yes" } }],
    ["of another kind", { ...planned, kind: "prod" }],
    ["that is a list", []],
  ])("is refused %s", (_, value) => {
    expect(() => readPlanned(JSON.stringify(value), { pullRequest: 12, commit })).toThrow(/^The plan /);
    expect(readPlanned(JSON.stringify(planned), { pullRequest: 12, commit })).toEqual(planned);
  });

  it("names a cluster in words that no shell reads", () => {
    const named = (clusterName: string) =>
      readBaseStack(JSON.stringify({ ...base, cluster: { resourceGroupName: "a", clusterName } }));
    expect(named("aks-mesh-dev").cluster?.clusterName).toBe("aks-mesh-dev");
    for (const name of ["$(id)", "a b", "a;b", "-x", "", "a\n"]) expect(() => named(name), name).toThrow(/^The base /);
  });
});

describe("a report of the job that ran the pull request's code", () => {
  const access = { comparedWith: "stack dev", changes: [], guarantees: 12, broken: [] };
  /** As that code would like it: all is well, and the cluster is another. */
  const forged: PreviewReport = {
    ...running,
    access,
    merging: { currency: "USD", difference: 0, parts: [] },
    cluster: { resourceGroupName: "evil", clusterName: "evil" },
    refused: "no",
    differences: [],
  };
  const said = { pullRequest: 12, commit, access: running.access };

  it("counts for nothing in what is reviewed", () => {
    const { access: shown, merging, cluster, plan, refused } = withReview(forged, JSON.stringify(said));
    expect(shown).toEqual(running.access);
    expect([merging, cluster, plan, refused]).toEqual([undefined, undefined, undefined, undefined]);
    expect(withReview(forged, undefined)).not.toHaveProperty("access");
    expect(withReview(forged, undefined)).toMatchObject({ state: running.state, health: running.health });
  });

  it.each([
    ["of another commit", { ...said, commit: "f".repeat(40) }],
    ["of another pull request", { ...said, pullRequest: 13 }],
    ["without a form", { ...said, access: { changes: "none" } }],
  ])("is not joined with a review %s", (_, value) => {
    expect(() => withReview(forged, JSON.stringify(value))).toThrow(/^The review /);
  });

  it("cannot put a state of its own into the review", () => {
    const joined = withReview(forged, JSON.stringify({ ...said, state: { status: "removed" } }));
    expect(joined.state).toEqual(running.state);
  });
});
