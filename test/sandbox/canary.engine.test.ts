import { type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { type KubernetesObject } from "../../sandbox/control-plane/api-client";
import { podProblem } from "../../sandbox/data-plane/runner";
import { prometheusApi } from "../../sandbox/metrics/prometheus-api";
import { operate, type Sandbox } from "../../sandbox/sandbox";
import { type StackCluster, stackCluster } from "../../sandbox/traffic/cluster";
import { ensureFlagger } from "../../sandbox/tools/flagger";
import { closeTestSandbox, configure, kubectl, openTestSandbox, preview } from "./in-sandbox";
import { startTraffic, stopTraffic } from "./traffic-process";
import { until } from "./until";

const program = join(__dirname, "programs", "canary");
const stack = "dev";
let sandbox: Sandbox;
let cluster: StackCluster;
let problem: string | undefined;
let traffic: ChildProcess | undefined;

beforeAll(async () => {
  problem = await podProblem();
  sandbox = await openTestSandbox({ program });
});
afterAll(async () => {
  await stopTraffic(traffic);
  cluster.api.close();
  await closeTestSandbox(sandbox);
});

/** Leaves the test out where pods cannot run, and says why. */
function needsPods({ skip }: TestContext): void {
  if (problem !== undefined) skip(problem);
}

async function up(): Promise<string> {
  const exit = await operate(sandbox, "up", stack);
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  return exit.stdout;
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

/** What Flagger owns. */
async function ofFlagger(): Promise<unknown> {
  const namespace = "namespaces/bookstore";
  const spec = async (path: string): Promise<Record<string, unknown>> => (await cluster.api.get<WithSpec>(path)).spec;
  const [service, deployment, split, primary] = await Promise.all([
    spec(`/api/v1/${namespace}/services/bookstore`),
    spec(`/apis/apps/v1/${namespace}/deployments/bookstore`),
    spec(`/apis/split.smi-spec.io/v1alpha2/${namespace}/trafficsplits/bookstore`),
    spec(`/apis/apps/v1/${namespace}/deployments/bookstore-primary`),
  ]);
  return {
    selector: service["selector"],
    replicas: deployment["replicas"],
    backends: split["backends"],
    versions: [...JSON.stringify(primary["template"]).matchAll(/"name":"VERSION","value":"(\w+)"/g)].map(
      ([, one]) => one,
    ),
  };
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

/** How many requests Prometheus has counted since the traffic began, by what they ended with. */
async function requests(): Promise<{ readonly all: number; readonly failed: number }> {
  const file = join(cluster.directory, "metrics", "ports.json");
  const { prometheus } = JSON.parse(await readFile(file, "utf8")) as { prometheus: number };
  const api = prometheusApi(`http://127.0.0.1:${String(prometheus)}`);
  const total = async (selector: string): Promise<number> => {
    const [sample] = await api.query(
      // A sidecar forgets what it counted of a Service without pods.
      `sum(max_over_time(envoy_cluster_upstream_rq{destination_namespace="bookstore", destination_service=~"bookstore.*"${selector}}[30m]))`,
    );
    return sample?.value ?? 0;
  };
  return { all: await total(""), failed: await total(', response_code=~"5.."') };
}

describe.sequential("a canary of Flagger's", () => {
  it("is told to Flagger, which may do no more than it needs", async () => {
    expect(await up()).toContain("canary of bookstore/bookstore: Flagger has its weights");
    cluster = await stackCluster(sandbox, stack);
    const mayFlagger = async (...what: string[]): Promise<string> => {
      const as = "--as=system:serviceaccount:flagger-system:flagger";
      return (await kubectl(sandbox, stack, "auth", "can-i", as, ...what)).stdout.trim();
    };
    expect(await mayFlagger("update", "services", "-n", "bookstore")).toBe("yes");
    expect(await mayFlagger("update", "services", "-n", "bookbuyer")).toBe("no");
    expect(await mayFlagger("get", "secrets", "-n", "bookstore")).toBe("no");
  });

  it("is taken over with Flagger's own objects, and another run changes none of it", async (context) => {
    needsPods(context);
    traffic = startTraffic(sandbox, ["--stack", stack, "--metrics", "--seconds", "3600"], { TEST_PROGRAM: program });
    await phase("Initialized");
    const taken = await ofFlagger();
    expect(taken).toMatchObject({
      selector: { app: "bookstore-primary" },
      replicas: 0,
      backends: [
        { service: "bookstore-canary", weight: 0 },
        { service: "bookstore-primary", weight: 100 },
      ],
    });
    expect(await preview(sandbox, stack)).toEqual([]);
    expect(await up()).toContain("they are left as they are");
    expect(await ofFlagger()).toEqual(taken);
    // Callers have come to it, before there is a version to compare.
    await until(async () => ((await requests()).all > 50 ? true : undefined));
  });

  it("lets a good version in, step by step, whatever runs in between", async (context) => {
    needsPods(context);
    await configure(sandbox, stack, { version: "two" });
    await up();
    await until(async () => (((await status()).canaryWeight ?? 0) > 0 ? true : undefined));
    expect(await preview(sandbox, stack)).toEqual([]);
    await phase("Succeeded");
    for (const weight of [30, 60])
      expect(await said()).toContain(`Advance bookstore.bookstore canary weight ${weight}`);
    expect(await ofFlagger()).toMatchObject({ replicas: 0, backends: atRest, versions: ["two"] });
  });

  it("sends a bad one back, after which nothing fails any more", async (context) => {
    needsPods(context);
    const before = await requests();
    await configure(sandbox, stack, { version: "three", failPercent: 30 });
    await up();
    await phase("Failed");
    expect(await ofFlagger()).toMatchObject({ replicas: 0, backends: atRest, versions: ["two"] });
    expect(await said()).toContain("advancement percent of requests that failed");
    // What was under way has ended and been counted once callers go on and nothing more fails.
    let last = await requests();
    const after = await until(async () => {
      const now = await requests();
      if (now.failed === last.failed) return now.all > last.all + 50 ? now : undefined;
      last = now;
      return undefined;
    });
    const failed = after.failed - before.failed;
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan((after.all - before.all) * 0.3);
    expect(await preview(sandbox, stack)).toEqual([]);
  });

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
});

const atRest = [
  { service: "bookstore-canary", weight: 0 },
  { service: "bookstore-primary", weight: 100 },
];
