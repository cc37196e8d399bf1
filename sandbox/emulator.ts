import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { typescriptArguments } from "../scripts/typescript-arguments";
import { ifExists } from "../recovery/if-exists";
import { identify } from "../recovery/process-identity";
import { controlTokenFile } from "./arm/control-token";
import { type SandboxPaths } from "./paths";
import { type Report, UserError } from "./progress";

/** What the emulator says of itself. */
export interface EmulatorStatus {
  readonly clusters: readonly ClusterStatus[];
}

export interface ClusterStatus {
  readonly id: string;
  readonly provisioningState: string;
  readonly server?: string;
  /** Why its control plane did not start, and what to do. */
  readonly problem?: string;
}

export async function emulatorStatus(emulator: Emulator): Promise<EmulatorStatus> {
  return (await emulator.control("GET", "status")) as EmulatorStatus;
}

/** The emulator's identity, as it stands in `credentials.json`. */
export interface Credentials {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A running ARM emulator. */
export interface Emulator {
  /** Its process. */
  readonly pid: number;
  /** Its port on loopback. */
  readonly port: number;
  readonly credentials: Credentials;
  /** Calls one of the emulator's own endpoints, below `/_sandbox/`, and answers with its JSON body. */
  control(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<unknown>;
}

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await ifExists(readFile(file, "utf8"));
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** What an error answer says, without the form it says it in. */
function errorMessage(body: string): string {
  const { error } = JSON.parse(body) as { error?: { message?: string } };
  return error?.message ?? body;
}

/** How the emulator of a sandbox is reached, and what its own endpoints want to be shown. */
interface Reach {
  readonly port: number;
  readonly ca: Buffer;
  readonly token: string;
}

function call({ port, ca, token }: Reach, method: string, path: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      {
        host: "localhost",
        port,
        ca,
        method,
        path: `/_sandbox/${path}`,
        headers: {
          authorization: `Bearer ${token}`,
          ...(payload !== undefined && { "content-type": "application/json" }),
        },
        timeout: 120_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const status = response.statusCode ?? 0;
          if (status >= 400) reject(new UserError(`The emulator refused this: ${errorMessage(text)}`));
          else resolve(text === "" ? undefined : JSON.parse(text));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.on("timeout", () =>
      outgoing.destroy(
        new UserError(`The ARM emulator at port ${port} does not answer: see logs/arm.log in the sandbox.`),
      ),
    );
    outgoing.end(payload);
  });
}

/** The running emulator of a sandbox, or undefined where none answers. */
export async function findEmulator(paths: SandboxPaths): Promise<Emulator | undefined> {
  const arm = await readJson<{ port: number; pid: number; started?: string }>(paths.arm);
  const credentials = await readJson<Credentials>(paths.credentials);
  const token = await ifExists(readFile(controlTokenFile(paths.directory), "utf8"));
  if (arm === undefined || credentials === undefined) return undefined;
  // Whoever listens on the port when the emulator has ended is somebody else.
  const now = await identify(arm.pid);
  if (now === undefined || (arm.started ?? now.started) !== now.started) return undefined;
  if (token === undefined) {
    throw new UserError(
      `The emulator that runs here is of an older version, which had no token: end it (kill ${arm.pid}) and run the same again.`,
    );
  }
  const reach = { port: arm.port, ca: await readFile(paths.certificateAuthority), token: token.trim() };
  const control: Emulator["control"] = (method, path, body) => call(reach, method, path, body);
  try {
    await control("GET", "status");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ECONNRESET"))
      return undefined;
    throw error;
  }
  return { pid: arm.pid, port: arm.port, credentials, control };
}

/** Ends the emulator and, through it, each cluster's control plane, and waits until they have ended. */
export async function stopEmulator(emulator: Emulator): Promise<void> {
  await emulator.control("POST", "shutdown");
  const deadline = Date.now() + 60_000;
  while ((await identify(emulator.pid)) !== undefined) {
    if (Date.now() > deadline)
      throw new UserError(`The ARM emulator (process ${emulator.pid}) did not end within 60 s.`);
    await sleep(50);
  }
}

/** Starts the emulator as a process of its own, which outlives this one, unless it already runs. */
export async function startEmulator(paths: SandboxPaths, report: Report): Promise<Emulator> {
  const running = await findEmulator(paths);
  if (running !== undefined) return running;
  report("Starting the ARM emulator …");
  await mkdir(paths.logs, { recursive: true });
  const log = openSync(join(paths.logs, "arm.log"), "a", 0o600);
  const child = spawn(process.execPath, [...typescriptArguments, join(__dirname, "arm", "main.ts"), paths.directory], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let exit: string | undefined;
  child.on("exit", (code, signal) => (exit = signal ?? `exit code ${code}`));
  child.unref();
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const emulator = await findEmulator(paths);
    if (emulator !== undefined) return emulator;
    if (exit !== undefined)
      throw new UserError(`The ARM emulator ended with ${exit}: see ${join(paths.logs, "arm.log")}`);
    await sleep(100);
  }
  throw new UserError(`The ARM emulator did not answer within 60 s: see ${join(paths.logs, "arm.log")}`);
}
