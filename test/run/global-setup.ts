import { spawn } from "node:child_process";
import { join } from "node:path";
import { typescriptArguments } from "../../scripts/typescript-arguments";
import { runVariable } from "./leftovers";

/**
 * Tests start emulators and engines that outlive whoever starts them. When the run has ended, however it ends, Ctrl-C and kill -9 included, a process of its own ends what
 * is left of them: it is told by the end of a pipe, which the kernel closes.
 */
export default function setup(): void {
  const run = `${String(process.pid)}-${String(Date.now())}`;
  process.env[runVariable] = run;
  // Control planes and engines live for minutes here, and there are hundreds: a tenth of their work for more memory.
  process.env["GOGC"] ??= "400";
  const keeper = spawn(process.execPath, [...typescriptArguments, join(__dirname, "end-leftovers.ts"), run], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
    env: { ...process.env, [runVariable]: "" },
  });
  keeper.unref();
  // The run waits neither for the process nor for the pipe to it.
  if ("unref" in keeper.stdin && typeof keeper.stdin.unref === "function") keeper.stdin.unref();
}
