import { type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type MeshName } from "../../mesh";
import { run } from "../../sandbox/engine";
import { programDirectory } from "../../sandbox/paths";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { prometheusApi } from "../../sandbox/metrics/prometheus-api";
import { ensureMetricsTools } from "../../sandbox/metrics/tools";
import { stackCluster } from "../../sandbox/traffic/cluster";
import { closeTestSandbox, configure, kubectl, openTestSandbox, up } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { loadOf, startTraffic, stopTraffic } from "./traffic-process";
import { until } from "./until";

const program = join(__dirname, "programs", "rollout");
const stack = "dev";
const root = "bookstore/bookstore";
let sandbox: Sandbox;
let traffic: ChildProcess | undefined;
/** Address of the Prometheus that counts while pods run. */
let prometheus = "";

/** Runs `aks-mesh …` where the sandbox keeps the stack. */
function command(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return run(process.execPath, [join(programDirectory, "cli", "bin.js"), ...args, "--stack", stack], {
    cwd: sandbox.paths.project,
    environment: { ...sandbox.environment, ...environment },
  });
}

function rollout(...args: string[]) {
  return command(["rollout", ...args]);
}

/** Runs `aks-mesh deploy …` as the workflow does. Nobody answers about prices, which are no part of a plan. */
function deploy(...args: string[]) {
  const nobody = { AKS_MESH_PRICES_URL: "http://127.0.0.1:9" };
  return command(["deploy", ...args], {
    AKS_MESH_ROLLOUT: "hold",
    GITHUB_STEP_SUMMARY: "",
    GITHUB_OUTPUT: "",
    ...nobody,
  });
}

/** Plans a deployment that waits for somebody to approve it, and gives what takes it up. */
async function planned(): Promise<() => ReturnType<typeof deploy>> {
  const plan = join(sandbox.paths.directory, "plan.json");
  const { code, stdout, stderr } = await deploy("--plan", plan);
  expect(code, stderr).toBe(0);
  const [digest = ""] = /sha256:[0-9a-f]{64}/.exec(stdout) ?? [];
  return () => deploy("--plan", plan, "--approved", digest);
}

interface State {
  readonly weight: number;
  readonly phase: string;
  readonly version: string;
  readonly reason: string;
  readonly requests?: Readonly<Record<string, number>>;
}

/** Where the rollout stands. */
async function standing(...args: string[]): Promise<State> {
  const exit = await rollout("status", "--json", ...args);
  expect(exit.code, exit.stderr).toBe(0);
  const { rollouts } = JSON.parse(exit.stdout) as { rollouts: Record<string, State> };
  return rollouts[root] ?? expect.fail(exit.stdout);
}

/** The object that holds a mesh's weights, and where in it they are. */
const weighing = {
  osm: {
    object: ["trafficsplit", "bookstore-split"],
    template: "{range .spec.backends[*]}{.service}={.weight} {end}",
  },
  istio: {
    object: ["virtualservice", "bookstore"],
    template: "{range .spec.http[*].route[*]}{.destination.host}={.weight} {end}",
  },
};

/** The weights above 0 in the cluster. Of Istio there is none where all calls go to one. */
async function weights(mesh: MeshName): Promise<string> {
  const { object, template } = weighing[mesh];
  const exit = await kubectl(sandbox, stack, "get", ...object, "-n", "bookstore", `--output=jsonpath=${template}`);
  expect(exit.code, exit.stderr).toBe(0);
  const shares = exit.stdout.trim().replaceAll(".bookstore.svc.cluster.local", "").replace(/=$/, "=100").split(" ");
  return shares.filter((share) => !share.endsWith("=0")).join(" ");
}

/** Waits until callers' sidecars have counted as many more requests to the second version as the gate wants to see. */
async function calledAgain(): Promise<void> {
  const api = prometheusApi(prometheus);
  const counted = async (): Promise<number> => {
    const [sample] = await api.query('sum(envoy_cluster_upstream_rq{destination_service="bookstore-v2"})');
    return sample?.value ?? 0;
  };
  const before = await counted();
  await until(async () => ((await counted()) > before + 50 ? true : undefined));
}

/** Asks for a step until the gate can tell. */
function stepUntilMoved(): Promise<{ code: number; state: State }> {
  let before: State | undefined;
  return until(async () => {
    before ??= await standing();
    const { code, stdout, stderr } = await rollout("step");
    expect([0, 3], stdout + stderr).toContain(code);
    const state = await standing();
    return state.weight === before.weight && state.phase === before.phase ? undefined : { code, state };
  });
}

/**
 * What happens to a rollout once it has begun: the gate on a good version, and on a bad one; a person's steps, and those of an approved plan; calls that are
 * told by a header; and rates, which are set by the program as well.
 */
type Flow = "good" | "bad" | "by hand" | "headers" | "rates";

/** Tests of a rollout with real control planes, sidecars and Prometheus: always how it begins, and then what each mesh is named for. */
export function rolloutFlows(flows: Readonly<Record<MeshName, readonly Flow[]>>): void {
  describe.sequential.each(["osm", "istio"] as const)("versions and rates by the program on %s", (mesh) => {
    const has = (flow: Flow): boolean => flows[mesh].includes(flow);
    beforeAll(async () => {
      vi.stubEnv("TEST_PROGRAM", program);
      sandbox = await openTestSandbox({ program });
      await configure(sandbox, stack, { mesh });
    });
    afterAll(async () => {
      await stopTraffic(traffic);
      await closeTestSandbox(sandbox);
      vi.unstubAllEnvs();
    });

    it("begins with its first step, and stays there without anybody who counts", async () => {
      expect(await up(sandbox, stack)).toContain(
        "rollout of bookstore/bookstore: 25 % to bookstore-v2: the rollout of version",
      );
      expect(await weights(mesh)).toBe("bookstore-v1=75 bookstore-v2=25");
      const exit = await rollout("step");
      expect(exit.code, exit.stderr).toBe(0);
      expect(exit.stdout).toContain("stays at 25 % to bookstore-v2: the gate cannot tell: no Prometheus is known");
    });

    if (has("good") || has("bad")) {
      it("is told where sidecars' counts are", async (context) => {
        await needsPods(context);
        prometheus = await openedMetrics();
        await configure(sandbox, stack, { prometheus });
      });
    }

    if (has("good")) {
      it("gives a good version all calls, as callers' sidecars count", async (context) => {
        await needsPods(context);
        const all = await stepUntilMoved();
        expect(all.state).toMatchObject({ weight: 100, phase: "progressing" });
        expect(all.state.reason).toMatch(/^0 of [\d,]+ requests failed in \d+s \(0\.0 %\), at most 1 % may$/);
        expect(await weights(mesh)).toBe("bookstore-v2=100");
        const counted = await until(async () => {
          const { requests = {} } = await standing("--prometheus", prometheus);
          return (requests["bookstore-v2"] ?? 0) > 100 ? requests : undefined;
        });
        expect(counted["bookstore-v2"]).toBeGreaterThan(counted["bookstore-v1"] ?? 0);
        expect((await stepUntilMoved()).state).toMatchObject({ weight: 100, phase: "finished" });
      });
    }

    if (has("bad")) {
      it("sends a bad version back at its first step, says so with its exit code, and leaves it there", async (context) => {
        await needsPods(context);
        if ((await standing()).weight < 100) expect((await rollout("next")).code).toBe(0);
        const { version } = await standing();
        await configure(sandbox, stack, { failPercent: 20 });
        const refused = await rollout("step");
        expect(refused.code).toBe(1);
        expect(refused.stderr).toMatch(/nothing was changed\. .*update Deployment .*bookstore-v2/);
        expect(await up(sandbox, stack)).toMatch(/100 % → 25 % to bookstore-v2: version \w+ takes the place of/);
        await calledAgain();
        const back = await stepUntilMoved();
        expect(back).toMatchObject({ code: 3, state: { weight: 0, phase: "failed" } });
        expect(back.state.version).not.toBe(version);
        const [, failed, of] = /^(\d+) of (\d+) requests failed/.exec(back.state.reason) ?? [];
        expect(Number(failed) / Number(of)).toBeGreaterThan(0.1);
        expect(await weights(mesh)).toBe("bookstore-v1=100");
        const again = await rollout("step");
        expect(again.code, again.stderr).toBe(0);
        expect(again.stdout).toMatch(/stays at 0 % to bookstore-v2: it failed at .*Deploy another version/);
      });
    }

    if (has("by hand")) {
      it("goes on where a person says so, and back", async () => {
        await configure(sandbox, stack, { prometheus: undefined, failPercent: 1 });
        await up(sandbox, stack);
        const approved = await planned();
        expect((await rollout("next", "--root", root)).stdout).toContain(
          "25 % → 100 % to bookstore-v2: somebody asked for it",
        );
        // A step between plan and deployment changes nothing that the plan says.
        const deployed = await approved();
        expect(deployed, deployed.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining("deployed: dev") });
        expect(await weights(mesh)).toBe("bookstore-v2=100");
        expect((await rollout("back")).stdout).toContain("100 % → 0 % to bookstore-v2: somebody asked for it");
        expect(await standing()).toMatchObject({ weight: 0, phase: "stopped" });
        expect(await weights(mesh)).toBe("bookstore-v1=100");
      });

      it("begins with no other version by a plan that was made before the last step", async () => {
        expect((await rollout("next")).code).toBe(0);
        await configure(sandbox, stack, { failPercent: 2 });
        const approved = await planned();
        await configure(sandbox, stack, { failPercent: 1 });
        expect((await rollout("next")).code).toBe(0);
        await configure(sandbox, stack, { failPercent: 2 });
        const refused = await approved();
        expect(refused.code, refused.stdout + refused.stderr).toBe(1);
        expect(refused.stderr).toContain("Plan again.");
      });
    }
    if (has("headers") && mesh === "osm") {
      it("refuses headers where the mesh cannot route by them, with what to write instead", async () => {
        await configure(sandbox, stack, { group: "beta" });
        const exit = await operate(sandbox, "preview", stack);
        expect(exit.code).not.toBe(0);
        expect(exit.stdout + exit.stderr).toMatch(
          /rollouts\[0\]\.match: Open Service Mesh cannot route by a header.*share calls out by weight.*Istio has it/,
        );
      });
    }
    if (has("headers") && mesh === "istio") {
      it("gives the canary requests with a header, and no others, while its weight is 0", async (context) => {
        await needsPods(context);
        await stopTraffic(traffic);
        // Who answers is told by how: the canary fails all it is asked.
        await configure(sandbox, stack, { prometheus: undefined, failPercent: 100, group: "beta" });
        expect(await up(sandbox, stack)).toMatch(/→ 0 % to bookstore-v2: version \w+ takes the place of/);
        const calls = (...more: readonly string[]) =>
          loadOf(
            ...[sandbox, "bookbuyer/bookbuyer", "bookstore.bookstore:14001", "--path", "/buy-a-book/new"],
            ...["--requests=40", ...more],
          );
        expect((await calls("--header", "x-group=beta")).report.ends).toEqual({ "500": 40 });
        expect((await calls()).report.ends).toEqual({ "200": 40 });
        expect((await rollout("back")).code).toBe(0);
        expect((await calls("--header", "x-group=beta")).report.ends).toEqual({ "200": 40 });
      });
    }
    if (has("rates")) {
      it("bounds requests and connections where EnvoyFilters are allowed, and names the setting where not", async (context) => {
        await needsPods(context);
        await configure(sandbox, stack, { group: undefined, failPercent: undefined, perHour: 20 });
        const refused = await operate(sandbox, "preview", stack);
        expect(refused.code).not.toBe(0);
        expect(refused.stdout + refused.stderr).toMatch(
          /AKS allows and does not support: allow it, istio\.allowEnvoyFilter/,
        );
        await configure(sandbox, stack, { allowEnvoyFilter: true });
        await up(sandbox, stack);
        const to = ["bookbuyer/bookbuyer", "bookstore-v1.bookstore:14001", "--path", "/buy-a-book/new"];
        const { report } = await loadOf(sandbox, ...to, "--requests=100", "--concurrency=4");
        expect(report).toMatchObject({
          ends: { "200": 25, "429": 75 },
          sidecars: { limitedRequests: 75 },
          byRate: { atOnce: 25 },
        });
        expect(report.configured.map(({ limit, value, by }) => [limit, value, by].join(" "))).toEqual([
          "requestRate 20 per hour and 5 more at once, then 429 EnvoyFilter bookstore/rate-bookstore",
        ]);
        const database = ["bookwarehouse/bookwarehouse", "mysql.bookwarehouse:3306", "--tcp"];
        const tcp = await loadOf(sandbox, ...database, "--requests=40", "--concurrency=1");
        expect(tcp.report).toMatchObject({ passed: 25, sidecars: { limitedConnections: 15 } });
        expect(tcp.report.configured).toMatchObject([
          { limit: "connectionRate", by: "EnvoyFilter bookwarehouse/rate-mysql" },
        ]);
      });
    }
  });
}

/** Starts the pods with a Prometheus beside them, which run until the tests end. @returns its address. */
async function openedMetrics(): Promise<string> {
  // Built before it is waited for, which takes minutes where nothing is cached.
  await ensureMetricsTools(() => undefined);
  traffic = startTraffic(sandbox, ["--stack", stack, "--metrics", "--seconds", "3600"]);
  const { directory } = await stackCluster(sandbox, stack);
  const file = join(directory, "metrics", "ports.json");
  return until(async () => {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const ports = JSON.parse(text) as { prometheus: number };
    return `http://127.0.0.1:${String(ports.prometheus)}`;
  });
}
