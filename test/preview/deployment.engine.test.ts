import { copyFile, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkGuarantees } from "../../mesh";
import { osmMesh } from "../../mesh/osm";
import { isolationGuarantees } from "../../preview/isolation";
import { type PreviewReport } from "../../preview/report";
import { run } from "../../sandbox/engine";
import { operate, pulumi, type Sandbox } from "../../sandbox/sandbox";
import { type KubernetesObject } from "@kubernetes/client-node";
import { previewLabel, type PreviewReach, reachTarget } from "../../program/previews/reach";
import { closeTestSandbox, configure, kubectl, openTestSandbox } from "../sandbox/in-sandbox";
import { commandAbuses, objectAbuses, own, podAbuses, podKindAbuses } from "./abuses/in-cluster";
import { allowed, type ClusterUser, clusterUser } from "./as-user";
import { type GitHubServer, startGitHub } from "./github-server";
import {
  commitOf,
  inSharedCluster,
  liveObjects,
  programAs,
  programWith,
  push,
  runPreview,
  upWithReaches,
} from "./in-preview";

const root = resolve(__dirname, "../..");
const stack = "dev";
let sandbox: Sandbox;

/** Object ids of the identities. */
const previews = "11111111-0000-0000-0000-000000000001";
const planning = "11111111-0000-0000-0000-000000000002";

describe.sequential("previews whose states are apart from that of the stack that they share", () => {
  let github: GitHubServer;
  let states: Readonly<Record<string, string>>;
  beforeAll(async () => {
    github = await startGitHub();
    const backend = async (name: string) => {
      const directory = join(sandbox.paths.directory, name);
      await mkdir(directory);
      return `file://${directory}`;
    };
    states = {
      PULUMI_BACKEND_URL: await backend("previews"),
      AKS_MESH_BASE_BACKEND_URL: await backend("published"),
      PULUMI_CONFIG_PASSPHRASE: "of the previews",
    };
  });
  afterAll(() => github.stop());

  /** A stack's state as a backend has it, with what its secrets' key opens. */
  async function exported(environment: Readonly<Record<string, string>>): Promise<string> {
    const { code, stdout, stderr } = await run(
      sandbox.tools.path("pulumi"),
      ["stack", "export", "--show-secrets", "--stack", stack],
      { cwd: sandbox.paths.project, environment: { ...sandbox.environment, ...environment } },
    );
    return code === 0 ? stdout : stderr;
  }

  it("cannot begin before it is published, and the refusal says how that is done", async () => {
    const { stderr } = await runPreview(sandbox, github, ["up", "--pr", "8", "--commit", commitOf(8)], 1, states);
    expect(stderr).toContain("There is no stack dev whose cluster is up");
    expect(stderr).toContain("npx aks-mesh preview publish --base dev");
  });

  it("are given its state without a secret", async () => {
    const { AKS_MESH_BASE_BACKEND_URL } = states;
    const { stderr } = await runPreview(sandbox, github, ["publish"], 0, {
      AKS_MESH_BASE_BACKEND_URL: `${AKS_MESH_BASE_BACKEND_URL}`,
    });
    expect(stderr).toContain("Published stack dev without its secrets.");
    const whole = await exported({});
    const secrets = [...whole.matchAll(/"plaintext": "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);
    expect(secrets.length).toBeGreaterThan(3);
    const published = await exported({
      PULUMI_BACKEND_URL: `${AKS_MESH_BASE_BACKEND_URL}`,
      PULUMI_CONFIG_PASSPHRASE: "",
    });
    expect(JSON.parse(published)).toMatchObject({ deployment: { resources: expect.any(Array) } });
    for (const secret of secrets) expect(published).not.toContain(secret);
    expect(published).not.toMatch(/"(plaintext|ciphertext)":/);
  });

  it("come up, are compared, and nothing but previews is in the states that they may write", async () => {
    const { report } = await push(sandbox, github, 8, commitOf(8), [], 0, states);
    expect(report.state).toEqual({ status: "running" });
    expect(report.health).toMatchObject({ ready: 6, total: 6 });
    expect(report.access).toMatchObject({ changes: [], broken: [] });
    // The fence is a setting of this test's stack, and not of the checkout whose program is planned.
    const { changes = [] } = report.plan ?? {};
    expect(changes.filter(({ noise, name }) => !noise && !name.startsWith("aks-mesh-dev-previews"))).toEqual([]);
    // The same, said where none of the pull request's code runs.
    const file = (name: string) => join(sandbox.paths.directory, name);
    const { report: unreviewed } = await push(
      sandbox,
      github,
      8,
      commitOf(8),
      ["--planned", file("planned")],
      0,
      states,
    );
    expect(unreviewed).not.toHaveProperty("access");
    expect(await readFile(file("planned"), "utf8")).not.toMatch(/"kind":\s*"Secret"/);
    await runPreview(sandbox, github, ["publish", "--resources", file("resources")], 0, {
      AKS_MESH_BASE_BACKEND_URL: `${states["AKS_MESH_BASE_BACKEND_URL"]}`,
    });
    const plans = ["--planned", file("planned"), "--resources", file("resources"), "--output", file("review")];
    await runPreview(sandbox, github, ["review", "--pr", "8", "--commit", commitOf(8), ...plans]);
    const review = JSON.parse(await readFile(file("review"), "utf8")) as PreviewReport;
    expect(review.access).toEqual(report.access);
    expect(review.differences).toEqual(report.differences);
    expect(review.cluster).toEqual({ resourceGroupName: "aks-mesh-dev", clusterName: "aks-mesh-dev" });
    // What the attack needs first: the state of the shared stack, to put a dynamic resource into it.
    expect(await exported(states)).toContain("no stack named 'dev' found");
    await runPreview(sandbox, github, ["down", "--pr", "8"], 0, states);
    const left = await kubectl(sandbox, stack, "get", "namespaces", "--output=name");
    expect(left.stdout).not.toContain("pr-8-");
  });
});

/** What the previews of these tests may call of the shared workloads. */
const restocking: PreviewReach = {
  from: "bookbuyer/bookbuyer",
  to: "bookwarehouse/bookwarehouse",
  port: 14001,
  routes: ["bookwarehouse-service-routes/restock-books"],
};

beforeAll(async () => {
  sandbox = await openTestSandbox();
  await configure(sandbox, stack, { previewObjectId: previews, previewReaches: [restocking] });
  const { code, stdout, stderr } = await operate(sandbox, "up", stack);
  expect(code, stdout + stderr).toBe(0);
});
afterAll(() => closeTestSandbox(sandbox));

describe.sequential("deployments by an approved plan", () => {
  const file = (name: string) => join(sandbox.paths.directory, name);

  /** `aks-mesh deploy`, as the workflow calls it, of the project in a folder. */
  async function deploy(cwd: string, ...args: readonly string[]) {
    const output = file("github-output");
    await writeFile(output, "");
    const environment = { ...sandbox.environment, GITHUB_STEP_SUMMARY: "", GITHUB_OUTPUT: output, CI: "true" };
    const exit = await run(process.execPath, [join(root, "cli", "bin.js"), "deploy", "--stack", stack, ...args], {
      cwd,
      environment,
    });
    const [, digest = ""] = /^digest=(.*)$/m.exec(await readFile(output, "utf8")) ?? [];
    return { ...exit, digest };
  }

  /** The sandbox's project, whose program is another. */
  async function projectOf(program: string): Promise<string> {
    const directory = await mkdtemp(file("project-"));
    const definition = await readFile(join(sandbox.paths.project, "Pulumi.yaml"), "utf8");
    await writeFile(
      join(directory, "Pulumi.yaml"),
      definition.replace(/^main: .*$/m, `main: ${join(program, "program.cjs")}`),
    );
    await copyFile(join(sandbox.paths.project, `Pulumi.${stack}.yaml`), join(directory, `Pulumi.${stack}.yaml`));
    return directory;
  }

  it("do what was planned", async () => {
    const planned = await deploy(sandbox.paths.project, "--plan", file("plan"));
    expect(planned, planned.stderr).toMatchObject({ code: 0, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(planned.stdout).toContain("who may call whom: no change against stack dev, proved");
    expect(planned.stdout).toContain(`--approved ${planned.digest}`);
    const password = await pulumi(sandbox, ["stack", "export", "--show-secrets", "--stack", stack]);
    const secrets = [...password.stdout.matchAll(/"plaintext": "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);
    const plan = await readFile(file("plan"), "utf8");
    expect(secrets.length).toBeGreaterThan(3);
    for (const secret of secrets) expect(plan).not.toContain(secret);
    const done = await deploy(sandbox.paths.project, "--plan", file("plan"), "--approved", planned.digest);
    expect(done, done.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining("deployed: dev, +0 ~0 ±0 −0") });
  });

  it("are refused by another plan than the approved one", async () => {
    const { digest } = await deploy(sandbox.paths.project, "--plan", file("plan"));
    await writeFile(file("plan"), (await readFile(file("plan"), "utf8")).replace("{", "{ "));
    const { code, stderr } = await deploy(sandbox.paths.project, "--plan", file("plan"), "--approved", digest);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Nothing was deployed: .* is the plan sha256:\w+, and sha256:\w+ was approved/);
  });

  it("end before a program does what it did not show when it was planned", async () => {
    const index = await readFile(join(root, "index.ts"), "utf8");
    const lines = [
      'import { ConfigMap } from "@pulumi/kubernetes/core/v1";',
      index.replace("export = deploy();", ""),
      "async function more() {",
      "  const outputs = await deploy();",
      '  const provider = new (require("@pulumi/kubernetes").Provider)("sly", { kubeconfig: outputs.kubeconfig });',
      '  if (!pulumi.runtime.isDryRun()) new ConfigMap("gift", { metadata: { name: "gift", namespace: "default" } }, { provider });',
      "  return outputs;",
      "}",
      "export = more();",
    ];
    const sly = await programWith(lines.join("\n"));
    const project = await projectOf(sly.directory);
    const planned = await deploy(project, "--plan", file("plan"));
    expect(planned.code, planned.stderr).toBe(0);
    const { code, stderr } = await deploy(project, "--plan", file("plan"), "--approved", planned.digest);
    await sly.remove();
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("the update ended before it did what was not approved. Plan again.");
    const gift = await kubectl(sandbox, stack, "get", "configmap", "gift", "--namespace=default", "--ignore-not-found");
    expect(gift.stdout).toBe("");
  });
});

/** `aks-mesh drift`, as the nightly workflow calls it. */
async function drift(): Promise<{ code: number; stdout: string }> {
  const environment = { ...sandbox.environment, GITHUB_STEP_SUMMARY: "" };
  const line = [join(root, "cli", "bin.js"), "drift", "--stack", stack];
  return run(process.execPath, line, { cwd: sandbox.paths.project, environment });
}

describe.sequential("drift", () => {
  it("is nothing after a deployment", async () => {
    expect(await drift()).toMatchObject({ code: 0, stdout: "Stack dev is as it was deployed.\n" });
  });

  it("is what somebody removed by hand", async () => {
    await kubectl(sandbox, stack, "delete", "service", "--namespace=bookstore", "bookstore");
    const { code, stdout } = await drift();
    expect(stdout).toBe(
      "Stack dev is not as it was deployed:\n− kubernetes:core/v1:Service aks-mesh-dev-bookstore-bookstore\n",
    );
    expect(code).toBe(1);
  });
});

/** What holds the identity that deploys previews, whatever it asks the API server for. Runs while the preview of these tests is there. */
function heldPreviews(): void {
  let preview: ClusterUser;
  let administrator: ClusterUser;
  beforeAll(async () => {
    preview = await clusterUser(sandbox, stack, previews);
    administrator = await clusterUser(sandbox, stack);
  });

  it("may make and remove what is in namespaces of its own, and plan elsewhere", async () => {
    const namespace = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "pr-7-more", labels: { [previewLabel]: "7" } },
    };
    expect(await preview.create(namespace)).toBe(allowed);
    expect(await preview.kubectl("create configmap x --namespace=pr-7-more")).toBe(allowed);
    expect(await preview.kubectl("delete configmap x --namespace=pr-7-more")).toBe(allowed);
    expect(await preview.kubectl("label namespace bookstore a=b --dry-run=server")).toBe(allowed);
    expect(await preview.kubectl("get secret mysql-password --namespace=pr-7-bookwarehouse")).toBe(allowed);
  });

  it("has no pods where nothing isolates them", async () => {
    const create = "create deployment x --image=docker.io/openservicemesh/bookbuyer:v1.2.4 --namespace=pr-7-more";
    expect(await preview.kubectl(create)).toContain("aks-mesh-previews-isolated-");
    expect(await administrator.kubectl(create)).toContain("aks-mesh-previews-isolated-");
    expect(await preview.kubectl("delete namespace pr-7-more --wait=false")).toBe(allowed);
  });

  it("has pods that the mesh joined", async () => {
    const objects = await liveObjects(sandbox);
    const pods = objects.filter(({ kind, metadata }) => kind === "Pod" && metadata.namespace === own);
    expect(pods.map((pod) => JSON.stringify(pod).includes("NET_ADMIN"))).toEqual([true]);
  });

  it.each(podAbuses)("has no pods with $what", async ({ object, refused }) => {
    expect(await preview.create(object)).toMatch(refused);
  });

  it.each(podKindAbuses)("has no $what", async ({ object, refused }) => {
    expect(await administrator.create(object)).toMatch(refused);
  });

  it.each(objectAbuses(previews))("may not make $what", async ({ object, refused }) => {
    expect(await preview.create(object)).toMatch(refused);
  });

  it.each(commandAbuses)("is not let %s", async (_, command, refused) => {
    expect(await preview.kubectl(command)).toMatch(refused);
  });

  describe("a TrafficTarget in a shared namespace", () => {
    const reach = JSON.stringify(reachTarget(12, restocking));
    const name = "pr-12-bookbuyer.bookbuyer.bookwarehouse";
    const create = (text: string) => preview.create(JSON.parse(text) as KubernetesObject);

    it("is let in where it is what the list says, and may be removed", async () => {
      expect(await create(reach)).toBe(allowed);
      expect(await preview.kubectl(`delete traffictarget ${name} --namespace=bookwarehouse`)).toBe(allowed);
    });

    it.each<[string, (text: string) => string]>([
      ["of another account", (text) => text.replace('"name":"bookbuyer","namespace"', '"name":"default","namespace"')],
      ["of another preview", (text) => text.replace('"namespace":"pr-12-', '"namespace":"pr-13-')],
      ["of a shared account", (text) => text.replace('"namespace":"pr-12-bookbuyer"', '"namespace":"bookbuyer"')],
      ["of everybody", (text) => text.replace(/"sources":\[.*?\]/, '"sources":[]')],
      [
        "to another account",
        (text) => text.replace('"name":"bookwarehouse","namespace"', '"name":"mysql","namespace"'),
      ],
      ["with one more route", (text) => text.replace('["restock-books"]', '["restock-books","other"]')],
      ["without a route", (text) => text.replace('["restock-books"]', "[]")],
      ["under a shared name", (text) => text.replace(name, "bookstore-access-bookwarehouse-2")],
      ["that is not found when it is removed", (text) => text.replace('"12"', '"13"')],
    ])("is refused %s", async (_, change) => {
      expect(change(reach)).not.toBe(reach);
      expect(await create(change(reach))).toContain("Previews write into namespaces whose names begin with pr-NUMBER-");
    });
  });
}

describe.sequential("a preview that may call shared workloads", () => {
  let github: GitHubServer;
  beforeAll(async () => {
    github = await startGitHub();
    // Clients of the API server in this process start kubelogin as kubectl does.
    for (const [name, value] of Object.entries(sandbox.environment)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await github.stop();
  });

  const inBookwarehouse = async () => {
    const objects = await liveObjects(sandbox);
    return objects.filter(({ kind, metadata }) => kind === "TrafficTarget" && metadata.namespace === "bookwarehouse");
  };
  const names = async () => (await inBookwarehouse()).map(({ metadata }) => metadata.name).sort();
  const shared = ["bookstore-access-bookwarehouse", "mysql"];
  const target = "pr-7-bookbuyer.bookbuyer.bookwarehouse";

  it("has what the setting says, and the proof over the cluster's own objects says no more", async () => {
    const program = await programAs(previews);
    const report = await upWithReaches(sandbox, stack, program.directory, restocking);
    await program.remove();
    expect(report.state).toEqual({ status: "running" });
    expect(report.access?.broken).toEqual([]);

    const objects = await liveObjects(sandbox);
    expect(await names()).toEqual([...shared, target].sort());
    const networkPolicies = objects.filter(
      ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.namespace?.startsWith("pr-7-"),
    );
    const opened = networkPolicies.filter((networkPolicy) =>
      JSON.stringify(networkPolicy).includes(':"bookwarehouse"'),
    );
    expect(opened.map(({ metadata }) => metadata.namespace)).toEqual(["pr-7-bookbuyer"]);
    const broken = (reaches: readonly PreviewReach[]) =>
      checkGuarantees(osmMesh({ objects }), isolationGuarantees(objects, reaches));
    expect(broken([restocking])).toEqual([]);
    expect(broken([]).map(({ request }) => request)).toEqual([
      expect.objectContaining({ from: "pr-7-bookbuyer/bookbuyer", method: "POST" }),
    ]);
  });

  describe.sequential("whose identity the cluster holds", heldPreviews);

  it("may not help itself to more", async () => {
    const intruder = await programWith(
      inSharedCluster(
        'import { previewTargets } from "./program/previews/targets";',
        `const reaches = [${JSON.stringify({ ...restocking, from: "bookthief/bookthief" })}];`,
        'const settings = { commit: "", owner: "", expires: "", cluster: "shared", base: "dev", images: {} } as const;',
        "previewTargets({ pullRequest: 7, ...settings, reaches }, options);",
      ),
    );
    const { report } = await push(sandbox, github, 7, commitOf("a"), ["--program", intruder.directory], 1);
    await intruder.remove();
    const error = report.state.status === "failed" ? report.state.error : "";
    expect(error).toContain("pr-7-bookthief.bookthief.bookwarehouse would be in namespace bookwarehouse.");
    expect(await names()).toEqual([...shared, target].sort());
  });

  it("loses it when the preview is removed, also where its state was lost", async () => {
    const lost = await pulumi(sandbox, ["stack", "rm", "--force", "--yes", "--stack", "pr-7"]);
    expect(lost.code, lost.stderr).toBe(0);
    const { stdout } = await runPreview(sandbox, github, ["reap", "--dry-run"]);
    expect(stdout).toBe("would remove the preview of pull request 7 (no stack)\n");
    await runPreview(sandbox, github, ["down", "--pr", "7"]);
    expect(await names()).toEqual(shared);
  });
});

describe.sequential("docs/plan-access.yaml", () => {
  it("lets whoever plans read, and write in dry runs alone", async () => {
    const text = await readFile(join(root, "docs", "plan-access.yaml"), "utf8");
    const file = join(sandbox.paths.directory, "plan-access.yaml");
    await writeFile(file, text.replaceAll("PLAN_OBJECT_ID", planning));
    expect(await (await clusterUser(sandbox, stack)).kubectl(`apply --filename ${file}`)).toBe(allowed);

    const planner = await clusterUser(sandbox, stack, planning);
    // The API server reads new policies a moment later: until then this may be made.
    const refusal = () => planner.kubectl("create configmap probe --namespace=bookstore");
    await expect.poll(refusal, { timeout: 60_000, interval: 500 }).toContain("Planning writes nothing.");
    expect(await planner.kubectl("get services --all-namespaces")).toBe(allowed);
    expect(await planner.kubectl("create configmap x --namespace=bookstore --dry-run=server")).toBe(allowed);
    expect(await planner.kubectl("delete service bookstore-v1 --namespace=bookstore")).toContain(
      "Planning writes nothing.",
    );
  });
});
