import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openControlPlane } from "../../../sandbox/control-plane";
import { startedProcesses } from "../../../sandbox/control-plane/managed-process";
import { ensurePorts, isFree, portNames } from "../../../sandbox/control-plane/ports";

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

it("names a remembered port that another program has, and starts nothing", async () => {
  const { "kube-apiserver": port } = await ensurePorts(directory);
  expect(await isFree(port)).toBe(true);
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  const none = () => {
    throw new Error("No tool is needed for this.");
  };
  const opening = openControlPlane({
    directory,
    tools: { binaries: "", crds: "", stages: "", keda: "", path: none },
    oidc: { issuerUrl: "", clientId: "", caFile: "" },
    ...{ authorizationWebhookUrl: "", authorizationWebhookCaFile: "" },
    ...{ serviceCidr: "10.0.0.0/16", dnsServiceIP: "10.0.0.10" },
  });
  await expect(opening).rejects.toThrow(
    `another program listens on 127.0.0.1:${port}, the port of its kube-apiserver. End that program.`,
  );
  expect(await startedProcesses(directory)).toEqual([]);
  other.close();
});
