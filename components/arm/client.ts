import { type HttpClient, type HttpMethods, type Pipeline } from "@azure/core-rest-pipeline";
import { type TokenCredential } from "@azure/identity";

import { type Cloud, cloudFromMetadata, cloudNamed } from "./cloud";
import { credentialFor } from "./credential";
import { type AzureSettings } from "./settings";

/** Azure Resource Manager, as far as dynamic resources need it. */
export interface ArmClient {
  /** The subscription that the settings name, or azure-cli's active one. */
  readonly subscriptionId: string;
  /**
   * Sends a request and answers with status and body, whatever the status. Throttling (429, after Retry-After), 5xx answers
   * and lost connections are tried again.
   *
   * @throws Error if there is no answer after all, or no token. No message holds a credential.
   */
  request(method: HttpMethods, path: string, apiVersion: string, options?: ArmRequestOptions): Promise<ArmResponse>;
}

export interface ArmRequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ask on a connection of its own: Azure keeps a connection on one replica, and replicas disagree for a while. */
  readonly anyReplica?: boolean;
}

export interface ArmResponse {
  readonly status: number;
  /** The JSON body; undefined where there is none. */
  readonly body: unknown;
  /** Milliseconds that Azure asks to wait before the next request, from Retry-After. */
  readonly retryAfterMs: number | undefined;
}

/** Replacements for what reaches out of the process. */
export interface ArmClientOptions {
  readonly httpClient?: HttpClient;
  readonly credential?: TokenCredential;
  /** First pause before a failed request is tried again. Default 1 s; doubles up to 30 s. */
  readonly retryDelayMs?: number;
  /** How often a failed request is tried again. Default 8. */
  readonly maxRetries?: number;
  /** Ends every request, and the look for the cloud. Default: none ends before its time. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a client for the cloud and the account that `settings` describe.
 *
 * @throws Error if the cloud cannot be found, a setting is missing, or no subscription is known.
 */
export async function openArm(settings: AzureSettings, options: ArmClientOptions = {}): Promise<ArmClient> {
  const rest = await import("@azure/core-rest-pipeline");
  const httpClient = options.httpClient ?? rest.createDefaultHttpClient();
  const pipeline = rest.createPipelineFromOptions({
    retryOptions: {
      maxRetries: options.maxRetries ?? 8,
      retryDelayInMs: options.retryDelayMs ?? 1000,
      maxRetryDelayInMs: 30_000,
    },
    userAgentOptions: { userAgentPrefix: "aks-mesh" },
  });
  const cloud = await findCloud(settings, pipeline, httpClient, options.signal);
  const credential = options.credential ?? (await credentialFor(settings, cloud));
  const authenticated = pipeline.clone();
  authenticated.addPolicy(rest.bearerTokenAuthenticationPolicy({ credential, scopes: `${cloud.audience}/.default` }), {
    phase: "Sign",
  });
  return {
    subscriptionId: settings.subscriptionId ?? (await activeSubscription(settings, options.signal)),
    async request(method, path, apiVersion, { body, anyReplica } = {}) {
      const url = new URL(cloud.resourceManager + path);
      url.searchParams.set("api-version", apiVersion);
      // Blanks in a filter, which not every part of Azure takes as plus signs.
      url.search = url.search.replaceAll("+", "%20");
      const request = rest.createPipelineRequest({
        url: url.href,
        method,
        disableKeepAlive: anyReplica,
        abortSignal: options.signal,
        headers: rest.createHttpHeaders({
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        }),
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      try {
        const response = await authenticated.sendRequest(httpClient, request);
        const seconds = Number(response.headers.get("retry-after"));
        return {
          status: response.status,
          body: parsed(response.bodyAsText),
          retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
        };
      } catch (error) {
        throw new Error(withoutTokens(`${method} ${path}: ${error instanceof Error ? error.message : String(error)}`));
      }
    },
  };
}

async function findCloud(
  settings: AzureSettings,
  pipeline: Pipeline,
  httpClient: HttpClient,
  abortSignal: AbortSignal | undefined,
): Promise<Cloud> {
  if (!settings.metadataHost) {
    return cloudNamed(settings.environment);
  }
  const rest = await import("@azure/core-rest-pipeline");
  const base = settings.metadataHost.includes("://") ? settings.metadataHost : `https://${settings.metadataHost}`;
  const url = `${base}/metadata/endpoints?api-version=2022-09-01`;
  const request = rest.createPipelineRequest({ url, method: "GET", abortSignal });
  const response = await pipeline.sendRequest(httpClient, request);
  if (response.status !== 200) {
    throw new Error(`azure-native:metadataHost: ${url} answered ${response.status}.`);
  }
  return cloudFromMetadata(settings.metadataHost, parsed(response.bodyAsText));
}

/** The subscription that `az account set` chose. Only azure-cli has one without being told. */
async function activeSubscription(settings: AzureSettings, signal: AbortSignal | undefined): Promise<string> {
  const missing = "No Azure subscription is known. Set azure-native:subscriptionId or ARM_SUBSCRIPTION_ID";
  if (settings.clientSecret || settings.clientCertificatePath || settings.useOidc || settings.useMsi) {
    throw new Error(`${missing}.`);
  }
  const { execFile } = await import("node:child_process");
  return await new Promise((resolve, reject) => {
    execFile("az", ["account", "show", "--query", "id", "--output", "tsv"], { signal }, (error, stdout) => {
      const id = stdout.trim();
      if (error || !id) {
        reject(new Error(`${missing}, or log in with az login.`));
      } else {
        resolve(id);
      }
    });
  });
}

function parsed(text: string | null | undefined): unknown {
  if (!text) {
    return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy's error page, for instance. The caller reports it with the status.
    return text.slice(0, 500);
  }
}

/** `message` with anything that looks like a JSON web token cut out. */
export function withoutTokens(message: string): string {
  return message.replace(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, "<token>");
}

/** Azure's error code of a body, which comes as `{error: {code, message}}` or bare. */
export function errorCode(body: unknown): string | undefined {
  const { error, code } = (body ?? {}) as { error?: { code?: string }; code?: string };
  return error?.code ?? code;
}

/** An error for an answer that was not hoped for, with Azure's own code and message. */
export function unexpected(what: string, { status, body }: ArmResponse): Error {
  const { error, message } = (body ?? {}) as { error?: { message?: string }; message?: string };
  const said = error?.message ?? message ?? (typeof body === "string" ? body : undefined);
  const code = errorCode(body);
  return new Error(
    withoutTokens(`${what}: Azure answered ${status}${code ? ` ${code}` : ""}${said ? `: ${said}` : "."}`),
  );
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
