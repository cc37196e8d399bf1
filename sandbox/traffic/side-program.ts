import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How long each may take to answer. */
const startSeconds = 30;

/** Starts a program that is killed when this process ends, which its own death alone would not do. Of the environment it gets the path, and what is given. */
export function startProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn("setpriv", ["--pdeathsig", "SIGKILL", "--", program, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", ...environment },
  });
}

/** Ends it, and waits until it is gone. */
export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

/** Waits until an address answers that all is well. @throws an Error where one of the programs ends before, or nothing answers. */
export async function untilReady(address: string, children: readonly ChildProcess[]): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  while (Date.now() < deadline) {
    const ended = children.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended !== undefined) {
      throw new Error(`${ended.spawnargs.at(4) ?? ""} ended at once: see traffic.log in the sandbox's logs.`);
    }
    // Not ready and not listening are the same here.
    const answer = await fetch(address, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(100);
  }
  throw new Error(`${address} did not answer within ${startSeconds} s: see traffic.log in the sandbox's logs.`);
}
