import { type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type MeshName } from "../../mesh";
import { type KubernetesObject } from "../../sandbox/control-plane/api-client";
import { run } from "../../sandbox/engine";
import { prometheusApi } from "../../sandbox/metrics/prometheus-api";
import { ensureMetricsTools } from "../../sandbox/metrics/tools";
import { programDirectory } from "../../sandbox/paths";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { type StackCluster, stackCluster } from "../../sandbox/traffic/cluster";
import { ensureFlagger } from "../../sandbox/tools/flagger";
import { expectedObjects, flaggersObjects, pathOf } from "./flagger-objects";
import { closeTestSandbox, configure, kubectl, openTestSandbox, preview, up } from "./in-sandbox";
import { needsPods } from "./needs-pods";
import { startTraffic, stopTraffic } from "./traffic-process";
import { until } from "./until";

const program = join(__dirname, "programs", "canary");
const stack = "dev";
let sandbox: Sandbox;
let cluster: StackCluster;
let traffic: ChildProcess | undefined;

/** Runs `aks-mesh drift …` where the sandbox keeps the stack. */
function drift() {
  return run(process.execPath, [join(programDirectory, "cli", "bin.js"), "drift", "--stack", stack], {
    cwd: sandbox.paths.project,
    environment: { ...sandbox.environment, GITHUB_STEP_SUMMARY: "" },
  });
}

interface CanaryStatus {
  readonly phase?: string;
  readonly canaryWeight?: number;
  readonly failedChecks?: number;
}

interface WithSpec extends KubernetesObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

const flaggerPath = "/apis/flagger.app/v1beta1/namespaces/bookstore";
const status = (): Promise<CanaryStatus> =>
  cluster.api
    .get<{ readonly status?: CanaryStatus }>(`${flaggerPath}/canaries/bookstore`)
    .then((canary) => canary.status ?? {});

/** Waits for a phase. */
function phase(wanted: string): Promise<true> {
  return until(async () => ((await status()).phase === wanted ? true : undefined));
}

/** How many pods of the Deployment there are to be, and which version has proved itself. */
async function versions(): Promise<unknown> {
  const [deployment, primary] = await Promise.all(
    ["bookstore", "bookstore-primary"].map((name) => cluster.api.get<WithSpec>(pathOf("Deployment", name))),
  );
  const proved = /"name":"VERSION","value":"(\w+)"/.exec(JSON.stringify(primary?.spec["template"]));
  return { replicas: deployment?.spec["replicas"], proved: proved?.[1] };
}

/** What Flagger has said of the canary, a line each, with the time. */
async function said(): Promise<string> {
  const events = await cluster.api.list<
    KubernetesObject & { readonly message: string; readonly lastTimestamp: string }
  >("/api/v1/namespaces/bookstore/events?fieldSelector=involvedObject.kind=Canary");
  return events
    .map(({ message, lastTimestamp }) => `${lastTimestamp} ${message}`)
    .sort()
    .join("\n");
}

interface Requests {
  readonly all: number;
  readonly failed: number;
  readonly denied: number;
  readonly canary: number;
}

/** How many requests Prometheus has counted since the traffic began, by what they ended with. */
async function requests(): Promise<Requests> {
  const file = join(cluster.directory, "metrics", "ports.json");
  const { prometheus } = JSON.parse(await readFile(file, "utf8")) as { prometheus: number };
  const api = prometheusApi(`http://127.0.0.1:${String(prometheus)}`);
  const total = async (service: string, selector = ""): Promise<number> => {
    const [sample] = await api.query(
      // A sidecar forgets what it counted of a Service without pods.
      `sum(max_over_time(envoy_cluster_upstream_rq{destination_namespace="bookstore", destination_service=~"${service}"${selector}}[30m]))`,
    );
    return sample?.value ?? 0;
  };
  return {
    all: await total("bookstore.*"),
    failed: await total("bookstore.*", ', response_code=~"5.."'),
    denied: await total("bookstore.*", ', response_code="403"'),
    canary: await total("bookstore-canary"),
  };
}

/** What has been counted since, once callers go on and nothing more fails: what was under way has ended and been counted. */
async function settledSince(before: Requests): Promise<Requests> {
  let last = await requests();
  const after = await until(async () => {
    const now = await requests();
    if (now.failed === last.failed) return now.all > last.all + 50 ? now : undefined;
    last = now;
    return undefined;
  });
  return {
    all: after.all - before.all,
    failed: after.failed - before.failed,
    denied: after.denied - before.denied,
    canary: after.canary - before.canary,
  };
}

/** What happens to a canary once Flagger has it: a good version, a bad one, the way out, and Flagger's own definitions in place of the program's. */
type Flow = "good" | "bad" | "leaving" | "definitions";

/** Tests of a canary with the real Flagger and real sidecars: always how Flagger takes it over, and then what is asked for. */
export function canaryFlows(mesh: MeshName, flows: readonly Flow[]): void {
  describe.sequential(`a canary of Flagger's on ${mesh}`, () => {
    beforeAll(async () => {
      vi.stubEnv("TEST_PROGRAM", program);
      sandbox = await openTestSandbox({ program });
      await configure(sandbox, stack, { mesh });
    });
    afterAll(async () => {
      await stopTraffic(traffic);
      cluster?.api.close();
      await closeTestSandbox(sandbox);
      vi.unstubAllEnvs();
    });

    it("is told to Flagger, which may do no more than it needs", async () => {
      expect(await up(sandbox, stack)).toContain("canary of bookstore/bookstore: Flagger has its weights");
      cluster = await stackCluster(sandbox, stack);
      const mayFlagger = async (...what: string[]): Promise<string> => {
        const as = "--as=system:serviceaccount:flagger-system:flagger";
        return (await kubectl(sandbox, stack, "auth", "can-i", as, ...what)).stdout.trim();
      };
      expect(await mayFlagger("update", "services", "-n", "bookstore")).toBe("yes");
      expect(await mayFlagger("update", "services", "-n", "bookbuyer")).toBe("no");
      expect(await mayFlagger("get", "secrets", "-n", "bookstore")).toBe("no");
    });

    it("is taken over with the objects that the analysis expects", async (context) => {
      await needsPods(context);
      // Built before it is waited for, which takes minutes where nothing is cached.
      await ensureMetricsTools(() => undefined);
      await ensureFlagger(() => undefined);
      traffic = startTraffic(sandbox, ["--stack", stack, "--metrics", "--seconds", "3600"]);
      await phase("Initialized");
      expect(await flaggersObjects(cluster.api, mesh)).toEqual(expectedObjects(mesh));
      expect(await versions()).toEqual({ replicas: 0, proved: "one" });
      // Callers have come to it, before there is a version to compare.
      await until(async () => ((await requests()).all > 50 ? true : undefined));
    });

    it("is left as it is by another run, and is no drift, as what a person changed is", async (context) => {
      await needsPods(context);
      expect(await preview(sandbox, stack)).toEqual([]);
      expect(await up(sandbox, stack)).toContain("they are left as they are");
      expect(await flaggersObjects(cluster.api, mesh)).toEqual(expectedObjects(mesh));
      expect(await drift()).toMatchObject({ code: 0, stdout: "Stack dev is as it was deployed.\n" });
      const change = (threshold: number) =>
        cluster.api.mergePatch(`${flaggerPath}/canaries/bookstore`, { spec: { analysis: { threshold } } });
      await change(5);
      const changed = await drift();
      expect(changed.code).toBe(1);
      expect(changed.stdout.split("\n").filter((line) => /^[~−]/.test(line))).toEqual([
        "~ kubernetes:flagger.app/v1beta1:Canary canary-bookstore-bookstore: spec",
      ]);
      await change(3);
    });

    if (flows.includes("good")) {
      it("lets a good version in, step by step, whatever runs in between", async (context) => {
        await needsPods(context);
        await configure(sandbox, stack, { version: "two" });
        await up(sandbox, stack);
        await until(async () => (((await status()).canaryWeight ?? 0) > 0 ? true : undefined));
        expect(await preview(sandbox, stack)).toEqual([]);
        await phase("Succeeded");
        for (const weight of [30, 60])
          expect(await said()).toContain(`Advance bookstore.bookstore canary weight ${weight}`);
        expect(await flaggersObjects(cluster.api, mesh)).toEqual(expectedObjects(mesh));
        expect(await versions()).toEqual({ replicas: 0, proved: "two" });
      });
    }
    if (flows.includes("definitions")) {
      it("is what Flagger's own definitions take, too", async () => {
        const definitions = join(await ensureFlagger(() => undefined), "..", "..", "crds", "crd.yaml");
        const replaced = await kubectl(sandbox, stack, "replace", "-f", definitions);
        expect(replaced.code, replaced.stderr).toBe(0);
        const trial = (plural: string, object: KubernetesObject) =>
          cluster.api.create(`${flaggerPath}/${plural}?dryRun=All&fieldValidation=Strict`, object);
        const [canary, template] = await Promise.all(
          ["canaries/bookstore", "metrictemplates/bookstore-0"].map(async (path) => {
            const { apiVersion, kind, metadata, spec } = await cluster.api.get<WithSpec>(`${flaggerPath}/${path}`);
            return { apiVersion, kind, metadata: { name: "copy", namespace: metadata.namespace }, spec };
          }),
        );
        if (canary === undefined || template === undefined) expect.fail("nothing was made");
        // Once the API server goes by them.
        const job = { ...canary, spec: { ...canary.spec, targetRef: { kind: "Job", name: "bookstore" } } };
        await until(() =>
          trial("canaries", job).then(
            () => undefined,
            (error: unknown) => String(error),
          ),
        );
        await trial("canaries", canary);
        await trial("metrictemplates", template);
      });
    }
    if (flows.includes("bad")) {
      it("sends a bad one back, after which nothing fails any more", async (context) => {
        await needsPods(context);
        const before = await requests();
        await configure(sandbox, stack, { version: "two", failPercent: 30 });
        await up(sandbox, stack);
        await phase("Failed");
        expect(await flaggersObjects(cluster.api, mesh)).toEqual(expectedObjects(mesh));
        expect(await versions()).toEqual({ replicas: 0, proved: "one" });
        expect(await said()).toContain("advancement percent of requests that failed");
        const { all, canary, failed } = await settledSince(before);
        expect(canary).toBeGreaterThan(0);
        expect(canary).toBeLessThan(all / 2);
        expect(failed).toBeGreaterThan(0);
        expect(failed).toBeLessThan(all * 0.3);
        expect(await preview(sandbox, stack)).toEqual([]);
      });
    }
    if (flows.includes("leaving")) {
      it("is refused where it is taken out while Flagger has it", async () => {
        await configure(sandbox, stack, { canary: "gone" });
        const { code, stdout, stderr } = await operate(sandbox, "preview", stack);
        expect(code).not.toBe(0);
        expect(stdout + stderr).toContain("Write it again with leaving: true, run pulumi up, and take it out");
      });

      it("is given back by Flagger, with no caller shut out, and then nothing of it is left", async (context) => {
        await needsPods(context);
        const before = await requests();
        await configure(sandbox, stack, { version: "three", failPercent: 0, canary: "leaving" });
        expect(await up(sandbox, stack)).toContain("Flagger gives its calls to Deployment bookstore as it is declared");
        expect(await cluster.api.find(`${flaggerPath}/canaries/bookstore`)).toBeUndefined();
        // The garbage collector takes what belonged to the Canary.
        await until(async () =>
          Object.keys(await flaggersObjects(cluster.api, mesh)).length === 1 ? true : undefined,
        );
        expect(await flaggersObjects(cluster.api, mesh)).toMatchObject({
          "Service bookstore": { selector: { app: "bookstore" } },
        });
        expect((await settledSince(before)).denied).toBe(0);
        await configure(sandbox, stack, { canary: "gone" });
        await up(sandbox, stack);
        expect(await preview(sandbox, stack)).toEqual([]);
        expect((await settledSince(before)).denied).toBe(0);
        expect(await cluster.api.find("/apis/flagger.app/v1beta1")).toBeUndefined();
      });
    }
  });
}
