import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../progress";

const run = promisify(execFile);

/** Where Go keeps what we need to know, from `go env`. */
interface GoEnvironment {
  readonly GOVERSION: string;
  readonly GOTOOLCHAIN: string;
}

/**
 * Checks that Go is there and new enough, or can fetch what is missing by itself.
 * @param needed the version that the modules ask for, such as "1.26.0".
 * @throws an Error that says what to install.
 */
export async function checkGo(needed: string): Promise<void> {
  let found: GoEnvironment;
  try {
    const { stdout } = await run("go", ["env", "-json", "GOVERSION", "GOTOOLCHAIN"]);
    found = JSON.parse(stdout) as GoEnvironment;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError(
      `The sandbox builds its tools with Go ${needed} or newer, and 'go' is not on the PATH: see https://go.dev/dl`,
    );
  }
  const problem = goProblem(found.GOVERSION, found.GOTOOLCHAIN, needed);
  if (problem !== undefined) throw new UserError(problem);
}

/** What is wrong with the Go that was found, or nothing. Go ≥ 1.21 fetches a newer toolchain unless GOTOOLCHAIN forbids it. */
export function goProblem(goVersion: string, goToolchain: string, needed: string): string | undefined {
  const version = goVersion.replace(/^go/, "");
  if (!/^\d+\.\d+/.test(version) || compareVersions(version, needed) >= 0) return undefined;
  const fetches = compareVersions(version, "1.21") >= 0 && !goToolchain.startsWith("local");
  if (fetches) return undefined;
  return (
    `The sandbox builds its tools with Go ${needed} or newer; this is Go ${version}. Install a newer one from ` +
    `https://go.dev/dl, or, with Go 1.21 or newer, let Go fetch it: GOTOOLCHAIN=auto`
  );
}

/** Compares dotted versions number by number; a missing number counts as 0, a suffix such as "rc1" is ignored. */
export function compareVersions(left: string, right: string): number {
  const numbers = (version: string) => version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [numbers(left), numbers(right)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
