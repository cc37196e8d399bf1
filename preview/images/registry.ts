import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject } from "../../mesh/manifests";
import { PreviewProblem } from "../problem";
import { quoted } from "../inputs";
import { isAzureRegistry } from "./azure-login";
import { type ImageReference, repositoryOf } from "./reference";

/** What a registry is asked with. */
export interface RegistryOptions {
  /** A token of Entra ID for Azure's registries. Asked for when one of them wants to know who asks. */
  readonly azureToken: () => Promise<string>;
  /** Which registries take that token. Default: those with names of Azure's. */
  readonly isAzure?: (registry: string) => boolean;
  /** Base address of a registry that is asked in place of every other, without saying who asks. Default: none. */
  readonly mirror?: string;
  /** Ends every request. Default: none ends before its time. */
  readonly signal?: AbortSignal;
  /** Before a request that failed for the moment is tried again, in milliseconds. Default: 1 s, and then twice as long. */
  readonly pause?: number;
}

/** Largest manifest that is read, in bytes: the least that a registry has to take (OCI distribution, "Pushing Manifests"). */
const largestManifest = 4 * 1024 * 1024;
/** Largest answer with a token, in bytes. */
const largestToken = 64 * 1024;
/** How long an answer may take, in milliseconds. */
const longestAnswer = 30_000;
const mostRedirects = 3;
const mostTries = 4;

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Name that a registry goes by, where it is reached by another (https://docs.docker.com/reference/cli/docker/image/pull). */
const servers: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

/**
 * Asks a registry for the digest of an image. The digest is that of the bytes which the registry has, whatever it says besides.
 *
 * @returns undefined where it has no such image.
 * @throws {PreviewProblem} where it cannot be asked, or answers with what is no image or another one than was asked for.
 */
export async function digestOf(reference: ImageReference, options: RegistryOptions): Promise<string | undefined> {
  const name = `${repositoryOf(reference)}${reference.digest === undefined ? `:${reference.tag ?? ""}` : `@${reference.digest}`}`;
  const failure = (what: string) => new PreviewProblem(`The image ${name}: ${what}`);
  const wanted = reference.digest ?? reference.tag ?? "";
  const base = baseOf(reference.registry, options.mirror);
  const url = new URL(`/v2/${reference.path}/manifests/${wanted}`, base);
  const found = await manifestAt(
    { url, registry: reference.registry, options, failure },
    `repository:${reference.path}:pull`,
  );
  if (found === undefined) return undefined;
  const digest = `sha256:${createHash("sha256").update(found.bytes).digest("hex")}`;
  for (const [said, who] of [
    [reference.digest, "what was asked for"],
    [found.said, "what the registry says"],
  ] as const) {
    if (said !== undefined && said !== digest) throw failure(`its bytes are ${digest}, ${who} is ${quoted(said)}.`);
  }
  return digest;
}

interface Ask {
  readonly url: URL;
  readonly registry: string;
  readonly options: RegistryOptions;
  /** An error about what is asked for. */
  readonly failure: (what: string) => PreviewProblem;
}

interface Found {
  readonly bytes: Buffer;
  /** Digest by the registry's word. */
  readonly said: string | undefined;
}

/** Whether a registry takes tokens of Entra ID. */
export function takesAzureToken(registry: string, { isAzure = isAzureRegistry, mirror }: RegistryOptions): boolean {
  return mirror === undefined && isAzure(registry);
}

/** Whether a registry is on this machine: such a one is asked by plain HTTP. */
export function isOnThisMachine(registry: string): boolean {
  return isLoopback(new URL(`http://${registry}`));
}

/**
 * A token with which a registry of Azure's gives tokens for each image.
 *
 * @throws {PreviewProblem} where Azure or the registry gives none.
 */
export function azureRefreshToken(registry: string, options: RegistryOptions): Promise<string> {
  const url = baseOf(registry, undefined);
  const failure = (what: string) => new PreviewProblem(`Logging in to ${registry}: ${what}`);
  return refreshToken({ url, registry, options, failure });
}

async function refreshToken(ask: Ask): Promise<string> {
  const { registry } = ask;
  const form = { grant_type: "access_token", service: registry, access_token: await azureTokenOf(ask) };
  return tokenIn("refresh_token", new URL("/oauth2/exchange", ask.url), form, ask);
}

/** Plain HTTP stays on this machine. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || /^127(\.\d+){3}$/.test(hostname);
}

function baseOf(registry: string, mirror: string | undefined): URL {
  if (mirror !== undefined && !URL.canParse(mirror)) {
    throw new PreviewProblem(
      `AKS_MESH_REGISTRY_MIRROR is ${quoted(mirror)}: write an address such as https://mirror.example.`,
    );
  }
  const plain = new URL(`http://${servers[registry] ?? registry}`);
  if (mirror === undefined && !isLoopback(plain)) plain.protocol = "https:";
  return mirror === undefined ? plain : new URL(mirror);
}

/** @param scope what a token has to be good for. */
async function manifestAt(ask: Ask, scope: string): Promise<Found | undefined> {
  const { failure } = ask;
  let [url, authorization] = [ask.url, undefined as string | undefined];
  for (let redirects = 0; ;) {
    refuseOpen(url, ask);
    const response = await request(
      url,
      { accept: manifestTypes.join(", "), ...(authorization && { authorization }) },
      ask,
    );
    const { status, headers } = response;
    if (status === 200) {
      const type = (headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
      if (!manifestTypes.includes(type)) throw failure(`${url.host} has no image there, but ${quoted(type)}.`);
      const bytes = await bodyOf(response, largestManifest, ask);
      return { bytes, said: headers.get("docker-content-digest") ?? undefined };
    }
    const location = headers.get("location");
    await response.body?.cancel();
    if (status === 404) return undefined;
    if (status === 401 && authorization === undefined) {
      authorization = `Bearer ${await tokenFor(url, headers.get("www-authenticate") ?? "", scope, ask)}`;
    } else if (status >= 300 && status < 400 && location !== null && URL.canParse(location, url.href)) {
      if (++redirects > mostRedirects) throw failure(`${ask.url.host} sends from one address to another without end.`);
      const next = new URL(location, url);
      // Who asked one server has said nothing to another, whatever the first wants.
      if (next.origin !== url.origin) authorization = undefined;
      url = next;
    } else if (status === 401 || status === 403) {
      throw failure(`${url.host} lets nobody read it who asks as this command does (${status}).`);
    } else {
      throw failure(`${url.host} answered ${status}.`);
    }
  }
}

/** @throws {PreviewProblem} for plain HTTP to another machine, and to this one where a registry out there sends us. */
function refuseOpen(url: URL, { url: first, failure }: Ask): void {
  const plain = url.protocol === "http:" && isLoopback(url) && isLoopback(first);
  if (url.protocol !== "https:" && !plain) {
    throw failure(`${quoted(url.origin)} is no address by HTTPS: registries are asked in no other way.`);
  }
}

/** A token that lets one read an image. */
async function tokenFor(url: URL, challenge: string, scope: string, ask: Ask): Promise<string> {
  const { registry, options, failure } = ask;
  if (url.origin === ask.url.origin && takesAzureToken(registry, options)) {
    const wanted = { grant_type: "refresh_token", service: registry, scope, refresh_token: await refreshToken(ask) };
    return tokenIn("access_token", new URL("/oauth2/token", url), wanted, ask);
  }
  const [, scheme = "", parameters = ""] = /^(\S+)\s*(.*)$/.exec(challenge) ?? [];
  const said = new Map([...parameters.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]));
  const realm = said.get("realm") ?? "";
  if (scheme.toLowerCase() !== "bearer" || !URL.canParse(realm)) {
    throw failure(
      `${url.host} wants a name and a password. Previews log in to Azure's registries alone; others must let everybody read.`,
    );
  }
  const address = new URL(realm);
  refuseOpen(address, ask);
  const service = said.get("service");
  if (service !== undefined) address.searchParams.set("service", service);
  address.searchParams.set("scope", scope);
  return tokenIn("token", address, undefined, ask);
}

async function azureTokenOf({ options, registry, failure }: Ask): Promise<string> {
  try {
    return await options.azureToken();
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw failure(`Azure gives no token for ${registry}: ${reason}`);
  }
}

/** Asks for a token: with a form, or without saying anything. */
async function tokenIn(
  key: string,
  url: URL,
  form: Readonly<Record<string, string>> | undefined,
  ask: Ask,
): Promise<string> {
  const response = await request(url, { accept: "application/json" }, ask, form && new URLSearchParams(form));
  if (response.status !== 200) {
    await response.body?.cancel();
    throw ask.failure(`${url.host} gives no token to read it (${response.status}).`);
  }
  const text = (await bodyOf(response, largestToken, ask)).toString();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const token = isJsonObject(answer) ? (answer[key] ?? answer["access_token"]) : undefined;
  // What cannot stand in a header would be said in an error with the token in it.
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token))
    throw ask.failure(`${url.host} answered without a token.`);
  return token;
}

/** An answer, whatever its status. Lost connections, throttling and faults of the server are tried again. */
async function request(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { options, failure }: Ask,
  body?: URLSearchParams,
): Promise<Response> {
  for (let tries = 1, pause = options.pause ?? 1_000; ; tries++, pause *= 2) {
    options.signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(longestAnswer);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    try {
      // Redirects are followed by hand: what says who asks must not follow.
      const init: RequestInit = { headers, signal, redirect: "manual", method: body === undefined ? "GET" : "POST" };
      const response = await fetch(url, body === undefined ? init : { ...init, body });
      if (tries === mostTries || (response.status !== 429 && response.status < 500)) return response;
      await response.body?.cancel();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (tries === mostTries) throw failure(`${url.host} cannot be asked: ${reasonOf(error)}.`);
    }
    await sleep(pause, undefined, { signal: options.signal });
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}

/** The body, as far as it is no longer than allowed. */
async function bodyOf(response: Response, most: number, { url, failure }: Ask): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      if (!(chunk instanceof Uint8Array)) continue;
      length += chunk.length;
      if (length > most) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw failure(`the answer of ${url.host} broke off: ${reasonOf(error)}.`);
  }
  if (length > most) throw failure(`the answer of ${url.host} is longer than ${most} bytes.`);
  return Buffer.concat(chunks);
}
