import { type ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../sandbox/control-plane/api-client";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { ensureKeda } from "../../sandbox/tools/keda";
import { type StackCluster, stackCluster } from "../../sandbox/traffic/cluster";
import { autoscalingProgram, type ScaledObject, scaledObjects, withTrigger } from "./autoscaling";
import { closeTestSandbox, configure, openTestSandbox, up } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { startTraffic, stopTraffic } from "./traffic-process";
import { until } from "./until";

const stack = "dev";
let sandbox: Sandbox;
let cluster: StackCluster;
let traffic: ChildProcess | undefined;

beforeAll(async () => {
  await ensureKeda(() => undefined);
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

interface WithStatus extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** What an object says of itself: reasons by type and status, such as `Ready True`. */
function said({ status }: WithStatus): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries((status?.conditions ?? []).map((one) => [`${one.type} ${one.status}`, one.reason]));
}

interface Autoscaler extends WithStatus {
  readonly spec: { readonly minReplicas: number; readonly maxReplicas: number };
  readonly status?: WithStatus["status"] & {
    readonly currentReplicas?: number;
    readonly currentMetrics?: readonly {
      readonly external?: {
        readonly metric: { readonly name: string };
        readonly current: { readonly averageValue: string };
      };
    }[];
  };
}

const autoscaler = (namespace: string, name: string): Promise<Autoscaler | undefined> =>
  cluster.api.find<Autoscaler>(
    `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/keda-hpa-${name}`,
  );

/** What Kubernetes was told, in requests a second, and for how many pods; nothing before it was told anything. */
async function told(): Promise<{ readonly perPod: number; readonly all: number } | undefined> {
  const { currentMetrics = [], currentReplicas = 0 } = (await autoscaler("bookstore", "bookstore-v1"))?.status ?? {};
  const [metric] = currentMetrics;
  if (metric?.external === undefined) return undefined;
  expect(metric.external.metric.name).toBe("s0-prometheus");
  const { averageValue } = metric.external.current;
  const perPod = averageValue.endsWith("m") ? Number(averageValue.slice(0, -1)) / 1000 : Number(averageValue);
  return { perPod, all: perPod * currentReplicas };
}

async function pods(): Promise<{ readonly wanted: number; readonly available: number }> {
  const { spec, status } = await cluster.api.get<{
    readonly spec: { readonly replicas: number };
    readonly status: { readonly availableReplicas?: number };
  }>("/apis/apps/v1/namespaces/bookstore/deployments/bookstore-v1");
  return { wanted: spec.replicas, available: status.availableReplicas ?? 0 };
}

const scaledObject = (namespace: string, name: string): Promise<WithStatus> =>
  cluster.api.get<WithStatus>(`${scaledObjects(namespace)}/${name}`);

describe.sequential.each(["osm", "istio"] as const)("a Deployment of %s's mesh that is scaled by requests", (mesh) => {
  beforeAll(async () => {
    sandbox = await openTestSandbox({ program: autoscalingProgram });
  });
  afterAll(async () => {
    await stopTraffic(traffic);
    cluster?.api.close();
    await closeTestSandbox(sandbox);
  });

  it("is taken by KEDA, which tells Kubernetes the rate that Prometheus has", async (context) => {
    const exit = await operate(sandbox, "up", stack, [], "capture", { mesh });
    expect(exit.code, exit.stdout + exit.stderr).toBe(0);
    cluster = await stackCluster(sandbox, stack);
    await needsPods(context);
    traffic = startTraffic(sandbox, ["--stack", stack, "--metrics", "--seconds", "3600"], {
      TEST_PROGRAM: autoscalingProgram,
    });
    await until(async () => {
      const conditions = said(await scaledObject("bookstore", "bookstore-v1"));
      return "Ready True" in conditions && "Active True" in conditions ? true : undefined;
    });
    expect((await autoscaler("bookstore", "bookstore-v1"))?.spec).toMatchObject({ minReplicas: 1, maxReplicas: 6 });
    await until(async () => (((await told())?.perPod ?? 0) > 5 ? true : undefined));
    expect(await pods()).toEqual({ wanted: 1, available: 1 });
  });

  it("gets pods as calls become more, so that each has what it is to get", async (context) => {
    await needsPods(context);
    await configure(sandbox, stack, { buyers: 4 });
    await up(sandbox, stack);
    let most = 0;
    const wanted = await until(async () => {
      const [rate, { wanted, available }] = await Promise.all([told(), pods()]);
      most = Math.max(most, rate?.all ?? 0);
      // Kubernetes lets a tenth pass.
      return wanted > 2 && available === wanted && rate !== undefined && rate.perPod < 11 ? wanted : undefined;
    });
    expect(wanted).toBeLessThanOrEqual(Math.ceil(most / 10));
  });

  it("keeps its pods when the program runs again", async (context) => {
    await needsPods(context);
    const { wanted } = await pods();
    await up(sandbox, stack, "--expect-no-changes");
    expect((await pods()).wanted).toBeGreaterThanOrEqual(wanted);
  });

  // What follows is KEDA's and Kubernetes's alone.
  if (mesh === "istio") return;

  it("keeps them for a while when calls become fewer, though Kubernetes knows that it needs fewer", async (context) => {
    await needsPods(context);
    await configure(sandbox, stack, { buyers: 1 });
    await up(sandbox, stack);
    await until(async () => {
      const conditions = said((await autoscaler("bookstore", "bookstore-v1")) ?? expect.fail("there is no autoscaler"));
      return conditions["AbleToScale True"] === "ScaleDownStabilized" ? true : undefined;
    });
  });

  it.for<[string, Readonly<Record<string, string>>]>([
    ["nobody answers", { serverAddress: "http://prometheus.elsewhere.svc.cluster.local:9090" }],
    ["the query is none", { query: "sum(mesh:requests:rate2m{" }],
    ["nobody counts", { query: "sum(mesh:no_such_series)" }],
  ])("is said not to be scaled where %s, and keeps its pods", async ([, change], context) => {
    await needsPods(context);
    const ours = await cluster.api.get<ScaledObject>(`${scaledObjects("bookstore")}/bookstore-v1`);
    const other = withTrigger(ours, "bookstore-v2", change);
    await cluster.api.create(scaledObjects("bookstore"), other);
    const seen = await until(async () => {
      const conditions = said(await scaledObject("bookstore", "bookstore-v2"));
      return conditions["Ready False"];
    });
    expect(seen).toBe("TriggerError");
    await until(async () => {
      const found = await autoscaler("bookstore", "bookstore-v2");
      return found !== undefined && said(found)["ScalingActive False"] === "FailedGetExternalMetric" ? true : undefined;
    });
    const path = "/apis/apps/v1/namespaces/bookstore/deployments/bookstore-v2";
    expect((await cluster.api.get<{ spec: object }>(path)).spec).toMatchObject({ replicas: 1 });
    await cluster.api.remove(`${scaledObjects("bookstore")}/bookstore-v2`);
    await until(async () =>
      (await cluster.api.find(`${scaledObjects("bookstore")}/bookstore-v2`)) === undefined ? true : undefined,
    );
  });

  it("leaves nothing that waits for KEDA when its pods run no more", async (context) => {
    await needsPods(context);
    await stopTraffic(traffic);
    const found = await cluster.api.find("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io");
    expect(found).toBeUndefined();
    await cluster.api.remove(`${scaledObjects("bookstore")}/bookstore-v1`);
    expect(await cluster.api.find(`${scaledObjects("bookstore")}/bookstore-v1`)).toBeUndefined();
  });
});
