import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { type MetricsReport } from "../../sandbox/metrics/panels";
import { ensureMetricsTools } from "../../sandbox/metrics/tools";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { resourcesInAzure } from "./azure";
import { closeTestSandbox, configure, kubectl, openTestSandbox, stateOf } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { loadOf, output, startTraffic } from "./traffic-process";

const stack = "dev";
const mesh = "aks-istio-system";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox();
  await configure(sandbox, stack, { mesh: "istio", metrics: "cluster" });
});
afterAll(() => closeTestSandbox(sandbox));

/** Runs an operation that has to succeed, and shows what it printed where it does not. */
async function succeeds(operation: "up" | "destroy", ...flags: string[]): Promise<void> {
  const exit = await operate(sandbox, operation, stack, flags);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
}

async function read(...args: string[]): Promise<string> {
  const exit = await kubectl(sandbox, stack, "get", ...args);
  expect(exit.code, exit.stderr).toBe(0);
  return exit.stdout.trim();
}

async function apply(...objects: readonly object[]): Promise<void> {
  const file = join(sandbox.paths.directory, "objects.json");
  await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
  const exit = await kubectl(sandbox, stack, "apply", "--filename", file);
  expect(exit.code, exit.stderr).toBe(0);
}

/** Revisions of the istiods by which the sidecars of the bookstore's pods were injected. */
async function revisionsOfPods(): Promise<string[]> {
  const text = await read("pods", "--all-namespaces", "--selector=app", "--output=json");
  const { items } = JSON.parse(text) as {
    items: {
      metadata: { namespace: string; annotations: Record<string, string>; deletionTimestamp?: string };
      spec: { initContainers?: { name: string }[] };
    }[];
  };
  const own = items.filter(({ metadata }) => metadata.namespace.startsWith("book") && !metadata.deletionTimestamp);
  expect(own.length).toBeGreaterThanOrEqual(6);
  for (const { spec } of own) expect(spec.initContainers?.map(({ name }) => name)).toContain("istio-proxy");
  const statuses = own.map(({ metadata }) => metadata.annotations["sidecar.istio.io/status"] ?? "{}");
  return [...new Set(statuses.map((status) => (JSON.parse(status) as { revision: string }).revision))].sort();
}

describe.sequential("the program on Istio, from nothing to nothing", () => {
  it("runs the bookstore behind sidecars of the revision that Azure installs, closed but for its policy", async () => {
    await succeeds("up");
    expect(await revisionsOfPods()).toEqual(["asm-1-29"]);
    expect(await read("namespace", "bookstore", "--output=jsonpath={.metadata.labels.istio\\.io/rev}")).toBe(
      "asm-1-29",
    );
    const policies = await read("authorizationpolicies", "--all-namespaces", "--output=name");
    expect(policies.split("\n").filter((name) => name.endsWith("/default-deny"))).toHaveLength(4);
    expect(policies).toContain("/allow-bookstore-v2");
    const maps = await read("configmaps", `--namespace=${mesh}`, "--output=name");
    expect(maps).toContain("istio-shared-configmap-asm-1-29");
    expect(maps).toContain("istio-shared-configmap-asm-1-30");
  });

  it("changes nothing the second time", async () => {
    await succeeds("up", "--expect-no-changes");
  });

  it("answers every query of its dashboards with what the sidecars count, by a Prometheus in the cluster and what that may do", async ({
    skip,
  }) => {
    await needsPods({ skip });
    // Built before, so that the changes come while sidecars are counted.
    await ensureMetricsTools(() => undefined);
    let runs = true;
    const running = output(startTraffic(sandbox, ["--metrics", "--json", "--seconds", "40"])).finally(() => {
      runs = false;
    });
    // Changes that istiod answers with a push, as long as it is counted: of the first there is no rate yet. They concern no pod, since
    // calls are not counted while rules change.
    for (let turn = 0; runs; turn += 1) {
      await apply({
        ...{ apiVersion: "telemetry.istio.io/v1", kind: "Telemetry" },
        metadata: { name: "changing", namespace: "bookstore" },
        spec: { selector: { matchLabels: { app: "nobody" } }, accessLogging: [{ disabled: turn % 2 === 0 }] },
      });
      await sleep(5_000);
    }
    const { code, stdout, stderr } = await running;
    expect(code, stderr).toBe(0);
    const { metrics } = JSON.parse(stdout) as { metrics: MetricsReport };
    expect(metrics.targets).toEqual({ up: 8, problems: [] });
    expect(metrics.rules.problems).toEqual([]);
    expect(metrics.panels.filter(({ series, problem: refused }) => series === 0 || refused !== undefined)).toEqual([]);
    // Calls that failed while pods came up may have an alert wait: none of them lasts until it fires.
    expect(metrics.alerts.filter(({ state }) => state === "firing")).toEqual([]);
  });

  it("shows limits of Istio under load: a circuit breaker, retries, timeouts, and pods left out", async ({ skip }) => {
    await needsPods({ skip });
    const calls = (path: string, ...more: readonly string[]) =>
      loadOf(sandbox, "bookbuyer/bookbuyer", "bookstore-v1.bookstore:14001", "--path", path, ...more);
    const metadata = { name: "load", namespace: "bookstore" };
    const destination = { host: "bookstore-v1" };
    const route = [{ destination }];
    const kind = { apiVersion: "networking.istio.io/v1", metadata };
    const routes = (rules: object) => ({
      ...{ ...kind, kind: "VirtualService" },
      spec: { hosts: ["bookstore-v1"], http: [{ route, ...rules }] },
    });
    const destinations = (trafficPolicy: object) => ({
      ...{ ...kind, kind: "DestinationRule" },
      spec: { host: "bookstore-v1", trafficPolicy },
    });

    await apply(
      routes({ retries: { attempts: 2, retryOn: "5xx", perTryTimeout: "1s", backoff: "1ms" }, timeout: "2s" }),
    );
    const failing = await calls("/buy-a-book/new?status=500", "--requests=5", "--concurrency=5");
    expect(failing.report).toMatchObject({ ends: { "500": 5 }, sidecars: { retried: 10 } });
    const slow = await calls("/buy-a-book/new?delay=1h", "--requests=4", "--concurrency=4");
    expect(slow.report.ends).toEqual({ "504": 4 });
    expect(slow.report.sidecars.timedOut).toBeGreaterThan(0);
    expect(slow.report.configured.map(({ limit, value, by }) => [limit, value, by].join(" "))).toEqual([
      "retries 2 on 5xx VirtualService bookstore/load",
      "perTryTimeout 1s VirtualService bookstore/load",
      "timeout 2s VirtualService bookstore/load",
    ]);

    await apply(
      routes({ retries: { attempts: 0 } }),
      destinations({ connectionPool: { http: { http2MaxRequests: 5 } } }),
    );
    const many = await calls("/buy-a-book/new?delay=3s", "--requests=20", "--concurrency=20");
    const { "200": passed = 0, "503": overflowed = 0 } = many.report.ends;
    expect({ ends: many.report.ends, all: passed + overflowed }).toMatchObject({ all: 20 });
    expect(passed).toBeGreaterThanOrEqual(5);
    expect(overflowed).toBeGreaterThan(0);
    expect(many.report.sidecars).toMatchObject({ overflowedRequests: overflowed, retried: 0 });

    const outlierDetection = { consecutive5xxErrors: 1, baseEjectionTime: "1h", maxEjectionPercent: 100 };
    await apply(destinations({ outlierDetection }));
    const { report } = await calls("/buy-a-book/new?status=500", "--requests=50", "--concurrency=1");
    expect(report.sidecars.ejected).toBe(1);
    expect(report.ends["503"]).toBeGreaterThan(0);
    expect(report.configured).toMatchObject([
      { limit: "outliers", value: "1h after an error, at most 100 % of the pods" },
    ]);
    const deletion = await kubectl(sandbox, stack, "delete", "virtualservice,destinationrule", "load", "-n=bookstore");
    expect(deletion.code, deletion.stderr).toBe(0);
  });

  it("refuses at preview what AKS refuses, and another mesh for a cluster that runs", async () => {
    const refusal = async (settings: Record<string, unknown>): Promise<string> => {
      await configure(sandbox, stack, settings);
      const exit = await operate(sandbox, "preview", stack);
      expect(exit.code).not.toBe(0);
      return exit.stdout + exit.stderr;
    };
    expect(await refusal({ meshRevisions: ["asm-1-30"] })).toMatch(/an upgrade begins with both/);
    await sandbox.emulator.control("POST", "releases", { meshRevision: "asm-1-31" });
    expect(await refusal({ meshRevisions: ["asm-1-29", "asm-1-31"] })).toMatch(
      /asm-1-31 of Istio cannot start yet: the ConfigMap istio-shared-configmap-asm-1-31/,
    );
    expect(await refusal({ meshRevisions: undefined, mesh: "osm" })).toMatch(/the cluster runs Istio/);
    await configure(sandbox, stack, { mesh: "istio" });
    expect(await read("deployments", `--namespace=${mesh}`, "--output=name")).toBe("deployment.apps/istiod-asm-1-29");
  });

  it("is upgraded in three steps: another control plane, new pods to it, the old one gone", async () => {
    // Two control planes and a Prometheus do not fit on two nodes: AKS would add one, the sandbox scales no pool.
    await configure(sandbox, stack, { meshRevisions: ["asm-1-29", "asm-1-30"], metrics: "off" });
    await succeeds("up");
    expect(await read("namespaces", "--output=name")).not.toContain("mesh-monitoring");
    const istiods = () => read("deployments", `--namespace=${mesh}`, "--output=name");
    expect((await istiods()).split("\n")).toHaveLength(2);
    expect(await revisionsOfPods()).toEqual(["asm-1-29"]);
    await configure(sandbox, stack, { meshRevisions: ["asm-1-30", "asm-1-29"] });
    await succeeds("up");
    expect(await revisionsOfPods()).toEqual(["asm-1-30"]);
    await configure(sandbox, stack, { meshRevisions: ["asm-1-30"] });
    await succeeds("up");
    expect(await istiods()).toBe("deployment.apps/istiod-asm-1-30");
    expect(await read("namespace", "bookstore", "--output=jsonpath={.metadata.labels.istio\\.io/rev}")).toBe(
      "asm-1-30",
    );
    // Nothing is named any more, and nothing changes: what runs stays.
    await configure(sandbox, stack, { meshRevisions: undefined });
    await succeeds("up", "--expect-no-changes");
  });

  it("leaves nothing behind", async () => {
    await succeeds("destroy");
    expect((await stateOf(sandbox, stack)).resources).toEqual([]);
    expect(await resourcesInAzure(sandbox)).toEqual([]);
  });
});
