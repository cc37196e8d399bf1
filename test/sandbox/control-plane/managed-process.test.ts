import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ensureProcess,
  logTail,
  processRuns,
  startedProcesses,
  stopProcess,
  type ProcessDefinition,
} from "../../../sandbox/control-plane/managed-process";
import { identify } from "../../../recovery/process-identity";

let directory: string;
const pidFile = () => path.join(directory, "pids", "a.pid");
const pid = async () => (JSON.parse(await readFile(pidFile(), "utf8")) as { pid: number }).pid;
const sleeper: ProcessDefinition = { name: "a", program: "sleep", args: ["300"] };

beforeEach(async () => {
  directory = await realpath(await mkdtemp(path.join(os.tmpdir(), "aks-mesh-process-")));
});
afterEach(async () => {
  for (const name of await startedProcesses(directory)) await stopProcess(directory, name);
  await rm(directory, { recursive: true });
});

describe("a managed process", () => {
  it("is adopted as long as its definition is the same", async () => {
    await ensureProcess(directory, sleeper);
    const first = await pid();
    await ensureProcess(directory, sleeper);
    expect(await pid()).toBe(first);
    await ensureProcess(directory, { ...sleeper, dependsOn: ["new configuration"] });
    expect(await pid()).not.toBe(first);
    expect(await identify(first)).toBeUndefined();
  });

  it("is started again after it was killed", async () => {
    await ensureProcess(directory, sleeper);
    const first = await pid();
    process.kill(first, "SIGKILL");
    await expect.poll(() => processRuns(directory, "a")).toBe(false);
    await ensureProcess(directory, sleeper);
    expect(await pid()).not.toBe(first);
  });

  it("is killed when it does not end by itself", async () => {
    await ensureProcess(directory, {
      name: "a",
      program: "/bin/sh",
      args: ["-c", 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'],
    });
    await expect.poll(() => logTail(directory, "a")).toBe("deaf");
    const stubborn = await pid();
    await stopProcess(directory, "a");
    expect(await identify(stubborn)).toBeUndefined();
  });

  it("is found when its starter was killed before it could write more than the pid", async () => {
    await ensureProcess(directory, sleeper);
    const orphan = await pid();
    await writeFile(pidFile(), `${orphan}\n`);
    expect(await processRuns(directory, "a")).toBe(true);
    await stopProcess(directory, "a");
    expect(await identify(orphan)).toBeUndefined();
  });

  it("is never taken for another process that has its pid now", async () => {
    await ensureProcess(directory, sleeper);
    await stopProcess(directory, "a");
    const stranger = JSON.stringify({ pid: process.pid, started: "long ago", fingerprint: "x" });
    for (const content of [stranger, `${process.pid}\n`]) {
      await writeFile(pidFile(), content);
      expect(await processRuns(directory, "a")).toBe(false);
    }
  });
});
