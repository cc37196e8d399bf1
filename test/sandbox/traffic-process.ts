import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Sandbox } from "../../sandbox/sandbox";

/** Starts `traffic …` as a process of its own. */
export function startTraffic(
  { paths }: Sandbox,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  const script = join(__dirname, "run-traffic.ts");
  return spawn(process.execPath, ["--import", "tsx", script, paths.directory, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
}

/** What a process prints until it ends, and how it does. */
export async function output(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString("utf8")));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...texts };
}
