import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { type ManifestFile } from "../mesh/manifests";
import { type ChartSource, type KustomizationSource } from "./application";
import { helmValueOptions } from "./helm-values";

/** Largest output of a renderer, in bytes. */
const largestOutput = 256 * 1024 * 1024;

/** Where a renderer is sent that wants to fetch something: a name that nobody may have (RFC 2606). */
const nowhere = "http://nothing-is-fetched.invalid";

/**
 * What keeps renderers from fetching, as Kustomize would a base with an address: a commit says all that is deployed. Git, which Kustomize runs,
 * and Go's HTTP client read these.
 */
const withoutNetwork: NodeJS.ProcessEnv = {
  GIT_ALLOW_PROTOCOL: "file",
  ...{ HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere },
  ...{ NO_PROXY: "", no_proxy: "" },
};

/** Where a source's objects come from, for messages. */
export function titleOfRendered(source: ChartSource | KustomizationSource): string {
  return "chart" in source ? `chart ${source.chart}` : `kustomization ${source.kustomization}`;
}

/**
 * Renders an overlay by `kustomize`, or by `kubectl` where there is no `kustomize`.
 *
 * @param root the folder to which paths are relative.
 * @throws RunError with what the program says, or where to get it.
 */
export function renderKustomization(source: KustomizationSource, root: string): ManifestFile {
  const folder = folderOf(source.kustomization, "kustomization", root);
  const title = titleOfRendered(source);
  const text =
    run(title, "kustomize", ["build", folder], root) ??
    run(title, "kubectl", ["kustomize", folder], root) ??
    missing(title, "kustomize or kubectl", "https://kubectl.docs.kubernetes.io/installation/kustomize/");
  return { name: title, text };
}

/**
 * Renders a chart by `helm template`, with its CustomResourceDefinitions and without its hooks.
 *
 * @param root the folder to which paths are relative.
 * @throws RunError with what Helm says, or where to get it.
 */
export function renderChart(source: ChartSource, root: string): ManifestFile {
  const { chart, namespace, release = basename(chart), valueFiles = [], values = {} } = source;
  const { kubernetesVersion, apiVersions = [] } = source;
  const title = titleOfRendered(source);
  const options = [
    ...["--namespace", namespace, "--no-hooks", "--include-crds"],
    ...(kubernetesVersion === undefined ? [] : ["--kube-version", kubernetesVersion]),
    ...apiVersions.flatMap((version) => ["--api-versions", version]),
    ...valueFiles.flatMap((file) => ["--values", join(root, file)]),
    ...helmValueOptions(values),
  ];
  const text =
    run(title, "helm", ["template", release, folderOf(chart, "chart", root), ...options], root) ??
    missing(title, "helm", "https://helm.sh/docs/intro/install/");
  return { name: title, text };
}

/** A folder of the repository: nothing is fetched when the program runs, so that a commit says all that is deployed. */
function folderOf(path: string, kind: string, root: string): string {
  const folder = join(root, path);
  if (!/^[a-z]+:\/\//.test(path) && existsSync(folder)) return folder;
  throw new RunError(
    `${kind} ${path}: there is no such folder in the repository. Nothing is fetched when the program runs: put it there, for a chart ` +
      "with `helm pull --untar`, so that a commit says all that is deployed.",
  );
}

/** What a program prints; undefined where it is not installed. */
function run(title: string, program: string, args: readonly string[], root: string): string | undefined {
  try {
    return execFileSync(program, args, {
      cwd: root,
      env: { ...process.env, ...withoutNetwork },
      encoding: "utf8",
      maxBuffer: largestOutput,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === "ENOENT") return undefined;
    const printed = "stderr" in error ? String(error.stderr ?? "").trim() : "";
    // Named as they are written: messages are read in the repository.
    const said = (printed === "" ? error.message : printed).replaceAll(`${root}/`, "");
    const remedy = wantedToFetch(said)
      ? " Nothing is fetched when the program runs: put a copy into the repository."
      : "";
    throw new RunError(`${title}: \`${program} ${args[0] ?? ""}\` failed.${remedy}\n${said}`);
  }
}

/** Whether a program failed because it may not fetch: Git and Go's HTTP client say so in these words. */
function wantedToFetch(said: string): boolean {
  return said.includes(nowhere.slice("http://".length)) || /transport '\w+' not allowed/.test(said);
}

function missing(title: string, programs: string, address: string): never {
  throw new RunError(`${title}: ${programs} is not installed, or not in PATH. Install it: ${address}`);
}
