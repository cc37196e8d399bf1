import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { identify, isRunning, type ProcessIdentity } from "../../recovery/process-identity";
import { stackCluster } from "../../sandbox/traffic/cluster";
import { type PairReport, type TrafficReport } from "../../sandbox/traffic/report";
import { openTraffic, type Traffic } from "../../sandbox/traffic/traffic";
import { type MetricsReport } from "../../sandbox/metrics/panels";
import { ensureMetricsTools } from "../../sandbox/metrics/tools";
import { type Observed } from "../../mesh";
import { readAccessLog } from "./access-log";
import { closeTestSandbox, kubectl, openTestSandbox } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { type LoadReport } from "../../sandbox/load/report";
import { until } from "./until";
import { loadOf, output, startLoad, startTraffic } from "./traffic-process";

let sandbox: Sandbox;

beforeAll(async () => {
  // Built here, since tests look for what runs a minute after it was started.
  await ensureMetricsTools(() => undefined);
  sandbox = await openTestSandbox();
  const exit = await operate(sandbox, "up", "dev");
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
});
afterAll(() => closeTestSandbox(sandbox));

const start = (args: readonly string[], environment?: NodeJS.ProcessEnv): ChildProcess =>
  startTraffic(sandbox, args, environment);

function pairOf({ pairs }: TrafficReport, caller: string, service: string): PairReport {
  const found = pairs.find((pair) => pair.caller === caller && pair.service === service);
  if (found === undefined) throw new Error(`${caller} does not call ${service}: ${JSON.stringify(pairs)}`);
  return found;
}

function shareOf(pair: PairReport, service: string): number {
  return pair.backends.find((backend) => backend.service === service)?.share ?? 0;
}

/** Looks until a report covers some seconds. */
async function reportOf(traffic: Traffic, seconds: number): Promise<TrafficReport> {
  return await until(async () => {
    const report = await traffic.look();
    return report !== undefined && report.seconds >= seconds ? report : undefined;
  });
}

/** The processes below one, as they are now. */
async function descendants(pid: number): Promise<ProcessIdentity[]> {
  const parents = new Map<number, number>();
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const line = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined);
    // A process may end between the two.
    if (line !== undefined) parents.set(Number(name), Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = new Set([pid]);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  return (await Promise.all([...found].map(identify))).filter((one) => one !== undefined);
}

describe.sequential("traffic", () => {
  it("shows the bookstore's traffic, as the analysis says, and a plain call refused", async (context) => {
    await needsPods(context);
    const accessLog = join(sandbox.paths.directory, "access.jsonl");
    const { code, stdout, stderr } = await output(start(["--seconds", "15", "--json", "--access-log", accessLog]));
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as TrafficReport;
    expect(report.problems).toEqual([]);
    expect(report.pairs.filter(({ agrees }) => !agrees)).toEqual([]);

    const bought = pairOf(report, "bookbuyer/bookbuyer", "bookstore/bookstore");
    expect(Object.keys(bought.ends)).toEqual(["200"]);
    expect(bought.callsPerSecond).toBeGreaterThan(0);
    expect(Math.abs(shareOf(bought, "bookstore/bookstore-v1") - 0.5)).toBeLessThan(0.15);

    const stolen = pairOf(report, "bookthief/bookthief", "bookstore/bookstore");
    expect(Object.keys(stolen.ends)).toEqual(["refused"]);
    expect(stolen.expected).toContain("refused");

    expect(pairOf(report, "bookstore/bookstore", "bookwarehouse/bookwarehouse").ends).toHaveProperty("200");
    expect(Object.keys(pairOf(report, "bookwarehouse/bookwarehouse", "bookwarehouse/mysql").ends)).toEqual([
      "connected",
    ]);

    const logged = await readAccessLog(accessLog);
    const called = logged.filter(
      ({ pod, log }) => pod.startsWith("bookstore/") && typeof log !== "string" && log["path"] === "/books-bought",
    );
    expect(called.length).toBeGreaterThan(0);
    for (const { log } of called) expect(log).toMatchObject({ method: "GET", response_code: 200 });
    // What the sandbox itself asks of Envoys is not among them.
    expect(logged.filter(({ log }) => typeof log === "string")).toEqual([]);
    expect((await stat(accessLog)).mode & 0o777).toBe(0o600);

    expect(Object.keys(report.outside?.ends ?? {})).toEqual(["reset"]);
    expect(report.outside?.closedBySidecars).toBeGreaterThan(0);
    expect(report.outside?.agrees).toBe(true);
  });

  it("follows the cluster's objects while it runs", async (context) => {
    await needsPods(context);
    const traffic = await openTraffic(await stackCluster(sandbox, "dev"), () => undefined, new PassThrough().resume());
    try {
      await reportOf(traffic, 1);
      const split = [
        { service: "bookstore-v1", weight: 10 },
        { service: "bookstore-v2", weight: 90 },
      ];
      await patch("trafficsplit", "bookstore-split", { spec: { backends: split } });
      // A sidecar of a busy machine takes its time with new clusters, and its callers wait meanwhile.
      const shifted = await until(async () => {
        const pair = pairOf(await reportOf(traffic, 8), "bookbuyer/bookbuyer", "bookstore/bookstore");
        return Math.abs(shareOf(pair, "bookstore/bookstore-v2") - 0.9) < 0.12 ? pair : undefined;
      });
      expect(shifted.backends.map(({ expected }) => expected.toFixed(3))).toEqual(["0.100", "0.900"]);
      expect(shifted.agrees).toBe(true);

      // bookthief gets a listener, but no route of its own: it is let in as far as the server, which answers 403.
      const account = (namespace: string, name: string) => ({ kind: "ServiceAccount", namespace, name });
      await apply({
        apiVersion: "specs.smi-spec.io/v1alpha4",
        kind: "HTTPRouteGroup",
        metadata: { name: "window", namespace: "bookstore" },
        spec: { matches: [{ name: "look", pathRegex: "/window", methods: ["GET"] }] },
      });
      for (const target of ["bookstore", "bookstore-v2"]) {
        await apply({
          apiVersion: "access.smi-spec.io/v1alpha3",
          kind: "TrafficTarget",
          metadata: { name: `thief-${target}`, namespace: "bookstore" },
          spec: {
            destination: account("bookstore", target),
            sources: [account("bookthief", "bookthief")],
            rules: [{ kind: "HTTPRouteGroup", name: "window", matches: ["look"] }],
          },
        });
      }
      const caught = await until(async () => {
        const pair = pairOf(await reportOf(traffic, 3), "bookthief/bookthief", "bookstore/bookstore");
        return Object.keys(pair.ends).join() === "403" ? pair : undefined;
      });
      expect(caught.agrees).toBe(true);

      // As the sidecar's user it goes past its sidecar, by kube-proxy's rules, in plain text.
      await runAs(1500);
      const past = await until(async () => {
        const report = await reportOf(traffic, 2);
        const pair = pairOf(report, "bookthief/bookthief", "bookstore/bookstore");
        return Object.keys(pair.ends).join() === "403" ? undefined : pair;
      });
      expect(past.ends).toEqual({ reset: expect.any(Number) as number });
      expect(past.agrees).toBe(true);
    } finally {
      await runAs(65532);
      await traffic.close();
    }
  });

  it("has no metrics to show where none are collected, and says how to have them", async () => {
    const { code, stderr } = await output(start(["--metrics"]));
    expect(code).toBe(1);
    expect(stderr).toContain("azureMonitorProfile.metrics of the cluster is not enabled");
    expect(stderr).toContain("npm run sandbox -- up --metrics");
  });

  it("answers every query of every panel and computes every rule with what the sidecars count, and tells of what goes wrong", async (context) => {
    const up = await operate(sandbox, "up", "dev", [], "capture", { metrics: "on" });
    expect(up.code, up.stdout + up.stderr).toBe(0);
    await needsPods(context);
    const child = start(["--metrics", "--json", "--seconds", "180"]);
    const exit = output(child);
    const traffic = await descendantsNamed(child, "prometheus");
    expect(traffic).toHaveLength(1);
    // bookbuyer and both versions of bookstore, each of these and bookwarehouse. A sidecar's calls are in a rate only while two of its samples are within the
    // time that is looked at; connections that were opened before the first are in none.
    const all = await meshObjects(meshKinds);
    await expect
      .poll(() => observe(all), { timeout: 80_000 })
      .toMatchObject({
        code: 0,
        report: { forbidden: [], unknown: [], meant: expect.toSatisfy((calls: number) => calls >= 4) as number },
      });
    // bookthief's calls are in no sidecar's count, as its sidecar has no way to send them.
    const without = await meshObjects(meshKinds.filter((kind) => kind !== "traffictargets"));
    const call = { workload: "bookbuyer/bookbuyer", service: "bookstore/bookstore-v1", expected: ["refused"] };
    await expect
      .poll(() => observe(without), { timeout: 80_000 })
      .toMatchObject({ code: 1, report: { forbidden: expect.arrayContaining([expect.objectContaining(call)]) as [] } });
    // What the control plane tells of is in a rate while it happens: policies that OSM's webhook refuses, and some that it takes.
    let ended = false;
    void exit.finally(() => (ended = true));
    for (let turn = 0; !ended; turn += 1) {
      await kubectlFails({
        apiVersion: "access.smi-spec.io/v1alpha3",
        kind: "TrafficTarget",
        metadata: { name: "elsewhere", namespace: "bookstore" },
        spec: {
          destination: { kind: "ServiceAccount", namespace: "bookbuyer", name: "bookbuyer" },
          sources: [{ kind: "ServiceAccount", namespace: "bookthief", name: "bookthief" }],
          rules: [{ kind: "TCPRoute", name: "any" }],
        },
      });
      await patch("trafficsplit", "bookstore-split", {
        spec: {
          backends: [
            { service: "bookstore-v1", weight: 40 + (turn % 2) },
            { service: "bookstore-v2", weight: 60 - (turn % 2) },
          ],
        },
      });
      // Between two changes the mesh acts by one of them for a while.
      await sleep(10_000);
    }
    const { code, stdout, stderr } = await exit;
    expect(code, stderr).toBe(0);
    const { metrics } = JSON.parse(stdout) as { metrics: MetricsReport };
    expect(metrics.targets).toEqual({ up: 8, problems: [] });
    expect(metrics.rules).toEqual({ computed: 63, problems: [] });
    expect(metrics.panels.length).toBeGreaterThan(30);
    expect(metrics.panels.filter(({ series, problem }) => series === 0 || problem !== undefined)).toEqual([]);
    const firing = metrics.alerts.filter(({ state }) => state === "firing");
    expect(firing).toEqual([expect.objectContaining({ name: "MeshInjectionFailed" })]);
  });

  it.for(["SIGINT", "SIGTERM", "SIGKILL"] as const)("leaves nothing behind after %s", async (signal, context) => {
    await needsPods(context);
    const links = await readdir("/sys/class/net");
    const child = start(["--metrics"]);
    const exit = output(child);
    let started: ProcessIdentity[] = [];
    for (let seconds = 0; seconds < 60 && started.length < 14; seconds += 1) {
      await sleep(1000);
      started = await descendants(child.pid ?? 0);
    }
    // Twelve of the pods; Prometheus and Alertmanager.
    expect(started.length).toBeGreaterThanOrEqual(14);
    child.kill(signal);
    await exit;
    // Killed, it cannot wait for the others: these see it and follow.
    for (let tenths = 0; tenths < 50 && (await running(started)) > 0; tenths += 1) await sleep(100);
    expect(await running(started)).toBe(0);
    expect(await readdir("/sys/class/net")).toEqual(links);
    expect((await readdir(sandbox.paths.directory)).filter((name) => name.startsWith("traffic-"))).toEqual([]);
  });

  it("shows the analysis alone where the machine cannot run pods, and says why", async () => {
    const binaries = await mkdtemp(join(tmpdir(), "aks-mesh-path-"));
    try {
      for (const program of ["which", "sh", "env"]) await symlink(`/usr/bin/${program}`, join(binaries, program));
      const { code, stdout, stderr } = await output(start([], { PATH: binaries }));
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^Real sidecars need [^\n]+\n/);
      expect(stdout).toContain("bookbuyer/bookbuyer → bookstore.bookstore:14001");
    } finally {
      await rm(binaries, { recursive: true });
    }
  });
});

/** Calls of the sample that its policy lets pass, to each of the two versions. */
const toFirst = ["bookbuyer/bookbuyer", "bookstore-v1.bookstore:14001", "--path"] as const;
const toSecond = ["bookbuyer", "bookstore-v2", "--path"] as const;

describe.sequential("load", () => {
  beforeAll(async () => {
    const policy = "policy.openservicemesh.io/v1alpha1";
    const setting = (name: string, limits: object) => ({
      ...{ apiVersion: policy, kind: "UpstreamTrafficSetting", metadata: { name, namespace: "bookstore" } },
      spec: { host: `bookstore-${name}.bookstore.svc.cluster.local`, ...limits },
    });
    await apply(setting("v1", { rateLimit: { local: { http: { requests: 20, unit: "hour", burst: 5 } } } }));
    await apply(setting("v2", { connectionSettings: { http: { maxRequests: 5 } } }));
    await apply({
      ...{ apiVersion: policy, kind: "Retry", metadata: { name: "books", namespace: "bookbuyer" } },
      spec: {
        source: { kind: "ServiceAccount", name: "bookbuyer", namespace: "bookbuyer" },
        destinations: [{ kind: "Service", name: "bookstore-v1", namespace: "bookstore" }],
        retryPolicy: { retryOn: "5xx", perTryTimeout: "1s", numRetries: 2, retryBackoffBaseInterval: "1ms" },
      },
    });
  });

  it("passes what a full bucket has, and no call more", async (context) => {
    await needsPods(context);
    const { code, report } = await loadOf(sandbox, ...toFirst, "/buy-a-book/new", "--requests=100", "--rate=100");
    expect(code).toBe(1);
    // The last of them begins so late.
    expect(report.seconds).toBeGreaterThanOrEqual(0.99);
    expect(report).toMatchObject({ passed: 25, ends: { "200": 25, "429": 75 }, interrupted: false });
    expect(report.sidecars).toMatchObject({ limitedRequests: 75, overflowedRequests: 0, retried: 0 });
    expect(report.byRate).toEqual({ atOnce: 25, most: 45 });
    expect(report.configured.map(({ limit, value, by }) => [limit, value, by].join(" "))).toEqual([
      "retries 2 on 5xx Retry bookbuyer/books",
      "perTryTimeout 1s Retry bookbuyer/books",
      "requestRate 20 per hour and 5 more at once, then 429 UpstreamTrafficSetting bookstore/v1",
    ]);
  });

  it("overflows a circuit breaker with calls that are under way at the same time, each told by the sidecar", async (context) => {
    await needsPods(context);
    // While five wait for their answers the others come.
    const slow = "/buy-a-book/new?delay=3s";
    const { report } = await loadOf(sandbox, ...toSecond, slow, "--requests=20", "--concurrency=20");
    const { "200": passed = 0, "503": overflowed = 0 } = report.ends;
    expect({ ends: report.ends, all: passed + overflowed }).toMatchObject({ all: 20 });
    expect(passed).toBeGreaterThanOrEqual(5);
    expect(overflowed).toBeGreaterThan(0);
    expect(report.sidecars).toMatchObject({ overflowedRequests: overflowed, limitedRequests: 0, retried: 0 });
    const { p50 = 0, p90 = 0, p99 = 0, max = 0 } = report.latency ?? {};
    expect(p50).toBeGreaterThanOrEqual(3000);
    expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].sort((a, b) => a - b));
    expect(report.configured.map(({ limit, value }) => [limit, value].join(" "))).toEqual(["maxRequests 5"]);
  });

  it("tries failing and slow calls again as often as the policy says", async (context) => {
    await needsPods(context);
    const failing = await loadOf(sandbox, ...toFirst, "/buy-a-book/new?status=500", "--requests=5", "--concurrency=5");
    expect(failing.report, JSON.stringify(failing.report)).toMatchObject({
      ends: { "500": 5 },
      sidecars: { retried: 10, overflowedRequests: 0 },
    });
    const slow = await loadOf(sandbox, ...toFirst, "/buy-a-book/new?delay=1h", "--requests=4", "--concurrency=4");
    expect(slow.report).toMatchObject({ ends: { "504": 4 }, sidecars: { retried: 8, timedOut: 12 } });
  });

  it("is refused where the policy lets no such call pass", async (context) => {
    await needsPods(context);
    const { code, stderr } = await output(startLoad(sandbox, "bookthief", "bookstore.bookstore:14001"));
    expect(code).toBe(2);
    expect(stderr).toContain("bookthief/bookthief may not call bookstore.bookstore.svc.cluster.local:14001 by GET /");
  });

  it("tells what there is after Ctrl-C, of connections as well", async (context) => {
    await needsPods(context);
    const child = startLoad(
      sandbox,
      ...["bookwarehouse", "mysql", "--tcp", "--requests=1000000", "--rate=20", "--json"],
    );
    const exit = output(child);
    await new Promise<void>((resolve) => {
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString("utf8");
        if (said.includes("of 1000000 calls")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, stdout, stderr } = await exit;
    expect(code, stderr).toBe(130);
    const report = JSON.parse(stdout) as LoadReport;
    expect(report).toMatchObject({ interrupted: true, ends: { answered: report.passed }, configured: [] });
    expect(report.passed).toBeGreaterThan(0);
  });
});

const meshKinds =
  "ns,sa,deploy,sts,svc,endpoints,meshconfigs,trafficsplits,httproutegroups,tcproutes,traffictargets".split(",");

async function meshObjects(kinds: readonly string[]): Promise<string> {
  const exit = await kubectl(sandbox, "dev", "get", "-A", "-o", "yaml", kinds.join(","));
  expect(exit.code, exit.stderr).toBe(0);
  return exit.stdout;
}

/** What `aks-mesh observed` says of objects, by the Prometheus that runs. */
async function observe(objects: string): Promise<{ code: number | null; report: Observed }> {
  const [cluster = ""] = await readdir(join(sandbox.paths.directory, "clusters"));
  const ports = join(sandbox.paths.directory, "clusters", cluster, "metrics", "ports.json");
  const { prometheus } = JSON.parse(await readFile(ports, "utf8")) as { prometheus: number };
  const folder = await mkdtemp(join(tmpdir(), "aks-mesh-observed-"));
  try {
    const file = join(folder, "objects.yaml");
    await writeFile(file, objects);
    const address = `http://127.0.0.1:${prometheus}`;
    const child = spawn(process.execPath, [
      join(__dirname, "../../cli/bin.js"),
      "observed",
      file,
      "--prometheus",
      address,
      "--json",
    ]);
    const { code, stdout, stderr } = await output(child);
    expect([0, 1], stderr).toContain(code);
    return { code, report: JSON.parse(stdout) as Observed };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The programs of a name below a process, as soon as there are some. */
async function descendantsNamed(child: ChildProcess, name: string): Promise<readonly ProcessIdentity[]> {
  for (let tenths = 0; tenths < 600; tenths += 1) {
    const named: ProcessIdentity[] = [];
    for (const one of await descendants(child.pid ?? 0)) {
      const command = await readFile(`/proc/${one.pid}/comm`, "utf8").catch(() => "");
      if (command.trim() === name) named.push(one);
    }
    if (named.length > 0) return named;
    await sleep(100);
  }
  return [];
}

/** Applies an object that the mesh's webhook refuses. */
async function kubectlFails(object: object): Promise<void> {
  const exit = await kubectlApply(object);
  expect(exit.code, exit.stdout).not.toBe(0);
  expect(exit.stderr).toContain("denied the request");
}

async function running(processes: readonly ProcessIdentity[]): Promise<number> {
  return (await Promise.all(processes.map(isRunning))).filter(Boolean).length;
}

async function patch(kind: string, name: string, change: object): Promise<void> {
  const json = JSON.stringify(change);
  const exit = await kubectl(sandbox, "dev", "patch", kind, name, "--namespace=bookstore", "--type=merge", "-p", json);
  expect(exit.code, exit.stderr).toBe(0);
}

/** Whom bookthief's program runs as. */
async function runAs(runAsUser: number): Promise<void> {
  const containers = [{ name: "bookthief", securityContext: { runAsUser } }];
  const patched = JSON.stringify({ spec: { template: { spec: { containers } } } });
  const exit = await kubectl(
    sandbox,
    "dev",
    "patch",
    "deployment",
    "bookthief",
    "--namespace=bookthief",
    "--patch",
    patched,
  );
  expect(exit.code, exit.stderr).toBe(0);
}

async function apply(object: object): Promise<void> {
  const exit = await kubectlApply(object);
  expect(exit.code, exit.stderr).toBe(0);
}

async function kubectlApply(object: object): Promise<Awaited<ReturnType<typeof kubectl>>> {
  const folder = await mkdtemp(join(tmpdir(), "aks-mesh-apply-"));
  try {
    const file = join(folder, "object.json");
    await writeFile(file, JSON.stringify(object));
    return await kubectl(sandbox, "dev", "apply", "-f", file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
