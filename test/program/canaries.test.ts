import { Provider } from "@pulumi/kubernetes/provider";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type StackDefinition } from "../../program/definition";
import { asksCluster, stackCanaries, type StackCanariesArgs } from "../../program/canaries";
import { dev } from "../../stacks/dev";
import { allRegistered, recordRegistrations, type Registration } from "../components/registrations";
import { canaryBookstore } from "../sandbox/canary-bookstore";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const application = canaryBookstore({ analysis: { interval: "1m", threshold: 2, stepWeight: 10, maxWeight: 50 } });
const inCluster: StackDefinition = { ...dev, observability: { prometheus: "cluster" }, application };

function args(definition: StackDefinition, changes: Partial<StackCanariesArgs> = {}): StackCanariesArgs {
  const { policy, canaries: rules = [] } = application;
  const cluster = { options: { provider: new Provider("cluster") } };
  return { name: "shop", rules, policy, mesh: "osm", definition, cluster, isPreview: false, outputs: {}, ...changes };
}

const made = async (): Promise<string> => {
  await allRegistered();
  return JSON.stringify(registrations.filter(({ type }) => type.endsWith(":Deployment")).map(({ inputs }) => inputs));
};

describe("a stack's canaries", () => {
  test("are moved by a Flagger that asks the Prometheus in the cluster", async () => {
    const { canaries } = stackCanaries(args(inCluster));
    expect(canaries).toMatchObject([{ namespace: "bookstore", service: "bookstore", metrics: [{ max: 1 }] }]);
    expect(await made()).toContain("-metrics-server=http://prometheus.mesh-monitoring.svc.cluster.local:9090");
    expect(asksCluster(inCluster, "osm")).toBe(true);
    expect(asksCluster({ ...inCluster, application: { ...application, canaries: [] } }, "osm")).toBe(false);
  });

  test("or by one that asks another", async () => {
    const own = {
      ...inCluster,
      flagger: { prometheus: "http://prometheus.monitoring.svc:9090", image: "a/flagger:1" },
    };
    stackCanaries(args(own));
    const text = await made();
    expect(text).toContain("-metrics-server=http://prometheus.monitoring.svc:9090");
    expect(text).toContain("a/flagger:1");
    expect(asksCluster(own, "osm")).toBe(false);
  });

  test("are left alone in a preview, and without any there is no Flagger", async () => {
    expect(stackCanaries(args(inCluster, { isPreview: true }))).toMatchObject({ canaries: [], flagger: undefined });
    expect(stackCanaries(args(inCluster, { rules: [] })).flagger).toBeUndefined();
    expect(await made()).toBe("[]");
  });

  test("are an output of the stack, by which the next run knows what Flagger has", () => {
    const { canaries: rules = [] } = application;
    const outputs = { canaries: { "bookstore/bookstore": "bookstore" } };
    expect(stackCanaries(args(inCluster)).watched).toEqual(outputs.canaries);
    expect(stackCanaries(args(inCluster, { outputs })).watched).toEqual(outputs.canaries);
    const leaving = rules.map((rule) => ({ ...rule, leaving: true }));
    const left = stackCanaries(args(inCluster, { outputs, rules: leaving }));
    expect(left.watched).toBeUndefined();
    expect(left.flagger).toBeDefined();
    expect(left.canaries).toMatchObject([{ service: "bookstore", leaving: true }]);
  });

  test.each([
    ["no entry", { rules: [] }],
    [
      "an entry of another Deployment",
      { rules: (application.canaries ?? []).map((one) => ({ ...one, deployment: "other" })) },
    ],
  ])("are refused with %s where Flagger has them", (_, changes) => {
    const outputs = { canaries: { "bookstore/bookstore": "bookstore" } };
    expect(() => stackCanaries(args(inCluster, { ...changes, outputs }))).toThrow(
      "canaries: Flagger has the calls of bookstore/bookstore and Deployment bookstore, and there is no entry that says so. Write it again with leaving: true",
    );
    expect(stackCanaries(args(inCluster, { ...changes, outputs, isPreview: true })).canaries).toEqual([]);
  });

  test.each([
    [
      { ...inCluster, observability: undefined },
      /Flagger has no Prometheus to ask: .*pulumi config set metrics cluster/,
    ],
    [{ ...inCluster, observability: {} }, /Flagger has no Prometheus to ask/],
    [
      { ...inCluster, flagger: { prometheus: "prometheus:9090" } },
      /flagger.prometheus: "prometheus:9090" is no address/,
    ],
  ])("are refused without somebody to ask", (definition, message) => {
    expect(() => stackCanaries(args(definition))).toThrow(message);
  });

  test("are refused where they cannot be meant", () => {
    const analysis = { interval: "1m", threshold: 0, stepWeights: [5] };
    expect(() => stackCanaries(args(inCluster, { rules: [{ service: "bookstore", analysis }] }))).toThrow(
      "canaries[0].analysis.threshold: 0",
    );
    expect(() =>
      stackCanaries(args(inCluster, { rules: [{ service: "bookstor", analysis: { ...analysis, threshold: 1 } }] })),
    ).toThrow("canaries[0].service");
  });
});
