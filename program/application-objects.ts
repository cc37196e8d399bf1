import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { readManifestFiles } from "../cli/input";
import { type WorkloadObject } from "../components/application";
import { formatProblem, type KubernetesObject, type ManifestFile, parseManifests } from "../mesh/manifests";
import { type Application, type ManifestSource } from "./application";

/** Largest output of a renderer, in bytes. */
const largestOutput = 256 * 1024 * 1024;

/** The objects of an application: those that are written as such, and those of manifests. */
export interface ApplicationObjects {
  readonly workloads: readonly WorkloadObject[];
  readonly manifests: readonly KubernetesObject[];
}

/**
 * Reads and renders what an application consists of.
 *
 * @param root the folder to which paths are relative.
 * @throws RunError that names the source, what is wrong in it and what to write instead.
 */
export function applicationObjects({ workloads }: Pick<Application, "workloads">, root: string): ApplicationObjects {
  return {
    workloads: workloads.filter((one) => "kind" in one),
    manifests: workloads.flatMap((one) => ("kind" in one ? [] : objectsOf(one, root))),
  };
}

function objectsOf(source: ManifestSource, root: string): readonly KubernetesObject[] {
  const { namespace } = source;
  const files = filesOf(source, root);
  const { objects, problems, notes } = parseManifests(files, { ...(namespace !== undefined && { namespace }) });
  if (problems.length > 0) throw new RunError(problems.map(formatProblem).join("\n"));
  const unplaced = objects.find(({ metadata }) => metadata.namespace === "default");
  if (unplaced !== undefined) {
    throw new RunError(
      `${titleOf(source)}: the ${unplaced.kind} ${unplaced.metadata.name} is in the namespace default, which the mesh leaves alone. Name a ` +
        'namespace in it, or write one for all that name none: { …, namespace: "shop" }.',
    );
  }
  if (objects.length === 0) throw new RunError([`${titleOf(source)}: no Kubernetes object.`, ...notes].join(" "));
  return objects;
}

function titleOf(source: ManifestSource): string {
  if ("chart" in source) return `chart ${source.chart}`;
  return "kustomization" in source ? `kustomization ${source.kustomization}` : `manifests ${source.manifests}`;
}

function filesOf(source: ManifestSource, root: string): readonly ManifestFile[] {
  if ("manifests" in source) {
    try {
      // Named as they are written: messages are read in the repository.
      return readManifestFiles([join(root, source.manifests)]).map((file) => ({
        ...file,
        name: file.name.replace(`${root}/`, ""),
      }));
    } catch (error) {
      throw new RunError(
        `manifests ${source.manifests}: ${(error instanceof Error ? error.message : String(error)).replaceAll(`${root}/`, "")}`,
      );
    }
  }
  if ("kustomization" in source) {
    const folder = folderOf(source.kustomization, "kustomization", root);
    const text =
      run("kustomize", ["build", folder], root) ??
      run("kubectl", ["kustomize", folder], root) ??
      missing(titleOf(source), "kustomize or kubectl", "https://kubectl.docs.kubernetes.io/installation/kustomize/");
    return [{ name: titleOf(source), text }];
  }
  const { chart, namespace, release = basename(chart), valueFiles = [], values = {} } = source;
  const text =
    run(
      "helm",
      [
        ...[
          "template",
          release,
          folderOf(chart, "chart", root),
          "--namespace",
          namespace,
          "--no-hooks",
          "--include-crds",
        ],
        ...valueFiles.flatMap((file) => ["--values", join(root, file)]),
        ...Object.entries(values).flatMap(([path, value]) => [
          typeof value === "string" ? "--set-string" : "--set",
          `${path}=${typeof value === "string" ? value.replace(/[,\\]/g, "\\$&") : String(value)}`,
        ]),
      ],
      root,
    ) ?? missing(titleOf(source), "helm", "https://helm.sh/docs/intro/install/");
  return [{ name: titleOf(source), text }];
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
function run(program: string, args: readonly string[], cwd: string): string | undefined {
  try {
    return execFileSync(program, args, {
      cwd,
      encoding: "utf8",
      maxBuffer: largestOutput,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === "ENOENT") return undefined;
    const said = "stderr" in error ? String(error.stderr).trim() : error.message;
    throw new RunError(`${[program, ...args].join(" ")} failed:\n${said}`);
  }
}

function missing(title: string, programs: string, address: string): never {
  throw new RunError(`${title}: ${programs} is not installed, or not in PATH. Install it: ${address}`);
}
