import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { processesWith } from "../sandbox/processes";
import { endLeftovers, runDirectory, runVariable } from "./leftovers";

/** A process that would outlive the test, and whether it does not mind to be asked to end. */
function start(run: string, script: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, ["-e", script], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, [runVariable]: run },
  });
}

const waits = "setInterval(() => {}, 1000); console.log('ready')";

test("ends what a run has left, and nothing of another run", async () => {
  const [own, other] = [`own-${String(process.pid)}`, `other-${String(process.pid)}`];
  const stubborn = start(own, `process.on("SIGTERM", () => {}); ${waits}`);
  const left = [start(own, waits), stubborn];
  const another = start(other, waits);
  await Promise.all([...left, another].map((one) => one.stdout && once(one.stdout, "data")));
  const ended = Promise.all(left.map((one) => once(one, "exit")));
  await endLeftovers(own);
  const signals = (await ended).map(([, signal]: unknown[]) => signal);
  expect(signals).toEqual(["SIGTERM", "SIGKILL"]);
  expect(processesWith(`${runVariable}=${other}`, "environ").map(({ pid }) => pid)).toEqual([another.pid]);
  another.kill("SIGKILL");
  await once(another, "exit");
});

test("ends what has nothing of the run but a folder that names it", async () => {
  vi.stubEnv(runVariable, `folder-${String(process.pid)}`);
  const folder = await runDirectory("aks-mesh-leftovers");
  vi.unstubAllEnvs();
  const left = spawn(process.execPath, ["-e", waits, folder], { stdio: ["ignore", "pipe", "ignore"], env: {} });
  await once(left.stdout, "data");
  const ended = once(left, "exit");
  await endLeftovers(`folder-${String(process.pid)}`);
  expect((await ended)[1]).toBe("SIGTERM");
  await rm(folder, { recursive: true });
});
