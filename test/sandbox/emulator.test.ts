import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { identify } from "../../recovery/process-identity";
import { findEmulator } from "../../sandbox/emulator";
import { type SandboxPaths, sandboxPaths } from "../../sandbox/paths";

let paths: SandboxPaths;
let other: Server;
let asked: number;

beforeEach(async () => {
  paths = sandboxPaths(await mkdtemp(join(tmpdir(), "aks-mesh-test-")));
  await mkdir(join(paths.directory, "tls"));
  await writeFile(paths.certificateAuthority, "");
  await writeFile(paths.credentials, "{}");
  await writeFile(join(paths.directory, "control-token"), "token");
  asked = 0;
  other = createServer((_, response) => response.end());
  other.on("connection", () => asked++);
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  other.close();
  await rm(paths.directory, { recursive: true });
});

/** What an emulator left that listened where another server listens now. */
async function left(by: { readonly pid: number; readonly started?: string }): Promise<void> {
  const { port } = other.address() as AddressInfo;
  await writeFile(paths.arm, JSON.stringify({ port, ...by }));
}

it("is not running where another server has its port, and asks that server nothing", async () => {
  // No process has so high a number.
  await left({ pid: 2 ** 30 });
  expect(await findEmulator(paths)).toBeUndefined();
  // Another process has its number.
  await left({ pid: process.pid, started: "long ago" });
  expect(await findEmulator(paths)).toBeUndefined();
  expect(asked).toBe(0);
});

it("is asked where its process runs", async () => {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error("This process is not running.");
  await left(self);
  await expect(findEmulator(paths)).rejects.toThrow();
  expect(asked).toBe(1);
});
