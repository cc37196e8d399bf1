import { setTimeout as sleep } from "node:timers/promises";
import { type Cloud, describeCause } from "./cloud";
import { type TokenSource } from "./credential";
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "./json";
import { type Timings } from "./timings";

/** An answer of ARM, good or bad. */
export interface ArmResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when the body is empty or not JSON. */
  readonly body: JsonValue | undefined;
  readonly text: string;
}

/** What a caller may set beside method and path. */
export interface ArmRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** A path with its query, or the whole URL that an operation's header gave. */
  readonly url: string;
  readonly body?: JsonObject;
  readonly signal: AbortSignal;
}

/** Sends requests to Azure Resource Manager. */
export interface ArmClient {
  send(request: ArmRequest): Promise<ArmResponse>;
  readonly timings: Timings;
}

/** ARM refused. The message has azure-native's form. */
export class ArmError extends Error {
  override readonly name = "ArmError";
  readonly status: number;
  readonly code: string;

  constructor(response: ArmResponse) {
    const { code, message } = readError(response);
    super(`Status=${response.status} Code=${JSON.stringify(code)} Message=${JSON.stringify(message)}`);
    this.status = response.status;
    this.code = code;
  }
}

const attempts = 4;
const retriedStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Makes a client with the retries of azure-native 3: four attempts at a request that was throttled, met a fault of the server, lost
 * its connection, or came while the service had another operation of its own in progress.
 */
export function createArmClient(cloud: Cloud, tokens: TokenSource, timings: Timings): ArmClient {
  async function sendOnce(request: ArmRequest): Promise<ArmResponse> {
    const token = await tokens.getToken(cloud.audience, request.signal);
    const response = await fetch(new URL(request.url, cloud.resourceManager), {
      method: request.method,
      signal: request.signal,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${token}`,
        ...(request.body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parseJson(text), text };
  }

  return {
    timings,
    async send(request) {
      for (let attempt = 1; ; attempt++) {
        let pause = Math.min(
          timings.retryDelay * (2 ** attempt - 1) * (0.8 + Math.random() / 2),
          timings.maxRetryDelay,
        );
        try {
          const response = await sendOnce(request);
          if (attempt === attempts || !isWorthRetrying(response)) return response;
          pause = retryAfter(response.headers) ?? pause;
        } catch (error) {
          request.signal.throwIfAborted();
          if (attempt === attempts || !isConnectionFailure(error)) {
            throw new Error(`${request.method} ${pathOf(request.url)}: ${describeCause(error)}`, { cause: error });
          }
        }
        await sleep(pause, undefined, { signal: request.signal });
      }
    },
  };
}

/** How long the service asks to wait, in milliseconds. */
export function retryAfter(headers: Headers): number | undefined {
  for (const name of ["retry-after-ms", "x-ms-retry-after-ms"]) {
    const milliseconds = Number(headers.get(name) ?? Number.NaN);
    if (Number.isFinite(milliseconds)) return milliseconds;
  }
  const header = headers.get("retry-after");
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** fetch reports what happens to a connection as a TypeError; anything else is a mistake, in the settings or here. */
function isConnectionFailure(error: unknown): boolean {
  return error instanceof TypeError && error.cause instanceof Error;
}

function isWorthRetrying(response: ArmResponse): boolean {
  if (retriedStatuses.has(response.status)) return true;
  return response.status === 409 && readError(response).code === "AnotherOperationInProgress";
}

/** Services answer `{error: {code, message}}`, or the same without the envelope. */
export function readError(response: ArmResponse): { readonly code: string; readonly message: string } {
  const body = isJsonObject(response.body) ? response.body : {};
  const error = isJsonObject(body["error"]) ? body["error"] : body;
  const text = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");
  return { code: text(error["code"]), message: text(error["message"]) || response.text };
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*/, "").replace(/\?.*$/, "");
}
