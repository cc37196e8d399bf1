import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { identify } from "../../recovery/process-identity";
import { withLock } from "../tools/lock";
import { ensureCertificate } from "./certificates";
import { type ClusterBackend } from "./cluster-backend";
import { controlTokenFile, ensureControlToken } from "./control-token";
import { ensureIdentity } from "./identity";
import { type Json, numberAt } from "./json";
import { quickLatency } from "./latency";
import { createPlaceholderBackend } from "./placeholder-backend";
import { type ArmServer, startArmServer } from "./server";

const USAGE = `usage: tsx sandbox/arm/main.ts <sandbox directory> [--without-control-planes]

Starts the emulator of Azure Resource Manager and Microsoft Entra ID, prints "ready", and serves until SIGTERM.
--without-control-planes: clusters exist in Azure Resource Manager only; no Kubernetes is started.`;

/** The daemon: everything it keeps lies in the sandbox directory. */
async function main(args: readonly string[]): Promise<void> {
  const [directory, option] = args;
  if (
    directory === undefined ||
    directory.startsWith("-") ||
    (option !== undefined && option !== "--without-control-planes")
  ) {
    throw new Error(USAGE);
  }
  const root = resolve(directory);
  mkdirSync(join(root, "logs"), { recursive: true });
  // States, keys and logs: nothing for other users of the machine.
  chmodSync(root, 0o700);
  await withLock(
    join(root, "arm.lock"),
    () => {
      throw new Error(`An emulator already runs in ${root}; its port is in ${join(root, "arm.json")}.`);
    },
    () => serve(root, option === undefined),
  );
}

async function serve(root: string, withControlPlanes: boolean): Promise<void> {
  const logFile = join(root, "logs", "arm.log");
  const log = (line: string): void => appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
  const certificate = await ensureCertificate(join(root, "tls"));
  const identity = ensureIdentity(join(root, "credentials.json"));
  const clusters = withControlPlanes ? await realControlPlanes(root, log) : createPlaceholderBackend();

  let end: () => void = () => undefined;
  const ended = new Promise<void>((done) => (end = done));
  const start = (port: number): Promise<ArmServer> =>
    startArmServer({
      directory: join(root, "arm"),
      port,
      certificate,
      identity,
      clusters,
      controlToken: ensureControlToken(controlTokenFile(root)),
      latency: quickLatency,
      log,
      onShutdown: end,
    });
  const portFile = join(root, "arm.json");
  const server = await start(rememberedPort(portFile)).catch((error: unknown) => {
    if (!isTaken(error)) throw error;
    log("the port of the last time is taken: another one is used");
    return start(0);
  });
  writeFileSync(`${portFile}.new`, `${JSON.stringify({ port: server.port, ...(await identify(process.pid)) })}\n`);
  renameSync(`${portFile}.new`, portFile);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => end());
  log(`ready at ${server.url}, pid ${process.pid}`);
  console.log("ready");
  await ended;
  await server.close();
  log("stopped");
}

/** Loaded only where wanted: clients of Azure Resource Manager alone need no built tools. */
async function realControlPlanes(root: string, log: (line: string) => void): Promise<ClusterBackend> {
  const [{ createControlPlaneBackend }, { ensureTools }] = await Promise.all([
    import("./control-plane-backend.js"),
    import("../tools/index.js"),
  ]);
  return createControlPlaneBackend(join(root, "clusters"), await ensureTools(log));
}

function rememberedPort(file: string): number {
  if (!existsSync(file)) return 0;
  const value: Json = JSON.parse(readFileSync(file, "utf8"));
  return numberAt(value, "port") ?? 0;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

main(process.argv.slice(2)).then(
  // Sockets of clients that keep their connection must not keep the process.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
