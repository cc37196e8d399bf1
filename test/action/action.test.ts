import { buildSync } from "esbuild";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Log } from "sarif";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import rootPackage from "../../package.json";
import actionPackage from "../../action/package.json";
import { reviewMarker } from "../../preview/comment/marker";
import { rendered } from "../preview/comment/rendered";
import { addPullRequest } from "../preview/github/fill";
import { type GitHubServer, startGitHub } from "../preview/github-server";

const root = resolve(__dirname, "../..");

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly uses?: string;
      readonly run?: string;
      readonly env?: Readonly<Record<string, string>>;
    }[];
  };
}
const text = readFileSync(join(root, "action.yml"), "utf8");
const action = parse(text) as Action;

describe("action.yml", () => {
  it("pins what it uses by commits, the ones of our own workflows", () => {
    const lines = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      const reference = /uses: (\S+)/.exec(line)?.[1] ?? "";
      expect(readFileSync(join(root, ".github/workflows/checks.yml"), "utf8")).toContain(reference);
    }
  });

  it("puts nothing into a script but by the environment, and every input there", () => {
    const env = Object.assign({}, ...action.runs.steps.map((step) => step.env ?? {})) as Record<string, string>;
    for (const { run = "" } of action.runs.steps) expect(run).not.toContain("${{");
    const passed = Object.values(env).map((value) => /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1]);
    expect(passed.sort()).toEqual(Object.keys(action.inputs).sort());
  });

  it("installs exactly the packages that the command needs, in the versions that are tested", () => {
    const { metafile } = buildSync({
      entryPoints: [join(root, "cli/review/alone.ts")],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      packages: "external",
      absWorkingDir: root,
    });
    const imported = Object.values(metafile.outputs)
      .flatMap(({ imports }) => imports.map(({ path }) => path))
      .filter((path) => !isBuiltin(path) && path !== "@kubernetes/client-node")
      .map((path) => path.split("/", path.startsWith("@") ? 2 : 1).join("/"));
    const { esbuild, ...dependencies } = actionPackage.dependencies;
    expect([...new Set(imported)].sort()).toEqual(Object.keys(dependencies).sort());
    expect(rootPackage.dependencies).toMatchObject({ esbuild, ...dependencies });
    expect(actionPackage.overrides).toEqual(rootPackage.overrides);
    expect(actionPackage.engines).toEqual(rootPackage.engines);
  });
});

const workload = `apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { template: { metadata: { labels: { app: cart } }, spec: { serviceAccountName: cart } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: till, namespace: shop }
spec: { template: { metadata: { labels: { app: till } }, spec: { serviceAccountName: till } } }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: routes, namespace: shop }
spec: { matches: [{ name: all, pathRegex: /cart/.*, methods: [GET] }] }
---
apiVersion: aks-mesh/v1alpha1
kind: Guarantee
metadata: { name: no-orders, namespace: shop }
spec: { never: { from: [shop/till], to: shop/cart, methods: [POST] } }
`;
const target = (routes: string, name = "till"): string => `apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${name}, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: cart, namespace: shop }
  sources: [{ kind: ServiceAccount, name: till, namespace: shop }]
  rules: [{ kind: HTTPRouteGroup, name: ${routes}, matches: [all] }]
`;
const open = `${target("open")}---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: open, namespace: shop }
spec: { matches: [{ name: all }] }
`;

let folder: string;
let server: GitHubServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-action-"));
  mkdirSync(join(folder, "temp"));
  server = await startGitHub();
  addPullRequest(server, 7);
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync("git", [...identity, "-c", "init.defaultBranch=main", ...args], { cwd, encoding: "utf8" }).trim();

/** Writes files and commits them. @returns the commit. */
function commit(repository: string, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, name)), { recursive: true });
    writeFileSync(join(repository, name), content);
  }
  git(repository, "add", "-A");
  git(repository, "commit", "-qm", "x");
  return git(repository, "rev-parse", "HEAD");
}

/** A repository whose second commit is checked out. @returns it, with the first. */
function repositoryOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): { readonly repository: string; readonly base: string } {
  const repository = join(folder, "repository");
  mkdirSync(repository);
  git(repository, "init", "-q");
  const base = commit(repository, before);
  commit(repository, after);
  return { repository, base };
}

/** Runs the action's last step as GitHub's runner does. */
async function run(repository: string, inputs: Readonly<Record<string, string>>, token = "workflow-token") {
  const file = (name: string): string => join(folder, name);
  writeFileSync(file("event.json"), JSON.stringify({ pull_request: { number: 7 } }));
  writeFileSync(file("summary.md"), "");
  writeFileSync(file("output"), "");
  const given = Object.entries({ comment: "true", "fail-on": "error", ...inputs });
  const child = spawn(process.execPath, [join(root, "action/main.mjs")], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      RUNNER_TEMP: file("temp"),
      ...server.environment,
      GITHUB_TOKEN: token,
      GITHUB_WORKSPACE: repository,
      GITHUB_EVENT_PATH: file("event.json"),
      GITHUB_STEP_SUMMARY: file("summary.md"),
      GITHUB_OUTPUT: file("output"),
      ...Object.fromEntries(
        given.map(([name, value]) => [`AKS_MESH_${name.toUpperCase().replaceAll("-", "_")}`, value]),
      ),
    },
  });
  const printed = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (printed.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed.stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return {
    code,
    ...printed,
    lines: printed.stdout.trimEnd().split("\n"),
    summary: readFileSync(file("summary.md"), "utf8"),
    outputs: readFileSync(file("output"), "utf8").trimEnd().split("\n"),
  };
}

describe("the action on a pull request", () => {
  it("says in one comment, the summary, annotations and SARIF what it opens, and fails for a broken guarantee", async () => {
    const { repository, base } = repositoryOf(
      { "k8s/all.yaml": workload, "k8s/target.yaml": target("routes") },
      { "k8s/target.yaml": open },
    );
    const first = await run(repository, { files: "k8s\n", base, sarif: "out.sarif" });
    expect(first.stderr).toBe("");
    expect(first.code).toBe(1);
    expect(first.lines[0]).toMatch(
      /^::error file=k8s\/all\.yaml,line=21,col=1,title=Guarantee no-orders \(broken-guarantee\)::/,
    );
    expect(first.outputs).toEqual(["errors=1", "warnings=0", "opens=1", "closes=0"]);
    expect(first.outputs.map((line) => line.split("=")[0])).toEqual(Object.keys(action.outputs));
    const [written, ...others] = server.state.comments;
    expect(others).toEqual([]);
    expect(written?.body.startsWith(`${reviewMarker("")}\n`)).toBe(true);
    expect(first.summary).toBe(`${written?.body ?? ""}\n`);
    const { prose, code } = rendered(written?.body ?? "");
    expect(prose).toContain("1 opened, 0 closed");
    expect(prose).toContain("1 of 1 guarantee broken");
    expect(code).toContain(base.slice(0, 7));
    expect(code).toMatch(/\+ opens: shop\/till → cart\.shop\.svc\.cluster\.local:80\n +POST \//);
    const { runs } = JSON.parse(readFileSync(join(repository, "out.sarif"), "utf8")) as Log;
    expect(runs[0]?.results?.map(({ ruleId }) => ruleId)).toEqual(["broken-guarantee"]);
    expect(readdirSync(join(folder, "temp"))).toEqual([]);

    // The next push mends it: the same comment says so.
    commit(repository, { "k8s/target.yaml": target("routes") });
    const second = await run(repository, { files: "k8s", base });
    expect(second.code).toBe(0);
    expect(server.state.comments.map(({ id }) => id)).toEqual([written?.id]);
    expect(rendered(server.state.comments[0]?.body ?? "").prose).toContain("No change against");
  });

  it("writes no comment where there is nothing to say, and one for each name", async () => {
    const files = { "k8s/all.yaml": workload, "k8s/target.yaml": target("routes") };
    const { repository, base } = repositoryOf(files, { "README.md": "hello" });
    const quiet = await run(repository, { files: "k8s", base });
    expect({ code: quiet.code, stderr: quiet.stderr }).toEqual({ code: 0, stderr: "" });
    expect(server.state.comments).toEqual([]);
    expect(quiet.summary).toContain("No change against");
    commit(repository, { "k8s/target.yaml": open });
    await run(repository, { files: "k8s", base, name: "dev" });
    await run(repository, { files: "k8s", base, name: "prod" });
    await run(repository, { files: "k8s", base, name: "prod" });
    expect(server.state.comments.map(({ body }) => body.split("\n")[0])).toEqual([
      reviewMarker("dev"),
      reviewMarker("prod"),
    ]);
  });

  it("fails as it is told to", async () => {
    const { repository } = repositoryOf({ "all.yaml": workload }, { "all.yaml": workload + "---\n" + open });
    expect((await run(repository, { files: "all.yaml", comment: "false", "fail-on": "never" })).code).toBe(0);
    const { code, stdout } = await run(repository, { files: "all.yaml", "fail-on": "sometimes" });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^::error::--fail-on is "sometimes": write one of error, warning, never\.\n$/);
    expect((await run(repository, { files: "gone.yaml" })).stdout).toMatch(/^::error::gone\.yaml cannot be read/);
    expect(server.requests).toEqual([]);
  });

  it("compares with a base that the checkout does not have, and says what is to be done where it cannot be had", async () => {
    const { repository, base } = repositoryOf({ "all.yaml": workload }, { "target.yaml": open });
    const shallow = join(folder, "shallow");
    git(folder, "clone", "-q", "--depth=1", `file://${repository}`, shallow);
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true");
    const fetched = await run(shallow, { files: "all.yaml\ntarget.yaml", base });
    expect(fetched.outputs).toContain("opens=1");
    git(shallow, "remote", "remove", "origin");
    const { code, stdout } = await run(shallow, { files: "all.yaml", base: "f".repeat(40) });
    expect(code).toBe(2);
    expect(stdout).toContain(
      `::error::--base ${"f".repeat(40)}: this clone of the repository has no such commit. Fetch it`,
    );
  });

  it("has no pen where a fork's pull request started it: the summary says it all, and the verdict stays", async () => {
    const { repository, base } = repositoryOf({ "all.yaml": workload }, { "target.yaml": open });
    const { code, stdout, summary } = await run(repository, { files: "all.yaml\ntarget.yaml", base }, "fork-token");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^::notice::GitHub: writing the comment on pull request 7 failed: 403.*Forks get no token/m);
    expect(summary).toContain("1 opened");
    expect(server.state.comments).toEqual([]);
  });
});

describe("a pull request of somebody who means harm", () => {
  const evil = "x</code><img src=https://evil.example/a.png>@everyone `\\n::set-output name=errors::0";

  it("gets no markup, no mention, no command and no output out of names", async () => {
    const { repository, base } = repositoryOf(
      { "k8s/all.yaml": workload },
      {
        "k8s/::error::a,line=1\n.yaml": `${target("routes", `"${evil}"`)}---\n${open}`,
        "k8s/b.yaml": `kind: Service\nmetadata: { name: "${evil}" }\n`,
      },
    );
    const { lines, summary, outputs, code } = await run(repository, { files: "k8s", base });
    expect(code).not.toBe(0);
    for (const line of lines) expect(line).toMatch(/^(::(error|warning|notice) |::notice::|The comment is at )/);
    expect(outputs.length).toBe(4);
    for (const body of [summary, server.state.comments[0]?.body ?? ""]) {
      const { prose, links, elements } = rendered(body);
      expect(links).toEqual([]);
      expect([...elements].sort()).toEqual(expect.not.arrayContaining(["img", "a"]));
      expect(prose).not.toMatch(/@everyone|evil/);
      expect(body).toContain("@everyone");
    }
  });

  it("reads no file outside of the base's own by a link, and runs nothing that the repository names", async () => {
    const { repository } = repositoryOf({ "k8s/all.yaml": workload }, { "README.md": "hello" });
    writeFileSync(join(folder, "secret.yaml"), target("routes", "from-outside"));
    symlinkSync(join(folder, "secret.yaml"), join(repository, "k8s/link.yaml"));
    const base = commit(repository, { ".gitattributes": "*.yaml filter=evil\n" });
    git(repository, "config", "filter.evil.smudge", `touch ${join(folder, "smudged")}`);
    rmSync(join(repository, "k8s/link.yaml"));
    const { outputs } = await run(repository, { files: "k8s", base });
    expect(outputs).toContain("opens=0");
    expect(readdirSync(folder)).not.toContain("smudged");
  });
});
