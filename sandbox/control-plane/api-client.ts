import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

/** A Kubernetes object as it goes over the wire. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

/** Fails with what the API server answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The few calls of the Kubernetes API that the sandbox needs for itself. Paths are those of the API, such as /api/v1/nodes. */
export interface ApiClient {
  get<T>(path: string): Promise<T>;
  /** Like get, with nothing for an object that does not exist. */
  find<T>(path: string): Promise<T | undefined>;
  list<T = KubernetesObject>(path: string): Promise<T[]>;
  create(path: string, body: object): Promise<void>;
  /** Posts a request that is answered and not kept, such as for a token. */
  request<T>(path: string, body: object): Promise<T>;
  /** Server-side apply, taking over fields that others own. */
  apply(path: string, body: object): Promise<void>;
  mergePatch(path: string, body: object): Promise<void>;
  /** Deletes, if it exists. */
  remove(path: string): Promise<void>;
  /** Ends the connections. */
  close(): void;
}

/** The name under which the control plane owns fields, as AKS's own add-on manager does. */
const fieldManager = "aks-addon-manager";

/** How often a call is made again that the API server puts off, as Kubernetes' own clients do (client-go, rest/with_retry.go). */
const mostRetries = 10;

/** A client with a client certificate. All in PEM. */
export function apiClient(server: string, tls: { ca: string; cert: string; key: string }): ApiClient {
  const agent = new Agent({ ...tls, keepAlive: true });
  const call = (
    method: string,
    path: string,
    body?: object,
    contentType = "application/json",
    retries = mostRetries,
  ): Promise<unknown> =>
    new Promise<unknown>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        accept: "application/json, */*",
        ...(text === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(text) }),
      };
      const outgoing = request(new URL(path, server), { method, agent, headers, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString("utf8");
          const status = response.statusCode ?? 0;
          const later = Number(response.headers["retry-after"]);
          if (status >= 200 && status < 300) resolve(parse(answer));
          // Such as "storage is (re)initializing", of a kind that is new.
          else if (status === 429 && later > 0 && retries > 0) {
            const again = (): Promise<unknown> => call(method, path, body, contentType, retries - 1);
            sleep(later * 1000)
              .then(again)
              .then(resolve, reject);
          } else reject(new ApiError(status, `${method} ${path}: ${status} ${messageOf(answer)}`));
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
      outgoing.on("error", (error) => {
        // A kept connection that the server closes just then: a call that may come twice is made again, on another.
        if (outgoing.reusedSocket && method !== "POST" && "code" in error && error.code === "ECONNRESET") {
          call(method, path, body, contentType, retries).then(resolve, reject);
        } else reject(error);
      });
      outgoing.end(text);
    });
  const get = async <T>(path: string) => (await call("GET", path)) as T;
  return {
    get,
    find: <T>(path: string) => unlessMissing(get<T>(path)),
    list: async <T>(path: string) => (await get<{ items: T[] }>(path)).items,
    create: async (path, body) => void (await call("POST", path, body)),
    request: async <T>(path: string, body: object) => (await call("POST", path, body)) as T,
    apply: async (path, body) => {
      const query = `?fieldManager=${fieldManager}&force=true`;
      await call("PATCH", path + query, body, "application/apply-patch+yaml");
    },
    mergePatch: async (path, body) => void (await call("PATCH", path, body, "application/merge-patch+json")),
    remove: async (path) => void (await unlessMissing(call("DELETE", path))),
    close: () => agent.destroy(),
  };
}

/** Asks again and again until the answer is something. @throws after the time with a message that says what was waited for. */
export async function poll<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  intervalMilliseconds = 100,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(intervalMilliseconds);
  }
}

async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** The API answers in JSON, its health endpoints in plain text. */
function parse(answer: string): unknown {
  return answer.startsWith("{") ? (JSON.parse(answer) as unknown) : answer;
}

function messageOf(answer: string): string {
  const status = parse(answer);
  return typeof status === "object" && status !== null && "message" in status ? String(status.message) : answer;
}
