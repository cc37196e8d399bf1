import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { releaseStaleLocks } from "../../recovery/stale-locks";

async function pidOfEndedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid ?? 0;
}

it("releases the locks of dead engines of this machine, and no other", async () => {
  const state = await mkdtemp(join(tmpdir(), "locks-"));
  const locks = join(state, ".pulumi", "locks", "organization", "aks-mesh", "dev");
  await mkdir(locks, { recursive: true });
  const write = (name: string, pid: number, host: string) =>
    writeFile(join(locks, name), JSON.stringify({ pid, hostname: host, username: "u", timestamp: new Date() }));
  await write("dead.json", await pidOfEndedProcess(), hostname());
  await write("living.json", process.pid, hostname());
  await write("elsewhere.json", 1, "another-machine");

  const holders = await releaseStaleLocks(state, "aks-mesh", "dev", () => undefined);
  expect(holders.map(({ pid, hostname: host }) => `${pid} on ${host}`).sort()).toEqual(
    [`1 on another-machine`, `${process.pid} on ${hostname()}`].sort(),
  );
  expect((await readdir(locks)).sort()).toEqual(["elsewhere.json", "living.json"]);
  await releaseStaleLocks(state, "aks-mesh", "no-such-stack", () => undefined);
  await rm(state, { recursive: true });
});
