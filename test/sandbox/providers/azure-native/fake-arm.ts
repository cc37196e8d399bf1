import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo } from "node:net";
import { createArmClient } from "../../../../sandbox/providers/azure-native/arm-client";
import { type JsonObject, type JsonValue } from "../../../../sandbox/providers/azure-native/json";
import { withProviderRegistration } from "../../../../sandbox/providers/azure-native/provider-registration";
import { createAzureNativeProvider } from "../../../../sandbox/providers/azure-native/provider";
import { type Timings } from "../../../../sandbox/providers/azure-native/timings";
import { type CallContext, type PropertyMap, type ResourceProvider } from "../../../../sandbox/providers/protocol";

/** A request that the fake ARM got. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonValue | undefined;
}

/** What the fake ARM answers; `reset` breaks the connection off. */
export type FakeAnswer =
  "reset" | { readonly status: number; readonly body?: JsonValue; readonly headers?: Readonly<Record<string, string>> };

/** A fake of Azure Resource Manager: a list of answers for each `METHOD path`, the last of which stays. Anything else is 404. */
export interface FakeArm {
  readonly requests: FakeRequest[];
  readonly url: string;
  answer(request: string, ...answers: readonly FakeAnswer[]): void;
  /** How often it was asked, as `{"GET /path": 2}`. */
  counts(): Record<string, number>;
  close(): Promise<void>;
}

const notFound: FakeAnswer = {
  status: 404,
  body: { error: { code: "ResourceNotFound", message: "It is not there." } },
};

export async function startFakeArm(): Promise<FakeArm> {
  const requests: FakeRequest[] = [];
  const answers = new Map<string, FakeAnswer[]>();
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const url = new URL(request.url ?? "", "http://fake");
      requests.push({
        method: request.method ?? "",
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        body,
      });
      const queue = answers.get(`${request.method} ${decodeURIComponent(url.pathname)}`) ?? [];
      const answer = (queue.length > 1 ? queue.shift() : queue[0]) ?? notFound;
      if (answer === "reset") return request.socket.destroy();
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      return response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    requests,
    url: `http://127.0.0.1:${isAddressInfo(address) ? address.port : 0}`,
    answer: (request, ...list) => void answers.set(request, [...list]),
    counts: () =>
      requests.reduce<Record<string, number>>((counts, { method, path }) => {
        const key = `${method} ${path}`;
        return { ...counts, [key]: (counts[key] ?? 0) + 1 };
      }, {}),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

async function readBody(request: IncomingMessage): Promise<JsonValue | undefined> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : (JSON.parse(text) as JsonObject);
}

/** Waits that a test can afford. */
export const quickTimings: Timings = { retryDelay: 1, maxRetryDelay: 5, updatePollInterval: 1, deletePollInterval: 1 };

/** The claims of a token that carries the identity's ids, as Entra ID gives them. */
export const claims = { appid: "client-from-token", oid: "object", tid: "tenant-from-token" };

/** A provider that is configured and speaks to the fake. */
export async function providerFor(
  arm: FakeArm,
  { version = "3.28.0", settings = {} }: { version?: string; settings?: PropertyMap } = {},
): Promise<ResourceProvider> {
  const cloud = { resourceManager: arm.url, authorityHost: arm.url, audience: "https://audience/", microsoftGraph: "" };
  const tokens = {
    getToken: async (audience: string) =>
      `${Buffer.from(audience).toString("base64url")}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`,
  };
  const provider = createAzureNativeProvider({
    version,
    environment: {},
    connect: async () => ({
      cloud,
      tokens,
      client: withProviderRegistration(createArmClient(cloud, tokens, quickTimings)),
    }),
  });
  await provider.configure({ inputs: { subscriptionId: "s", location: "westus2", ...settings } }, context());
  return provider;
}

/** A call that nobody cancels and whose messages nobody reads. */
export function context(signal: AbortSignal = new AbortController().signal): CallContext {
  const ignore = (): void => undefined;
  return { signal, log: { debug: ignore, info: ignore, warning: ignore, error: ignore, status: ignore } };
}

/** Which resource a request is about. */
export function identityOf(type: string, name = "thing"): { urn: string; type: string; name: string } {
  return { urn: `urn:pulumi:dev::test::${type}::${name}`, type, name };
}
