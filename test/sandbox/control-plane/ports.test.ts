import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ensurePorts, portNames } from "../../../sandbox/control-plane/ports";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "aks-mesh-ports-"));
});
afterEach(() => rm(directory, { recursive: true }));

it("gives each its own port, outside of those for outgoing connections, and the same ones again", async () => {
  const ports = await ensurePorts(directory);
  expect(new Set(Object.values(ports)).size).toBe(portNames.length);
  expect(Math.max(...Object.values(ports))).toBeLessThan(30_000);
  expect(await ensurePorts(directory)).toEqual(ports);
});
