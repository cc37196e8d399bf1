import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { identify, isRunning, parseProcStat } from "../../recovery/process-identity";

describe("a process's identity", () => {
  it("stays while it runs and is gone afterwards", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const identity = await identify(child.pid ?? 0);
    expect(identity).toEqual(await identify(child.pid ?? 0));
    if (identity === undefined) throw new Error("not found");
    expect(await isRunning(identity)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await isRunning(identity)).toBe(false);
  });

  it("is none for a process that has ended and whose parent has not looked", async () => {
    // The shell becomes a program that never asks after the child it inherits.
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    const [text] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(text.toString());
    expect(await identify(pid)).toMatchObject({ pid });
    process.kill(pid, "SIGKILL");
    await expect.poll(() => identify(pid)).toBeUndefined();
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill("SIGKILL");
    await once(parent, "exit");
  });

  it("is not that of another process with the same pid", async () => {
    const own = await identify(process.pid);
    if (own === undefined) throw new Error("not found");
    expect(await isRunning({ ...own, started: `${own.started}0` })).toBe(false);
  });

  it("is read right whatever the command is called", () => {
    const fields = Array.from({ length: 30 }, (_, index) => `f${index}`);
    const stat = `4711 (a) S 1 (b c) R ${fields.slice(1).join(" ")}`;
    expect(parseProcStat(stat)).toEqual({ state: "R", startTime: "f19" });
  });
});
