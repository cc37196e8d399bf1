import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type CertificateFiles } from "./certificates";
import { type ClusterBackend } from "./cluster-backend";
import { agentPoolOperations } from "./container-service/agent-pools";
import { openControlPlanes } from "./container-service/control-planes";
import { managedClusterOperations, removeClusterChange } from "./container-service/managed-clusters";
import { deploymentOperations } from "./deployments/deployments";
import { type ArmContext, methodAndPath } from "./context";
import { answerControl, controlPath } from "./control";
import { ArmError, errorBody } from "./errors";
import { openFaults } from "./faults";
import { type ArmRequest, type ArmResponse, readBody, send } from "./http";
import { type Identity } from "./identity";
import { type Json } from "./json";
import { managedIdentity } from "./managed-identities";
import { type LatencyProfile, milliseconds, parseLatency } from "./latency";
import { openLogin } from "./login";
import { metadataEndpoints } from "./metadata";
import { openOperations } from "./operations";
import { answerVault, vaultOfHost } from "./key-vault/vault-endpoint";
import { createRequestLog } from "./request-log";
import { createRouter } from "./router";
import { resourceGroupOperations } from "./resource-manager/resource-groups";
import { changeSettings, defaultSettings } from "./settings";
import { openStore } from "./store";
import { refuseByFault } from "./fault-answers";
import { createThrottle } from "./throttling";

/** What an emulator is started from. */
export interface ArmServerOptions {
  /** Its state lives here. */
  readonly directory: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly certificate: CertificateFiles;
  readonly identity: Identity;
  readonly clusters: ClusterBackend;
  /** What the control endpoints want to be shown. */
  readonly controlToken: string;
  /** Used until `PUT /_sandbox/latency` sets another, which is remembered. */
  readonly latency: LatencyProfile;
  /** A line per request and per end of an operation. No token or body ever appears. Default: none. */
  readonly log?: (line: string) => void;
  /** The clock, in milliseconds as of `Date.now`, which is the default. */
  readonly now?: () => number;
  /** Called when `POST /_sandbox/shutdown` has stopped the control planes. */
  readonly onShutdown?: () => void;
}

/** A running emulator. */
export interface ArmServer {
  /** `https://localhost:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the control planes of the clusters that were there at the start are open, or have failed to. */
  readonly ready: Promise<void>;
  /** Stops serving. Control planes go on running; operations in flight go on at the next start. */
  close(): Promise<void>;
}

/**
 * Starts an emulator of Azure Resource Manager and Microsoft Entra ID on loopback.
 *
 * @throws Error where the port is taken or the state is damaged.
 */
export async function startArmServer(options: ArmServerOptions): Promise<ArmServer> {
  const { identity, certificate } = options;
  const log = options.log ?? (() => undefined);
  const now = options.now ?? Date.now;
  mkdirSync(options.directory, { recursive: true });
  const server = createServer({ key: readFileSync(certificate.keyFile), cert: readFileSync(certificate.certFile) });
  const port = await listen(server, options.port);
  const baseUrl = `https://localhost:${port}`;

  const store = openStore(join(options.directory, "journal.jsonl"));
  const login = await openLogin({
    ...{ keyFile: join(options.directory, "token-signing-key.pem"), baseUrl, identity, now },
    managedIdentity: (clientId) => managedIdentity(context, planes, clientId),
  });
  const planes = openControlPlanes({
    ...{ backend: options.clusters, issuerUrl: login.issuer, caFile: certificate.caFile },
    guardToken: options.controlToken,
  });
  const requests = createRequestLog();
  const throttle = createThrottle();
  const { route, dispatch } = createRouter(planes, login);
  const handlers = {
    ...deploymentOperations(
      () => context,
      () => dispatch,
    ),
    ...resourceGroupOperations(() => context, { destroy: planes.destroy, change: removeClusterChange }),
    ...managedClusterOperations(
      () => context,
      () => planes,
    ),
    ...agentPoolOperations(
      () => context,
      () => planes,
    ),
  };
  const context: ArmContext = {
    store,
    operations: openOperations({ store, handlers, now, log }),
    faults: openFaults(store, now),
    identity,
    baseUrl,
    now,
    log,
    latency: () => {
      const stored = store.get("settings:latency");
      return stored === undefined ? options.latency : parseLatency(stored);
    },
    settings: () => changeSettings(defaultSettings, store.get("settings:manners") ?? {}),
  };

  async function answer(request: ArmRequest): Promise<ArmResponse | "reset"> {
    if (request.path === controlPath || request.path.startsWith(`${controlPath}/`)) {
      return answerControl(context, request, {
        ...{ requests, planes, token: options.controlToken },
        shutDown: () => options.onShutdown?.(),
      });
    }
    if (request.path.toLowerCase() === "/metadata/endpoints") return metadataEndpoints(context, request);
    const loginAnswer = await login.answer(request);
    if (loginAnswer !== undefined) return loginAnswer;
    const vault = vaultOfHost(request);
    if (vault !== undefined) return answerVault(context, login, vault, request);
    if (context.faults.strikes("connection-reset", methodAndPath(request))) return "reset";
    const delay = milliseconds(context.latency(), "request");
    if (delay > 0) await sleep(delay);
    refuseByFault(context, request);
    throttle.admit(context, request);
    const answered = await route(context, request);
    return context.faults.strikes("lost-response", methodAndPath(request)) ? "reset" : answered;
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = process.hrtime.bigint();
    const url = new URL(`${baseUrl}${message.url ?? "/"}`);
    const id = randomUUID();
    const method = message.method ?? "GET";
    let result: ArmResponse | "reset";
    try {
      const body = await readBody(message);
      result = await answer({
        method,
        // Clients write a whole id into a path, with the slash that it begins with or with all of them encoded, as Azure allows.
        path: url.pathname.replaceAll(/(?:\/|%2f)+/gi, "/"),
        query: url.searchParams,
        headers: message.headers,
        body,
        id,
      });
    } catch (error) {
      result = errorAnswer(error, log);
    }
    const took = Number(process.hrtime.bigint() - started) / 1e6;
    const status = result === "reset" ? 0 : result.status;
    if (!url.pathname.startsWith(controlPath)) requests.count(method, url.pathname, status);
    log(`${method} ${url.pathname} ${status === 0 ? "reset" : status} ${took.toFixed(1)} ms`);
    if (result === "reset") {
      message.socket.resetAndDestroy();
      return;
    }
    send(response, result, answerHeaders(message, id));
  }

  server.on("request", (message, response) => {
    handle(message, response).catch((error: unknown) => {
      log(`${message.method ?? ""} ${message.url?.split("?")[0] ?? ""}: ${String(error)}`);
      response.destroy();
    });
  });
  context.operations.resume();
  const ready = planes.openAll(context);

  return {
    url: baseUrl,
    port,
    ready,
    async close() {
      await context.operations.stop();
      planes.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      store.close();
    },
  };
}

function answerHeaders(message: IncomingMessage, id: string): Record<string, string> {
  const correlation = message.headers["x-ms-correlation-request-id"];
  const client = message.headers["x-ms-client-request-id"];
  return {
    "x-ms-request-id": id,
    "x-ms-correlation-request-id": typeof correlation === "string" ? correlation : randomUUID(),
    ...(typeof client === "string" ? { "x-ms-client-request-id": client } : {}),
    "x-ms-routing-request-id": `SANDBOX:${id}`,
    "cache-control": "no-cache",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
  };
}

function errorAnswer(error: unknown, log: (line: string) => void): ArmResponse {
  if (error instanceof ArmError)
    return { status: error.status, body: errorBody(error), headers: error.options.headers };
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const body: Json = {
    error: { code: "InternalServerError", message: "The emulator itself failed; its log says why." },
  };
  return { status: 500, body };
}

/** Listens on loopback and returns the port. */
function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("The server has no port."));
      else resolve(address.port);
    });
  });
}
