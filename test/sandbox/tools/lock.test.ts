import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../../sandbox/tools/lock";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "aks-mesh-lock-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("a lock", () => {
  it("keeps out whoever else has it while its owner runs, and lets in the next afterwards", async () => {
    const file = path.join(directory, "lock");
    const order: string[] = [];
    let waited = 0;
    const hold = (name: string) =>
      withLock(
        file,
        () => waited++,
        async () => {
          order.push(`${name} in`);
          // The first has it until the second has found it taken.
          await expect.poll(() => waited).toBe(1);
          order.push(`${name} out`);
        },
      );
    await Promise.all([hold("a"), hold("b")]);
    expect(order.map((entry) => entry.slice(-3).trim())).toEqual(["in", "out", "in", "out"]);
    expect(waited).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it("is taken over from an owner that is gone", async () => {
    const file = path.join(directory, "lock");
    await writeFile(file, JSON.stringify({ pid: process.pid, started: "another time" }));
    const fail = () => expect.unreachable("must not wait");
    expect(await withLock(file, fail, () => Promise.resolve("done"))).toBe("done");
  });

  it("is released when the work fails", async () => {
    const file = path.join(directory, "lock");
    await expect(
      withLock(
        file,
        () => undefined,
        () => Promise.reject(new Error("no")),
      ),
    ).rejects.toThrow("no");
    expect(await readdir(directory)).toEqual([]);
  });
});
