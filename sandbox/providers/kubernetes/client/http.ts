import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, UnreachableError, apiError } from "./api-error";
import { credentialSource, type Credentials, type CredentialSource } from "./credentials";
import type { Json } from "./json";
import type { Cluster, Connection } from "./kubeconfig";

/** One request to the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path from the server's root, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: Json;
  /** Content type of the body. Default application/json. */
  readonly contentType?: string;
  /** Ends the request and its retries. */
  readonly signal?: AbortSignal | undefined;
  /** Told each warning the server sends along, such as a deprecated version or an unknown field. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Sends requests to one API server over kept-alive connections, with retries. */
export interface ApiClient {
  /**
   * The answer's JSON.
   * @throws ApiError on a refusal; UnreachableError when no connection came about within the retries.
   */
  request(request: ApiRequest): Promise<Json>;
  close(): void;
}

/** How long to go on, in milliseconds. */
export interface RetryPolicy {
  /** After the first connection error or 5xx; an API server that has just been started needs some seconds. Default 30 s. */
  readonly total: number;
  /** First pause; doubles from time to time, with jitter. Default 100 ms. */
  readonly firstPause: number;
  /** Longest pause. Default 5 s. */
  readonly longestPause: number;
}

const defaultRetryPolicy: RetryPolicy = { total: 30_000, firstPause: 100, longestPause: 5_000 };

/** Refusals that pass: too many requests; servers, or webhooks behind them, that are overloaded or still starting. */
const passingCodes: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Longest wait for the answer to one request, in milliseconds: the API server itself gives up after 60 s. */
const REQUEST_TIMEOUT = 75_000;

/** Connects to the server of a kubeconfig's context. No request is sent yet. */
export function createApiClient(connection: Connection, retry: Partial<RetryPolicy> = {}): ApiClient {
  const policy = { ...defaultRetryPolicy, ...retry };
  const credentials = credentialSource(connection.user, connection.cluster);
  const agents = agentPool(connection.cluster);
  return {
    request: (request) => sendWithRetries(connection.cluster, credentials, agents, policy, request),
    close: () => agents.close(),
  };
}

interface AgentPool {
  /** The agent for these credentials; a new one only when an exec plugin gave another certificate. */
  agentFor(credentials: Credentials): http.Agent;
  close(): void;
}

function agentPool(cluster: Cluster): AgentPool {
  let agent: http.Agent | undefined;
  let certificate: Credentials["clientCertificate"];
  const options = { keepAlive: true, maxSockets: 32 };
  return {
    agentFor: ({ clientCertificate, clientKey }) => {
      if (agent !== undefined && clientCertificate === certificate) return agent;
      agent?.destroy();
      certificate = clientCertificate;
      agent = cluster.server.startsWith("http:")
        ? new http.Agent(options)
        : new https.Agent({
            ...options,
            ca: cluster.certificateAuthority,
            cert: clientCertificate,
            key: clientKey,
            rejectUnauthorized: !cluster.insecureSkipTlsVerify,
            ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
          });
      return agent;
    },
    close: () => agent?.destroy(),
  };
}

async function sendWithRetries(
  cluster: Cluster,
  source: CredentialSource,
  agents: AgentPool,
  policy: RetryPolicy,
  request: ApiRequest,
): Promise<Json> {
  let deadline: number | undefined;
  let renewed = false;
  for (let attempt = 0; ; attempt++) {
    const credentials = await source.get();
    try {
      return await send(cluster, credentials, agents.agentFor(credentials), request);
    } catch (error) {
      if (request.signal?.aborted === true) throw error;
      if (error instanceof ApiError && error.code === 401 && !renewed) {
        renewed = true;
        source.renew();
        continue;
      }
      if (!passes(error, request)) throw error;
      deadline ??= Date.now() + policy.total;
      const pause =
        error instanceof ApiError && error.retryAfter !== undefined
          ? error.retryAfter * 1000
          : Math.min(policy.firstPause * 2 ** attempt, policy.longestPause) * (0.75 + Math.random() / 2);
      if (Date.now() + pause > deadline) throw error;
      await sleep(pause, undefined, { signal: request.signal });
    }
  }
}

/**
 * Whether another try may end otherwise. A POST whose answer was lost may have been stored, so it is not sent again: the second one
 * would be told that the object exists. Neither passes what a schema does not know.
 */
function passes(error: unknown, { method }: ApiRequest): boolean {
  if (error instanceof UnreachableError) return method !== "POST" || !error.sent;
  if (!(error instanceof ApiError) || error.message.includes("failed to create typed patch object")) return false;
  return passingCodes.has(error.code) && !(method === "POST" && error.code === 504);
}

function send(cluster: Cluster, credentials: Credentials, agent: http.Agent, request: ApiRequest): Promise<Json> {
  const url = new URL(cluster.server + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const headers: http.OutgoingHttpHeaders = { accept: "application/json" };
  if (credentials.authorization !== undefined) headers["authorization"] = credentials.authorization;
  if (body !== undefined) {
    headers["content-type"] = request.contentType ?? "application/json";
    headers["content-length"] = body.length;
  }
  return new Promise((resolve, reject) => {
    const unreachable = (error: NodeJS.ErrnoException): void =>
      reject(
        request.signal?.aborted === true
          ? error
          : new UnreachableError(
              `The Kubernetes API server ${cluster.server} cannot be reached: ${reasonOf(error)}`,
              !["ECONNREFUSED", "ENOTFOUND"].includes(error.code ?? ""),
            ),
      );
    const transport = url.protocol === "http:" ? http : https;
    const outgoing = transport.request(
      url,
      { agent, method: request.method, headers, signal: request.signal, timeout: REQUEST_TIMEOUT },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", unreachable);
        response.on("end", () => {
          const code = response.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString("utf8");
          for (const warning of warningsOf(response)) request.onWarning?.(warning);
          if (code >= 200 && code < 300) resolve(parseJson(text));
          else reject(apiError(code, parseJson(text), secondsOf(response.headers["retry-after"])));
        });
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${REQUEST_TIMEOUT / 1000} s`)));
    outgoing.on("error", unreachable);
    outgoing.end(body);
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  // Connecting to a name with several addresses fails with an AggregateError, whose message is empty.
  return error.message === "" ? (error.code ?? "unknown reason") : error.message;
}

function parseJson(text: string): Json {
  if (text === "") return null;
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function secondsOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header === undefined || Number.isNaN(seconds) ? undefined : seconds;
}

/** The texts of `Warning: 299 - "text"` headers, which the API server sends for deprecations and unknown fields. */
function warningsOf(response: http.IncomingMessage): string[] {
  const header = response.headers["warning"];
  if (header === undefined) return [];
  return [...String(header).matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? "").replace(/\\(.)/g, "$1"),
  );
}
