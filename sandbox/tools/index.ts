import { createHash } from "node:crypto";
import { link, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buildTool } from "./build";
import { buildOnce, isBuilt, locateBuild, logFileOf, removeUnused, toolsDirectory } from "./cache";
import { toolDefinitions, type ToolDefinition } from "./definitions";
import { checkGo, compareVersions } from "./go-toolchain";
import { buildProgress } from "./progress";
import { copyScripts, scriptFiles, scripts } from "./scripts";

/** A tool that can be asked for by name: each executable, and each name under which one is called. */
export type ToolName =
  | "pulumi"
  | "pulumi-language-nodejs"
  | "pulumi-resource-pulumi-nodejs"
  | "kubernetes"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "etcd"
  | "kubectl"
  | "kwok"
  | "osm-controller"
  | "osm-injector"
  | "kubelogin"
  | "service-proxy";

/** The built tools. */
export interface Tools {
  /** Absolute path of one directory with all executables, to be put on the PATH. */
  readonly binaries: string;
  /** Absolute path of one executable. */
  path(name: ToolName): string;
  /** Absolute path of the directory with the ten CRD files of OSM. */
  readonly crds: string;
  /** Absolute path of the directory with KWOK's stages: how nodes and pods go from one state to the next. */
  readonly stages: string;
  /** Absolute path of the directory with what KEDA's installation makes in a cluster. */
  readonly keda: string;
}

/**
 * Builds the tools that are not in the cache yet. The cache is `aks-mesh/tools` in $XDG_CACHE_HOME (default ~/.cache), one folder per
 * tool, named by version and a hash of what it is built from. Several processes may call this at once.
 * @param report gets a line when something has to be built, while that goes on, and when it is done; nothing when all is there.
 * @throws an Error that says what to do when Go is missing or too old, or with the end of Go's output when a build fails.
 */
export async function ensureTools(report: (message: string) => void): Promise<Tools> {
  const located = await Promise.all(toolDefinitions.map(locate));
  const missing: Located[] = [];
  for (const tool of located) if (!(await isBuilt(tool.directory))) missing.push(tool);
  if (missing.length > 0) await buildMissing(missing, report);
  const binaries = await linkAll(located);
  return {
    binaries,
    path: (name) => path.join(binaries, name),
    crds: path.join(directoryOf("osm", located), "osm-crds"),
    stages: path.join(directoryOf("kwok", located), "kwok-stages"),
    keda: path.join(directoryOf("keda", located), "keda"),
  };
}

/** A tool, where its source is and where its executables belong. */
interface Located {
  readonly tool: ToolDefinition;
  readonly source: string;
  readonly directory: string;
}

async function locate(tool: ToolDefinition): Promise<Located> {
  const source = path.join(__dirname, tool.name);
  return { tool, source, directory: await locateBuild(tool, [source]) };
}

function directoryOf(name: string, located: readonly Located[]): string {
  const found = located.find(({ tool }) => tool.name === name);
  if (found === undefined) throw new Error(`no tool is named ${name}`);
  return found.directory;
}

async function buildMissing(missing: readonly Located[], report: (message: string) => void) {
  await checkGo(await neededGoVersion(missing));
  const progress = buildProgress(
    missing.map(({ tool }) => tool),
    report,
  );
  const queue = [...missing];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { tool, source, directory } = next;
      await buildOnce(
        directory,
        () => report(`Another process is building ${tool.name}: waiting for it.`),
        async () => {
          progress.started(tool);
          await buildTool(tool, source, directory, await logFileOf(tool)).catch((error: unknown) => {
            queue.length = 0;
            throw new Error(`Building ${tool.name} ${tool.version} failed.`, { cause: error });
          });
        },
      );
      progress.finished(tool);
    }
  };
  try {
    // Go uses all cores while it compiles and one while it links: two builds at a time keep two cores busy.
    const workers = os.availableParallelism() > 1 && os.totalmem() > 6e9 ? 2 : 1;
    const results = await Promise.allSettled(Array.from({ length: workers }, worker));
    const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as Error] : []));
    if (failures.length > 0) throw new Error(failures.map(describe).join("\n\n"));
  } finally {
    progress.stop();
  }
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message} ${error.cause.message}` : error.message;
}

/** The newest Go version that one of the modules asks for in its go.mod. */
async function neededGoVersion(tools: readonly Located[]): Promise<string> {
  const versions = await Promise.all(
    tools.map(async ({ source }) => {
      const version = /^go (\S+)$/m.exec(await readFile(path.join(source, "go.mod"), "utf8"))?.[1];
      if (version === undefined) throw new Error(`${source}/go.mod names no Go version`);
      return version;
    }),
  );
  return versions.reduce((left, right) => (compareVersions(left, right) >= 0 ? left : right));
}

/** One directory with a link to every executable of every tool. */
async function linkAll(located: readonly Located[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of scriptFiles.values()) hash.update(await readFile(file));
  for (const { directory } of located) hash.update(directory);
  const binaries = path.join(toolsDirectory(), `binaries-${hash.digest("hex").slice(0, 12)}`);
  if (await isBuilt(binaries)) return binaries;
  const temporary = await mkdtemp(`${binaries}.`);
  for (const { directory } of located) {
    for (const name of await readdir(path.join(directory, "bin"))) {
      // Hard links: Pulumi takes for its own only what lies in the directory of its executable, symbolic links followed.
      await link(
        path.join(directory, "bin", name),
        path.join(temporary, scripts.includes(name) ? `${name}-host` : name),
      );
    }
  }
  await copyScripts(temporary);
  try {
    await rename(temporary, binaries);
  } catch (error) {
    // Another process was faster; its directory is the same.
    if (!(await isBuilt(binaries))) throw error;
    await rm(temporary, { recursive: true });
  }
  await removeUnused(binaries);
  return binaries;
}
