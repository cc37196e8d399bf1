import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { scratchVariable } from "../../run/scratch";

import {
  type ArmServer,
  type CertificateFiles,
  createPlaceholderBackend,
  ensureCertificate,
  ensureIdentity,
  type FederatedCredential,
  type Identity,
  parseLatency,
  type PlaceholderBackend,
  startArmServer,
} from "../../../sandbox/arm";
import { type ClusterBackend } from "../../../sandbox/arm/cluster-backend";
import { controlTokenFile, ensureControlToken } from "../../../sandbox/arm/control-token";
import { type Json, type JsonObject, isObject, stringAt } from "../../../sandbox/arm/json";
import { apiVersionsOf } from "../../../sandbox/arm/resource-manager/api-versions";
import { parseResourcePath } from "../../../sandbox/arm/resource-id";

/** An answer as the tests read it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** The newest stable version of the type that a path names. */
function versionFor(path: string): string {
  const { provider } = parseResourcePath(path.replace(/\?.*/, ""));
  const versions =
    provider === undefined ? [] : (apiVersionsOf([provider.namespace, ...provider.types].join("/")) ?? []);
  return versions.find((version) => !version.endsWith("preview")) ?? versions[0] ?? "2025-05-01";
}

/** An emulator with placeholder clusters and very short latencies, and a client for it. */
export interface TestEmulator {
  readonly url: string;
  readonly ca: string;
  readonly identity: Identity;
  readonly backend: PlaceholderBackend;
  readonly log: readonly string[];
  /** A request to Azure Resource Manager with a valid token; `SUB` in the path is the subscription's id. */
  arm(method: string, path: string, body?: Json, headers?: Record<string, string>): Promise<Answer>;
  /** Any request, without a token. */
  raw(method: string, path: string, body?: string, headers?: Record<string, string>): Promise<Answer>;
  /** A token of the service principal for Azure Resource Manager. */
  bearer(): Promise<string>;
  control(method: string, path: string, body?: Json): Promise<Answer>;
  /** Follows a long-running operation to its end and returns its last status body. */
  finish(answer: Answer): Promise<Answer>;
  /** Closes the server and starts another over the same state. */
  restart(): Promise<void>;
  /** Puts the emulator's clock on and starts it anew: what is due by then ends. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

// Keys take longest to make: the emulators of a process share theirs, which has one or more test files.
const shared = mkdtempSync(join(process.env[scratchVariable] ?? expect.fail(`no ${scratchVariable}`), "keys-"));
const sharedSigningKey = join(shared, "token-signing-key.pem");
const sharedCertificate = (): Promise<CertificateFiles> => ensureCertificate(join(shared, "tls"));

/** Starts an emulator for a test file. `scale`: of the quick latencies; by default a cluster takes 60 ms. */
export async function startTestEmulator(
  options: {
    readonly scale?: number;
    readonly federatedCredentials?: readonly FederatedCredential[];
    /** Whether the next control plane that is opened does not start, and why. */
    readonly failure?: () => Error | undefined;
  } = {},
): Promise<TestEmulator> {
  const directory = mkdtempSync(join(tmpdir(), "aks-mesh-arm-"));
  const certificate = await sharedCertificate();
  const made = ensureIdentity(join(directory, "credentials.json"));
  const identity: Identity = {
    ...made,
    // One in 64 begins so, and clients may take it for an option.
    clientSecret: `-${made.clientSecret}`,
    federatedCredentials: options.federatedCredentials ?? [],
  };
  const controlToken = ensureControlToken(controlTokenFile(directory));
  const backend = createPlaceholderBackend();
  const clusters: ClusterBackend = {
    open: (...args) => {
      const failure = options.failure?.();
      return failure === undefined ? backend.open(...args) : Promise.reject(failure);
    },
  };
  const log: string[] = [];
  let ahead = 0;
  const start = (port: number): Promise<ArmServer> =>
    startArmServer({
      directory: join(directory, "arm"),
      port,
      certificate,
      identity,
      clusters,
      controlToken,
      latency: parseLatency({ scale: options.scale ?? 0.02 }),
      log: (line) => log.push(line),
      now: () => Date.now() + ahead,
    });
  const signingKey = join(directory, "arm", "token-signing-key.pem");
  mkdirSync(join(directory, "arm"));
  if (existsSync(sharedSigningKey)) copyFileSync(sharedSigningKey, signingKey);
  let server = await start(0);
  if (!existsSync(sharedSigningKey)) copyFileSync(signingKey, sharedSigningKey);
  let agent = new Agent({ keepAlive: true });
  const ca = readFileSync(certificate.caFile, "utf8");
  let token: string | undefined;

  function raw(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path.replace(/(?<=\/)SUB(?=[/?]|$)/i, identity.subscriptionId), server.url),
        {
          method,
          ca,
          agent,
          headers: { ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }), ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            const parsed: Json = text === "" ? {} : JSON.parse(text);
            resolve({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
              ),
              body: isObject(parsed) ? parsed : { list: parsed },
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  async function bearer(): Promise<string> {
    if (token === undefined) {
      const answer = await raw(
        "POST",
        `/${identity.tenantId}/oauth2/v2.0/token`,
        new URLSearchParams({
          grant_type: "client_credentials",
          client_id: identity.clientId,
          client_secret: identity.clientSecret,
          scope: "https://management.core.windows.net//.default",
        }).toString(),
      );
      token = stringAt(answer.body, "access_token") ?? "";
    }
    return token;
  }

  async function arm(method: string, path: string, body?: Json, headers: Record<string, string> = {}): Promise<Answer> {
    const separator = path.includes("?") ? "&" : "?";
    const versioned = path.includes("api-version=") ? path : `${path}${separator}api-version=${versionFor(path)}`;
    return raw(method, versioned, body === undefined ? undefined : JSON.stringify(body), {
      authorization: `Bearer ${await bearer()}`,
      ...headers,
    });
  }

  async function restart(): Promise<void> {
    const { port } = server;
    await server.close();
    agent.destroy();
    agent = new Agent({ keepAlive: true });
    server = await start(port);
    await server.ready;
  }

  return {
    get url() {
      return server.url;
    },
    ca,
    identity,
    backend,
    log,
    arm,
    raw,
    bearer,
    control: (method, path, body) =>
      raw(method, `/_sandbox/${path}`, body === undefined ? undefined : JSON.stringify(body), {
        authorization: `Bearer ${controlToken}`,
      }),
    async finish(answer) {
      const status = answer.headers["azure-asyncoperation"];
      const location = answer.headers["location"];
      for (;;) {
        const where = new URL(status ?? location ?? "");
        const polled = await arm("GET", `${where.pathname}${where.search}`);
        const done = status === undefined ? polled.status !== 202 : stringAt(polled.body, "status") !== "InProgress";
        if (done) return polled;
        await sleep(10);
      }
    },
    restart,
    pass(seconds) {
      ahead += seconds * 1000;
      return restart();
    },
    async close() {
      agent.destroy();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The cluster most tests work with: path and smallest body. */
export const clusterPath =
  "/subscriptions/SUB/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/mesh";
export const smallCluster: JsonObject = {
  location: "westus2",
  identity: { type: "SystemAssigned" },
  properties: {
    dnsPrefix: "pulumi",
    agentPoolProfiles: [
      {
        name: "systempool",
        count: 2,
        mode: "System",
        osDiskSizeGB: 128,
        osType: "Linux",
        type: "VirtualMachineScaleSets",
        vmSize: "standard_d2s_v3",
      },
    ],
  },
};

/** The small cluster with other properties put over its own. */
export function clusterWith(properties: JsonObject, envelope: JsonObject = {}): JsonObject {
  const base = smallCluster["properties"];
  return { ...smallCluster, ...envelope, properties: { ...(isObject(base) ? base : {}), ...properties } };
}

/** Makes resource group `rg`, and in it the cluster. */
export async function createCluster(emulator: TestEmulator, body: JsonObject = smallCluster): Promise<void> {
  await emulator.arm("PUT", "/subscriptions/SUB/resourceGroups/rg", { location: "westus2" });
  const answer = await emulator.arm("PUT", clusterPath, body);
  if (answer.status >= 300) throw new Error(`The cluster was refused: ${JSON.stringify(answer.body)}`);
  await emulator.finish(answer);
}

/** Code and message of an error answer, in either of Azure's shapes. */
export function errorOf(answer: Answer): { code: string; message: string; target: string | undefined } {
  const error = isObject(answer.body["error"]) ? answer.body["error"] : answer.body;
  return {
    code: stringAt(error, "code") ?? "",
    message: stringAt(error, "message") ?? "",
    target: stringAt(error, "target"),
  };
}
