import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo } from "node:net";

import { createDefaultHttpClient, type HttpClient } from "@azure/core-rest-pipeline";

import { type ArmClient, openArm } from "../../../components/arm/client";
import { azureSettings } from "../../../components/arm/settings";

/** An answer of the fake; `reset` breaks the connection instead. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly reset?: boolean;
}

/** What the fake was asked, as `METHOD /path`, without the API version. */
export interface FakeArm {
  readonly arm: ArmClient;
  readonly requests: string[];
  /** The bearer token that the client sends. It must turn up nowhere else. */
  readonly token: string;
  close(): Promise<void>;
}

const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl";

/** A local HTTP server that answers as `handle` says, and a client of ours that takes it for Azure. */
export async function fakeArm(handle: (request: string, earlier: number) => Answer): Promise<FakeArm> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const asked = `${request.method} ${new URL(request.url ?? "", "http://fake").pathname}`;
    const {
      status = 200,
      headers = {},
      body,
      reset,
    } = handle(asked, requests.filter((other) => other === asked).length);
    requests.push(asked);
    if (reset) {
      request.socket.destroy();
      return;
    }
    checkToken(request);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(body === undefined ? "" : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const settings = azureSettings(() => undefined, { ARM_SUBSCRIPTION_ID: "sub", ARM_CLIENT_SECRET: "unused" });
  const arm = await openArm(settings, {
    httpClient: towards(port),
    credential: { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    retryDelayMs: 1,
  });
  return {
    arm,
    requests,
    token,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The client speaks https, as tokens demand; only the last step goes to the local server. */
function towards(port: number): HttpClient {
  const real = createDefaultHttpClient();
  return {
    sendRequest(request) {
      const url = new URL(request.url);
      const local = `http://127.0.0.1:${port}${url.pathname}${url.search}`;
      return real.sendRequest({ ...request, url: local, allowInsecureConnection: true });
    },
  };
}

function checkToken(request: IncomingMessage): void {
  if (request.headers.authorization !== `Bearer ${token}`) {
    throw new Error("The request came without the token.");
  }
}
