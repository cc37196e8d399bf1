import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkGuarantees } from "../../mesh";
import { osmMesh } from "../../mesh/osm";
import { isolationGuarantees } from "../../preview/isolation";
import { readPreviewPolicy } from "../../preview/settings";
import { up } from "../../preview/up";
import { run } from "../../sandbox/engine";
import { operate, pulumi, type Sandbox } from "../../sandbox/sandbox";
import { type PreviewReach, reachTarget } from "../../program/previews/reach";
import { closeTestSandbox, kubectl, openTestSandbox } from "../sandbox/in-sandbox";
import { type GitHubServer, startGitHub } from "./github-server";
import { commitOf, liveObjects, programWith, push, runPreview } from "./in-preview";

const root = resolve(__dirname, "../..");
const stack = "dev";
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await openTestSandbox();
  const { code, stdout, stderr } = await operate(sandbox, "up", stack);
  expect(code, stdout + stderr).toBe(0);
});
afterAll(() => closeTestSandbox(sandbox));

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

/** What the previews of these tests may call of the shared workloads. */
const restocking: PreviewReach = {
  from: "bookbuyer/bookbuyer",
  to: "bookwarehouse/bookwarehouse",
  port: 14001,
  routes: ["bookwarehouse-service-routes/restock-books"],
};

describe.sequential("a preview that may call shared workloads", () => {
  let github: GitHubServer;
  beforeAll(async () => {
    github = await startGitHub();
    // The engine runs in this process, as the command would read the setting from this checkout.
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
    const never = new AbortController().signal;
    const policy = { ...(await readPreviewPolicy(root)), reaches: [restocking] };
    const surroundings = {
      ...{ program: root, project: policy.project, environment: process.env, say: () => undefined },
      ...{ signal: never, engineSignal: never, lockTimeout: 0, takeOver: false },
    };
    const options = { pullRequest: 7, commit: commitOf(7), owner: "octocat", timeToLive: 3_600_000 };
    const report = await up(surroundings, policy, { ...options, cluster: "shared", base: stack, images: {} });
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

  it("may not help itself to more", async () => {
    const intruder = await programWith(
      [
        'import { sharedCluster } from "./program/shared-cluster";',
        'import { previewTargets } from "./program/previews/targets";',
        'const { options } = sharedCluster("x", "dev");',
        `const reaches = [${JSON.stringify({ ...restocking, from: "bookthief/bookthief" })}];`,
        'const settings = { commit: "", owner: "", expires: "", cluster: "shared", base: "dev", images: {} } as const;',
        "previewTargets({ pullRequest: 7, ...settings, reaches }, options);",
      ].join("\n"),
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

describe.sequential("docs/preview-access.yaml", () => {
  const previews = "11111111-0000-0000-0000-000000000001";
  const planning = "11111111-0000-0000-0000-000000000002";

  /** Who the API server takes it for is said by the cluster's administrator. */
  async function as(who: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(sandbox, stack, ...args, `--as=${who}`);
    return code === 0 ? "allowed" : stdout + stderr;
  }

  beforeAll(async () => {
    const text = await readFile(join(root, "docs", "preview-access.yaml"), "utf8");
    const file = join(sandbox.paths.directory, "preview-access.yaml");
    const { from, to, routes } = restocking;
    const reaches = `"['${from} ${to} ${routes.join()}']"`;
    const filled = text.replaceAll("PREVIEW_OBJECT_ID", previews).replaceAll("PLAN_OBJECT_ID", planning);
    await writeFile(file, filled.replace('expression: "[]"', `expression: ${reaches}`));
    expect((await kubectl(sandbox, stack, "apply", "--filename", file)).code).toBe(0);
  });

  it("takes effect", async () => {
    // The API server reads new policies a moment later.
    const asPlanner = () => as(planning, "create", "configmap", "probe", "--namespace=bookstore");
    await expect.poll(asPlanner, { timeout: 60_000, interval: 500 }).toContain("Planning writes nothing");
  });

  it("lets previews make and remove what is in namespaces of their own", async () => {
    expect(await as(previews, "create", "namespace", "pr-12-shop")).toBe("allowed");
    expect(await as(previews, "create", "configmap", "x", "--namespace=pr-12-shop")).toBe("allowed");
    const elsewhere = ["label", "namespace", "bookstore", "a=b", "--dry-run=server"];
    expect(await as(previews, ...elsewhere)).toBe("allowed");
    expect(await as(previews, "delete", "namespace", "pr-12-shop", "--wait=false")).toBe("allowed");
  });

  it.each([
    ["create", "namespace", "prod"],
    ["create", "namespace", "pr-x-shop"],
    ["create", "namespace", "my-pr-1-shop"],
    ["label", "namespace", "bookstore", "a=b"],
    ["delete", "namespace", "bookstore"],
    ["create", "configmap", "x", "--namespace=bookstore"],
    ["delete", "service", "bookstore-v1", "--namespace=bookstore"],
    ["create", "serviceaccount", "x", "--namespace=kube-system"],
    ["label", "meshconfig", "osm-mesh-config", "--namespace=kube-system", "a=b"],
  ])("keeps previews from everything else: %s %s %s", async (...args) => {
    expect(await as(previews, ...args)).toContain(
      "Previews write into namespaces whose names begin with pr-NUMBER- alone.",
    );
  });

  describe("a TrafficTarget in a shared namespace", () => {
    const target = JSON.stringify(reachTarget(12, restocking));
    const name = "pr-12-bookbuyer.bookbuyer.bookwarehouse";
    const create = async (text: string): Promise<string> => {
      const file = join(sandbox.paths.directory, "target.json");
      await writeFile(file, text);
      return as(previews, "create", "--filename", file);
    };

    it("is let in where it is what the list says, and may be removed", async () => {
      expect(await create(target)).toBe("allowed");
      expect(await as(previews, "delete", "traffictarget", name, "--namespace=bookwarehouse")).toBe("allowed");
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
    ])("is refused %s", async (_, change) => {
      expect(change(target)).not.toBe(target);
      expect(await create(change(target))).toContain(
        "Previews write into namespaces whose names begin with pr-NUMBER-",
      );
    });

    it("of the shared workloads may not be removed", async () => {
      const line = ["delete", "traffictarget", "bookstore-access-bookwarehouse", "--namespace=bookwarehouse"];
      expect(await as(previews, ...line)).toContain("Previews write into namespaces");
    });
  });

  it.each([
    ["delete", "validatingadmissionpolicy", "aks-mesh-preview"],
    ["create", "clusterrolebinding", "x", "--clusterrole=cluster-admin", `--user=${previews}`],
    ["create", "token", "default", "--namespace=bookbuyer"],
    ["exec", "--namespace=bookbuyer", "deploy/bookbuyer", "--", "true"],
  ])("gives previews no right to: %s %s", async (...args) => {
    // kubectl takes what stands behind -- for the command.
    const [before, after] = args.includes("--") ? [args.slice(0, -2), args.slice(-2)] : [args, []];
    const { code, stderr } = await kubectl(sandbox, stack, ...before, `--as=${previews}`, ...after);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/[Ff]orbidden/);
  });

  it("lets whoever plans read, and write in dry runs alone", async () => {
    const create = ["create", "configmap", "x", "--namespace=bookstore"];
    expect(await as(planning, "get", "services", "--all-namespaces")).toBe("allowed");
    expect(await as(planning, ...create, "--dry-run=server")).toBe("allowed");
    expect(await as(planning, ...create)).toContain("Planning writes nothing.");
    expect(await as(planning, "delete", "service", "bookstore-v1", "--namespace=bookstore")).toContain(
      "Planning writes nothing.",
    );
  });
});
