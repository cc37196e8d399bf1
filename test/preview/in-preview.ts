import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { isJsonObject, type KubernetesObject } from "../../mesh/manifests";
import { type PreviewReport } from "../../preview/report";
import { type UpOptions } from "../../preview/up";
import { type PreviewReach } from "../../program/previews/reach";
import { type Exit, run } from "../../sandbox/engine";
import { programDirectory } from "../../sandbox/paths";
import { type Sandbox } from "../../sandbox/sandbox";
import { typescriptArguments } from "../../scripts/typescript-arguments";
import { kubectl } from "../sandbox/in-sandbox";
import { type GitHubServer } from "./github-server";

/** `aks-mesh preview …` under way, as a process group of its own. */
export interface PreviewCommand {
  /** Waits until it has said something. */
  says(text: string): Promise<void>;
  /** Kills it with all that it started, as a machine that is switched off. */
  kill(): Promise<void>;
  readonly exit: Promise<Exit>;
}

/**
 * Starts the command in the sandbox's environment and that of a workflow on the local GitHub.
 *
 * @param others variables besides.
 */
export function startPreview(
  sandbox: Sandbox,
  github: GitHubServer,
  args: readonly string[],
  others: Readonly<Record<string, string>> = {},
): PreviewCommand {
  const child = spawn(process.execPath, [join(programDirectory, "cli", "bin.js"), "preview", ...args], {
    cwd: sandbox.paths.directory,
    env: { ...sandbox.environment, ...github.environment, ...others },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exit = once(child, "close").then(([code]: (number | null)[]): Exit => ({ code: code ?? 137, stdout, stderr }));
  return {
    exit,
    says: async (text) => {
      while (!stderr.includes(text)) {
        if (child.exitCode !== null) throw new Error(`It ended without saying "${text}":\n${stdout}${stderr}`);
        await sleep(20);
      }
    },
    kill: async () => {
      if (child.pid === undefined) throw new Error("It did not start.");
      process.kill(-child.pid, "SIGKILL");
      await exit;
    },
  };
}

/** Runs the command to its end, which has to be a good one unless another code is expected. */
export async function runPreview(
  sandbox: Sandbox,
  github: GitHubServer,
  args: readonly string[],
  code = 0,
  others: Readonly<Record<string, string>> = {},
): Promise<Exit> {
  const exit = await startPreview(sandbox, github, args, others).exit;
  expect(exit.code, `preview ${args.join(" ")}\n${exit.stdout}${exit.stderr}`).toBe(code);
  return exit;
}

/** Deploys a commit of a pull request and reads the report. */
export async function push(
  sandbox: Sandbox,
  github: GitHubServer,
  pullRequest: number,
  commit: string,
  args: readonly string[] = [],
  code = 0,
  others: Readonly<Record<string, string>> = {},
): Promise<{ readonly report: PreviewReport; readonly exit: Exit }> {
  const file = join(sandbox.paths.directory, `report-${pullRequest}.json`);
  const all = ["up", "--pr", String(pullRequest), "--commit", commit, "--owner", "octocat", "--report", file, ...args];
  const exit = await runPreview(sandbox, github, all, code, others);
  return { report: JSON.parse(await readFile(file, "utf8")) as PreviewReport, exit };
}

/** A commit id that tests can tell from others. */
export function commitOf(digit: number | string): string {
  return String(digit).repeat(40).slice(0, 40);
}

/** A checkout of a test's own. */
export interface TestProgram {
  readonly directory: string;
  remove(): Promise<void>;
}

/** A checkout that is this one but for its index.ts, and other files of its root. */
export async function programWith(index: string, files: Readonly<Record<string, string>> = {}): Promise<TestProgram> {
  const directory = await mkdtemp(join(tmpdir(), "aks-mesh-program-"));
  for (const name of await readdir(programDirectory)) {
    if (name === "index.ts" || name.startsWith(".") || Object.hasOwn(files, name)) continue;
    // It loads the index.ts beside its own file, which a link would be that of this checkout.
    if (name === "program.cjs") await copyFile(join(programDirectory, name), join(directory, name));
    else await symlink(join(programDirectory, name), join(directory, name));
  }
  for (const [name, text] of Object.entries({ ...files, "index.ts": index }))
    await writeFile(join(directory, name), text);
  return { directory, remove: () => rm(directory, { recursive: true }) };
}

/**
 * This program, whose providers are taken for a user by the API server.
 *
 * @param files others of its root.
 */
export async function programAs(user: string, files: Readonly<Record<string, string>> = {}): Promise<TestProgram> {
  const index = [
    'import { runtime } from "@pulumi/pulumi";',
    'import { parse, stringify } from "yaml";',
    "runtime.registerStackTransformation(({ type, props, opts }) => {",
    '  if (type !== "pulumi:providers:kubernetes") return undefined;',
    "  const kubeconfig = props.kubeconfig.apply((text: string) => {",
    "    const config = parse(text);",
    `    for (const { user } of config.users) user.as = ${JSON.stringify(user)};`,
    "    return stringify(config);",
    "  });",
    "  return { props: { ...props, kubeconfig }, opts };",
    "});",
    await readFile(join(programDirectory, "index.ts"), "utf8"),
  ].join("\n");
  const settings = await readFile(join(programDirectory, "Pulumi.preview.yaml"), "utf8");
  return programWith(index, { ...files, "Pulumi.preview.yaml": `${settings}  aks-mesh:previewObjectId: ${user}\n` });
}

/** A program that does something with `options`, by which it gets into the cluster that its preview shares. */
export function inSharedCluster(...lines: readonly string[]): string {
  return [
    'import { Config, getStack } from "@pulumi/pulumi";',
    'import { loginLike } from "./components/aks-cluster/kubeconfig";',
    'import { readPreviewSettings } from "./program/previews/settings";',
    'import { sharedCluster } from "./program/shared-cluster";',
    ...lines.filter((line) => line.startsWith("import ")),
    "const host = readPreviewSettings(getStack(), new Config())?.host;",
    "if (host !== undefined) {",
    'const { options } = sharedCluster("x", host, loginLike(process.env));',
    ...lines.filter((line) => !line.startsWith("import ")),
    "}",
  ].join("\n");
}

const kinds = ["namespaces", "pods", "services", "serviceaccounts", "networkpolicies"];

const meshKinds = {
  osm: [
    "meshconfigs",
    "traffictargets",
    "httproutegroups",
    "tcproutes",
    "trafficsplits",
    "egresses",
    "ingressbackends",
  ],
  istio: [
    ...[
      "authorizationpolicies",
      "peerauthentications",
      "requestauthentications",
      "virtualservices",
      "destinationrules",
    ],
    ...["serviceentries", "sidecars.networking.istio.io"],
  ],
};

/** Everything in the shared cluster that decides about access, as its API server has it. */
export async function liveObjects(sandbox: Sandbox, mesh: keyof typeof meshKinds = "osm"): Promise<KubernetesObject[]> {
  const all = [...kinds, ...meshKinds[mesh]].join(",");
  const exit = await kubectl(sandbox, "dev", "get", all, "--all-namespaces", "--output=json");
  expect(exit.code, exit.stderr).toBe(0);
  return (JSON.parse(exit.stdout) as { items: KubernetesObject[] }).items;
}

/** An object without what the API server and controllers write by themselves, as text. */
export function essence({ kind, metadata, ...rest }: KubernetesObject): string {
  const spec: unknown = "spec" in rest ? rest.spec : undefined;
  const { name, namespace, labels, annotations } = metadata;
  return JSON.stringify({ kind, name, namespace, labels, annotations, spec: isJsonObject(spec) ? spec : null });
}

/** Brings the preview of pull request 7 up in the cluster of a stack, with what previews may call of others (up-with-reaches.ts), which has to succeed. */
export async function upWithReaches(
  { environment }: Sandbox,
  base: string,
  program: string,
  ...reaches: readonly PreviewReach[]
): Promise<PreviewReport> {
  const options: UpOptions = {
    ...{ pullRequest: 7, commit: commitOf(7), owner: "octocat", timeToLive: 3_600_000 },
    ...{ cluster: "shared", base, images: {} },
  };
  const line = [
    ...typescriptArguments,
    join(__dirname, "up-with-reaches.ts"),
    ...[program, JSON.stringify(options), JSON.stringify(reaches)],
  ];
  const { code, stdout, stderr } = await run(process.execPath, line, { cwd: programDirectory, environment });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as PreviewReport;
}
