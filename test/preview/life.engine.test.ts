import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { checkGuarantees } from "../../mesh";
import { osmMesh } from "../../mesh/osm";
import { isolationGuarantees } from "../../preview/isolation";
import { tryMachineLock } from "../../preview/machine-lock";
import { namespaceOf } from "../../preview/objects";
import { type StatusRow } from "../../preview/status";
import { programDirectory } from "../../sandbox/paths";
import { operate, projectName, pulumi, type Sandbox } from "../../sandbox/sandbox";
import { resourcesInAzure } from "../sandbox/azure";
import { closeTestSandbox, creationsUnderWay, kubectl, openTestSandbox, stateOf } from "../sandbox/in-sandbox";
import { type GitHubServer, startGitHub, workflowLogin } from "./github-server";
import { startMirror } from "./registry/mirror";
import {
  commitOf,
  essence,
  inSharedCluster,
  liveObjects,
  programWith,
  push,
  runPreview,
  startPreview,
} from "./in-preview";

let sandbox: Sandbox;
let github: GitHubServer;

/** What belongs to everybody, as it was before the first preview. */
let before: { readonly state: string; readonly azure: readonly string[]; readonly objects: readonly string[] };

beforeAll(async () => {
  [sandbox, github] = await Promise.all([openTestSandbox(), startGitHub()]);
  const exit = await operate(sandbox, "up", "dev");
  expect(exit.code, exit.stdout + exit.stderr).toBe(0);
  // MeshReady's probe may still be on its way out.
  const gone = await kubectl(sandbox, "dev", "delete", "namespace", "aks-mesh-probe", "--ignore-not-found");
  expect(gone.code, gone.stderr).toBe(0);
  before = await shared();
  for (const number of [1, 2, 3, 4]) open(number);
});

afterAll(async () => {
  await github.stop();
  await closeTestSandbox(sandbox);
});

/** Opens a pull request on the local GitHub. */
function open(number: number): void {
  github.state.pullRequests.set(number, {
    number,
    ...{ state: "open", title: "t", author: "octocat", commit: commitOf(number), branch: "b", from: 1 },
    ...{ labels: ["preview"], files: [] },
  });
}

function close(number: number): void {
  const pullRequest = github.state.pullRequests.get(number);
  if (pullRequest !== undefined) pullRequest.state = "closed";
}

/** This program, whose stack dev has another bookstore. */
async function withDev(options: string): Promise<string> {
  const lines = [
    'import { bookstore } from "./stacks/bookstore";',
    'import { dev } from "./stacks/dev";',
    `Object.assign(dev, { application: bookstore(${options}) });`,
  ];
  return [...lines, await readFile(join(programDirectory, "index.ts"), "utf8")].join("\n");
}

const isOfPreview = (object: KubernetesObject) => /^pr-\d+-/.test(namespaceOf(object) ?? "");

async function shared(): Promise<typeof before> {
  const [{ text }, azure, objects] = await Promise.all([
    stateOf(sandbox, "dev"),
    resourcesInAzure(sandbox),
    liveObjects(sandbox),
  ]);
  const stable = objects.filter((object) => !isOfPreview(object) && object.kind !== "Pod");
  return { state: text, azure, objects: stable.map(essence).sort() };
}

/** Namespaces of previews that the cluster has. */
async function previewNamespaces(): Promise<string[]> {
  const exit = await kubectl(sandbox, "dev", "get", "namespaces", "--output=jsonpath={.items[*].metadata.name}");
  return exit.stdout
    .split(" ")
    .filter((name) => name.startsWith("pr-"))
    .sort();
}

/** Whether the cluster has an object of a kind that a preview made: Kubernetes gives each namespace a service account itself. */
async function pullRequestHas(pullRequest: number, kind: string): Promise<boolean> {
  const path = '--output=jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
  const named = await kubectl(sandbox, "dev", "get", kind, "--all-namespaces", path);
  expect(named.code, named.stderr).toBe(0);
  return named.stdout.split("\n").some((line) => line.includes(`pr-${pullRequest}-`) && !line.endsWith("/default"));
}

const namespacesOf = (...pullRequests: readonly number[]) =>
  pullRequests
    .flatMap((number) => ["bookbuyer", "bookstore", "bookthief", "bookwarehouse"].map((name) => `pr-${number}-${name}`))
    .sort();

async function statusRows(): Promise<readonly StatusRow[]> {
  return JSON.parse((await runPreview(sandbox, github, ["status", "--json"])).stdout) as StatusRow[];
}

describe.sequential("previews on one shared cluster", () => {
  it("come up three at once, each in namespaces of its own, labelled, annotated and within bounds", async () => {
    const pushes = await Promise.all([1, 2, 3].map((number) => push(sandbox, github, number, commitOf(number))));
    for (const [index, { report }] of pushes.entries()) {
      const number = index + 1;
      expect(report.state).toEqual({ status: "running" });
      expect(report.health).toEqual({ ready: 6, total: 6, problems: [] });
      expect(report.addresses).toContainEqual({
        name: "bookstore",
        url: `http://bookstore.pr-${number}-bookstore.svc.cluster.local:14001`,
      });
      expect(report.access).toMatchObject({ changes: [], broken: [] });
      expect(report.access?.guarantees).toBeGreaterThan(10);
      expect(report.cost).toEqual({ currency: "USD", total: 0, parts: [] });
    }
    expect(await previewNamespaces()).toEqual(namespacesOf(1, 2, 3));
    const exit = await kubectl(sandbox, "dev", "get", "namespace", "pr-2-bookstore", "--output=json");
    expect(JSON.parse(exit.stdout)).toMatchObject({
      metadata: {
        labels: { "aks-mesh/preview": "2", "openservicemesh.io/monitored-by": "osm" },
        annotations: {
          "aks-mesh/commit": commitOf(2),
          "aks-mesh/owner": "octocat",
          "aks-mesh/pull-request": "2",
          "aks-mesh/expires": pushes[1]?.report.expires,
        },
      },
    });
    const tags = await pulumi(sandbox, ["stack", "tag", "ls", "--json", "--stack", "pr-2"]);
    const { expires } = pushes[1]?.report ?? {};
    expect(JSON.parse(tags.stdout)).toMatchObject({
      ...{ "pull-request": "2", commit: commitOf(2), owner: "octocat", cluster: "shared", base: "dev" },
      expires,
    });
    expect(Date.parse(expires ?? "") - Date.now()).toBeGreaterThan(71 * 3_600_000);
  });

  it("cannot reach each other nor the shared workloads: proved over the cluster's own objects", async () => {
    const objects = await liveObjects(sandbox);
    const guarantees = isolationGuarantees(objects);
    expect(guarantees.length).toBe(4 * 5);
    expect(checkGuarantees(osmMesh({ objects }), guarantees)).toEqual([]);

    const intrusion = objects.map((object) =>
      object.kind === "TrafficTarget" && object.metadata.name === "bookbuyer-access-bookstore"
        ? (JSON.parse(JSON.stringify(object).replaceAll("pr-1-bookbuyer", "pr-2-bookbuyer")) as KubernetesObject)
        : object,
    );
    // Below the mesh, the network policies of pull request 1 stop it as well.
    expect(checkGuarantees(osmMesh({ objects: intrusion }), guarantees)).toEqual([]);
    const meshAlone = intrusion.filter(({ kind }) => kind !== "NetworkPolicy");
    const broken = checkGuarantees(osmMesh({ objects: meshAlone }), guarantees);
    expect(broken.map(({ object }) => object)).toContain(
      "Guarantee nobody but pull request 1 calls pr-1-bookstore/bookstore",
    );
    expect(broken[0]?.request).toMatchObject({ from: "pr-2-bookbuyer/bookbuyer" });
  });

  it("have no traffic target that names anybody else, and a network that keeps to the pull request", async () => {
    const objects = (await liveObjects(sandbox)).filter(isOfPreview);
    const targets = objects.filter(({ kind }) => kind === "TrafficTarget");
    expect(targets).toHaveLength(3 * 4);
    for (const target of targets) {
      const named = [...new Set(JSON.stringify(target).match(/"namespace":"[^"]+"/g))];
      const prefix = /^pr-\d+-/.exec(target.metadata.namespace ?? "")?.[0] ?? "";
      expect(named.filter((text) => !text.startsWith(`"namespace":"${prefix}`))).toEqual([]);
    }
    const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
    expect(policies.map((policy) => policy.metadata.namespace).sort()).toEqual(namespacesOf(1, 2, 3));
    expect(JSON.stringify(policies[0])).toContain('"policyTypes":["Ingress","Egress"]');
  });

  it("are updated by a push, and nothing else is touched", async () => {
    const uid = async () =>
      (await kubectl(sandbox, "dev", "get", "namespace", "pr-1-bookstore", "--output=jsonpath={.metadata.uid}")).stdout;
    const old = await uid();
    const mirror = await startMirror();
    const image = `docker.io/openservicemesh/bookbuyer@${mirror.digest}`;
    const withImage = (brought: string, code = 0) =>
      push(sandbox, github, 1, commitOf("a"), ["--image", `bookbuyer=${brought}`], code, mirror.environment);
    const { report: missing } = await withImage(image.replace(mirror.digest, `sha256:${"0".repeat(64)}`), 1);
    expect(missing.state).toEqual({
      status: "failed",
      error: expect.stringMatching(
        /Nothing was deployed: the registry does not have this image.*\n- bookbuyer: docker\.io/,
      ),
    });
    const { report } = await withImage(image);
    await mirror.stop();
    expect(report.state.status).toBe("running");
    expect(await uid()).toBe(old);
    const path = "--output=jsonpath={.spec.template.spec.containers[0].image}";
    const deployed = await kubectl(
      sandbox,
      "dev",
      "get",
      "deployment",
      "bookbuyer",
      "--namespace=pr-1-bookbuyer",
      path,
    );
    expect(deployed.stdout).toBe(image);
  });

  it("run what the stack's data say in the pull request, and tell what merging changes", async () => {
    const program = await programWith(await withDev('{ canary: { v1: 20, v2: 80 }, bookthief: "denied" }'));
    const { report, exit } = await push(sandbox, github, 1, commitOf("e"), ["--program", program.directory]);
    await program.remove();
    expect(report.access).toMatchObject({
      broken: [],
      changes: [
        {
          kind: "shares",
          from: "bookbuyer/bookbuyer",
          shares: ["bookstore/bookstore-v1 50 % → 20 %", "bookstore/bookstore-v2 50 % → 80 %"],
        },
      ],
    });
    expect(exit.stdout).toContain("bookstore/bookstore-v2 50 % → 80 %");
    expect(report.differences).toContain("Only in dev: MeshConfig kube-system/osm-mesh-config.");
    const split = ["get", "trafficsplit", "bookstore-split", "--namespace=pr-1-bookstore"];
    const live = await kubectl(sandbox, "dev", ...split, "--output=jsonpath={.spec.backends[*].weight}");
    expect(live.stdout).toBe("20 80");
  });

  it("are refused where a guarantee breaks, with all that a reviewer has to know", async () => {
    const program = await programWith(await withDev('{ canary: { v1: 50, v2: 50 }, bookthief: "allowed" }'));
    const { report } = await push(sandbox, github, 1, commitOf("f"), ["--program", program.directory], 1);
    await program.remove();
    expect(report.state.status).toBe("failed");
    expect(report.access?.broken.map(({ object }) => object)).toContain("Guarantee bookthief never reaches bookstore");
    expect(report.access?.changes).toContainEqual(
      expect.objectContaining({ kind: "opens", from: "bookthief/bookthief" }),
    );
    expect(report.plan?.changes.map(({ op, type }) => [op, type])).toContainEqual([
      "update",
      "kubernetes:access.smi-spec.io/v1alpha3:TrafficTarget",
    ]);
    expect(report.refused).toContain("bookthief never reaches bookstore");
    expect(await previewNamespaces()).toEqual(namespacesOf(1, 2, 3));
  });

  it("go away after the update under way, when their pull request is closed in the middle of it", async () => {
    const update = startPreview(sandbox, github, ["up", "--pr", "2", "--commit", commitOf("b")]);
    await update.says("Deploying stack pr-2");
    close(2);
    const removal = await runPreview(sandbox, github, ["down", "--pr", "2", "--comment"]);
    expect(removal.stderr).toMatch(/Stack pr-2 is in the hands of `aks-mesh preview up --pr 2`/);
    expect((await update.exit).code).toBe(0);
    expect(await previewNamespaces()).toEqual(namespacesOf(1, 3));
    expect(github.state.comments.filter(({ number, login }) => number === 2 && login === workflowLogin)).toHaveLength(
      1,
    );
  });

  it("stay as they are when a pull request's program throws, and the secrets in its words are masked", async () => {
    // It looks like nothing: that it is secret, the command knows by the name of the variable.
    const known = "correct horse";
    const knowing = { ...sandbox, environment: { ...sandbox.environment, SHOP_PASSWORD: known } };
    const token = `ghp_${"x1".repeat(18)}`;
    const broken = await programWith(`throw new Error("no luck with ${token} and " + process.env.SHOP_PASSWORD);\n`);
    const { report, exit } = await push(knowing, github, 3, commitOf("c"), ["--program", broken.directory], 1);
    await broken.remove();
    expect(report.state).toMatchObject({ status: "failed", error: expect.stringContaining("no luck with") });
    expect(report.access?.changes).toMatchObject({ unknown: expect.stringContaining("cannot be previewed") });
    for (const secret of [token, known])
      expect(JSON.stringify(report) + exit.stdout + exit.stderr).not.toContain(secret);
    const row = (await statusRows()).find(({ pullRequest }) => pullRequest === 3);
    expect(row).toMatchObject({ state: "running", health: { ready: 6, total: 6 } });
  });

  it("refuse a program that would leave its namespaces, before anything is deployed", async () => {
    const intruder = await programWith(
      inSharedCluster(
        'import { ConfigMap, Namespace } from "@pulumi/kubernetes/core/v1";',
        'import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1";',
        'new ConfigMap("gift", { metadata: { name: "gift", namespace: "kube-system" }, data: {} }, options);',
        // Kinds of the whole cluster take what stands in metadata.namespace for nothing.
        'const everything = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };',
        'const anybody = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:authenticated" };',
        'const metadata = { name: "root", namespace: "pr-3-bookstore" };',
        'new ClusterRoleBinding("root", { metadata, roleRef: everything, subjects: [anybody] }, options);',
        'const labels = { "aks-mesh/preview": "1" };',
        'new Namespace("guest", { metadata: { name: "pr-3-guest", labels } }, options);',
      ),
    );
    const { report } = await push(sandbox, github, 3, commitOf("d"), ["--program", intruder.directory], 1);
    await intruder.remove();
    const error = report.state.status === "failed" ? report.state.error : "";
    expect(error).toContain("kubernetes:core/v1:ConfigMap gift would be in namespace kube-system.");
    expect(error).toContain("ClusterRoleBinding root would belong to the whole cluster, in no namespace.");
    expect(error).toContain("Namespace pr-3-guest would not have the label aks-mesh/preview=3.");
    expect(error).toContain("Namespace pr-3-guest would have no NetworkPolicy, ResourceQuota, LimitRange named bounds");
    expect(await previewNamespaces()).toEqual(namespacesOf(1, 3));
  });

  it("converge after kill -9 in the middle of their first deployments: at the namespaces, and at what lives in them", async () => {
    const underWay: string[] = [];
    const ofCluster = (): readonly string[] => underWay.filter((type) => type.startsWith("kubernetes:"));
    for (const [index, kind] of [
      "namespaces",
      "serviceaccounts",
      "deployments",
      "services",
      "traffictargets",
    ].entries()) {
      // Three kills, and more where none of them met a creation in the cluster.
      if (index > 2 && ofCluster().length > 0) break;
      const first = startPreview(sandbox, github, ["up", "--pr", "4", "--commit", commitOf(4)], {
        // What it leaves goes with the sandbox.
        TMPDIR: sandbox.paths.directory,
      });
      await first.says("Deploying stack pr-4");
      while (!(await pullRequestHas(4, kind)));
      await first.kill();
      const locks = join(sandbox.paths.state, ".pulumi", "locks", "organization", projectName, "pr-4");
      const left = await creationsUnderWay(sandbox, "pr-4");
      // On a slow machine the run may have ended by itself before it was killed: then nothing is under way, and nothing locked.
      if (left.length > 0) expect(await readdir(locks)).toHaveLength(1);
      underWay.push(...left);
    }
    // The cluster has some of these, and would refuse them.
    expect(ofCluster()).not.toEqual([]);
    const { report } = await push(sandbox, github, 4, commitOf(4));
    expect(report.state).toEqual({ status: "running" });
    expect(report.health).toEqual({ ready: 6, total: 6, problems: [] });
    expect(await previewNamespaces()).toEqual(namespacesOf(1, 3, 4));
  });

  it("are reaped when they are past their end or closed, whatever becomes of the others", async () => {
    // Number 3 is closed, and somebody holds it; number 4 is past its end; of number 9 somebody left a namespace without its label. Another
    // has the label alone, with no number.
    close(3);
    const holder = await tryMachineLock(
      [sandbox.environment["PULUMI_BACKEND_URL"], projectName, "pr-3"].join("\n"),
      "a test",
    );
    if (typeof holder === "string") throw new Error(holder);
    await pulumi(sandbox, ["stack", "tag", "set", "expires", "2020-01-01T00:00:00Z", "--stack", "pr-4"]);
    await kubectl(sandbox, "dev", "create", "namespace", "pr-9-bookstore");
    await kubectl(sandbox, "dev", "create", "namespace", "guest");
    await kubectl(sandbox, "dev", "label", "namespace", "guest", "aks-mesh/preview=soon");

    const dry = await runPreview(sandbox, github, ["reap", "--dry-run"]);
    expect(dry.stdout.split("\n").filter((line) => line !== "")).toEqual([
      "would remove the preview of pull request 3 (closed)",
      "would remove the preview of pull request 4 (expired)",
      "would remove the preview of pull request 9 (no stack)",
      expect.stringContaining(
        "Namespace guest has the label aks-mesh/preview=soon, and its name is none of a preview's.",
      ),
    ]);
    expect(await previewNamespaces()).toEqual([...namespacesOf(1, 3, 4), "pr-9-bookstore"].sort());

    const failing = await runPreview(sandbox, github, ["reap", "--wait", "1s", "--attempts", "1"], 1);
    await holder.release();
    expect(failing.stdout).toContain("pull request 3 (closed): Stack pr-3 is in the hands of a test");
    expect(await previewNamespaces()).toEqual(namespacesOf(1, 3));

    const loud = await runPreview(sandbox, github, ["reap"], 1);
    expect(loud.stdout).toContain("take the label off: kubectl label namespace guest aks-mesh/preview-");
    await kubectl(sandbox, "dev", "delete", "namespace", "guest");
    expect((await runPreview(sandbox, github, ["reap"])).stdout).toBe("Nothing to remove.\n");
    expect(await previewNamespaces()).toEqual(namespacesOf(1));
    expect((await statusRows()).map(({ pullRequest }) => pullRequest)).toEqual([1]);
  });

  it("say on the pull request what is left, when a teardown fails", async () => {
    const locks = join(sandbox.paths.state, ".pulumi", "locks", "organization", projectName, "pr-1");
    const lock = { pid: 1, username: "runner", hostname: "ci-7", timestamp: "2026-01-01T00:00:00Z" };
    await mkdir(locks, { recursive: true });
    await writeFile(join(locks, "left-by-a-runner.json"), JSON.stringify(lock));
    const { stdout } = await runPreview(
      sandbox,
      github,
      ["down", "--pr", "1", "--wait", "1s", "--attempts", "1", "--comment"],
      1,
    );
    expect(stdout).toContain("Stack pr-1 is locked by runner@ci-7 (pid 1) since 2026-01-01");
    expect(stdout).toContain("left: namespace pr-1-bookstore");
    const [comment] = github.state.comments.filter(({ number }) => number === 1);
    // The comment writes a hyphen so that GitHub makes nothing of it.
    const body = comment?.body.replaceAll("&#45;", "-");
    expect(body).toContain("namespace pr-1-bookstore");
    expect(body).toContain("npx aks-mesh preview down --pr 1");
    expect(await previewNamespaces()).toEqual(namespacesOf(1));
  });

  it("leave nothing behind, and the shared stack as it was", async () => {
    // Outside of its namespaces: by the label, and by the prefix.
    await kubectl(sandbox, "dev", "create", "configmap", "gift", "--namespace=kube-system");
    await kubectl(sandbox, "dev", "label", "configmap", "gift", "--namespace=kube-system", "aks-mesh/preview=1");
    await kubectl(sandbox, "dev", "create", "clusterrole", "pr-1-root", "--verb=get", "--resource=pods");
    const failing = await runPreview(sandbox, github, ["down", "--pr", "1", "--take-over", "--attempts", "1"], 1);
    expect(failing.stderr).toContain("Breaking the lock of runner@ci-7");
    expect(failing.stdout).toContain("left: ConfigMap kube-system/gift");
    expect(failing.stdout).toContain("left: ClusterRole pr-1-root");
    await kubectl(sandbox, "dev", "delete", "configmap", "gift", "--namespace=kube-system");
    await kubectl(sandbox, "dev", "delete", "clusterrole", "pr-1-root");
    expect((await runPreview(sandbox, github, ["down", "--pr", "1"])).stdout).toContain("There is no preview");
    expect(await previewNamespaces()).toEqual([]);
    expect((await runPreview(sandbox, github, ["status"])).stdout).toBe("There are no previews.\n");
    expect(await shared()).toEqual(before);
  });
});
