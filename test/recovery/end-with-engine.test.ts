import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { typescriptArguments } from "../../scripts/typescript-arguments";

const module = join(__dirname, "..", "..", "recovery", "end-with-engine.ts");

/** A program that, like Pulumi's host, warns of every error that nobody catches. Its reader goes away. */
async function warnForEver(first: string) {
  const script = `${first}; process.on("uncaughtException", (error) => console.warn(error)); setInterval(() => console.warn("still here"), 10);`;
  const child = spawn(process.execPath, [...typescriptArguments, "-e", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await once(child.stderr, "data");
  child.stderr.destroy();
  return child;
}

it("ends a program that nobody listens to", async () => {
  const child = await warnForEver(`require(${JSON.stringify(module)}).endWithEngine()`);
  expect(await once(child, "exit")).toEqual([1, null]);
});

it("is needed: without it the program goes on", async () => {
  const child = await warnForEver("");
  await sleep(500);
  expect(child.exitCode).toBe(null);
  child.kill("SIGKILL");
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
});
