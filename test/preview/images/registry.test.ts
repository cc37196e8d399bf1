import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, type RegistryOptions } from "../../../preview/images/registry";
import { requireImages } from "../../../preview/images/require";

/** What came, as `METHOD /path`, and who it said it was. */
interface Seen {
  readonly asked: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface TestServer {
  readonly host: string;
  readonly seen: Seen[];
  answer: Answer;
  readonly server: Server;
}

const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  layers: [],
});
const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
const other = `sha256:${"1".repeat(64)}`;
const type = "application/vnd.oci.image.manifest.v1+json";

async function serve(): Promise<TestServer> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      found.seen.push({ asked: `${method} ${url}`, authorization: headers.authorization, body });
      found.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const found: TestServer = { host: `127.0.0.1:${port}`, seen: [], answer: image(), server };
  return found;
}

/** Answers with the image, under the digest that it says. */
function image(said: string | undefined = digest, body: string | Buffer = manifest, contentType = type): Answer {
  return (_, response) => {
    response.writeHead(200, { "content-type": contentType, ...(said && { "docker-content-digest": said }) }).end(body);
  };
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) =>
    void response.writeHead(code, headers).end();

let registry: TestServer;
let elsewhere: TestServer;

beforeEach(async () => {
  [registry, elsewhere] = await Promise.all([serve(), serve()]);
});
afterEach(() => {
  for (const { server } of [registry, elsewhere]) {
    server.close();
    server.closeAllConnections();
  }
});

const options: RegistryOptions = {
  azureToken: () => Promise.reject(new Error("nobody is logged in\nat somewhere")),
  pause: 1,
};

const ask = (wanted: { readonly digest?: string; readonly tag?: string }, others: Partial<RegistryOptions> = {}) =>
  digestOf({ registry: registry.host, path: "shop/cart", ...wanted }, { ...options, ...others });

describe("asking a registry", () => {
  it("gives the digest of what a tag means, and of what has the digest", async () => {
    expect(await ask({ tag: "1.2" })).toBe(digest);
    expect(await ask({ digest })).toBe(digest);
    expect(registry.seen.map(({ asked }) => asked)).toEqual([
      "GET /v2/shop/cart/manifests/1.2",
      `GET /v2/shop/cart/manifests/${digest}`,
    ]);
    registry.answer = image(undefined);
    expect(await ask({ tag: "1.2" })).toBe(digest);
  });

  it("says what is not there", async () => {
    registry.answer = status(404);
    expect(await ask({ digest })).toBeUndefined();
    const cart = { name: "cart", reference: { registry: registry.host, path: "shop/cart", digest } };
    await expect(requireImages([cart], options)).rejects.toThrow(
      `Nothing was deployed: the registry does not have this image. Push first, then deploy.\n- cart: ${registry.host}/shop/cart@${digest}`,
    );
  });

  it.each([
    [
      "says another digest than the bytes have",
      image(other),
      /its bytes are sha256:.*what the registry says is "sha256:111/,
    ],
    ["has other bytes than were asked for", image(digest, `${manifest} `), /what was asked for is/],
    ["has a page there", image(undefined, "<html>", "text/html; charset=utf-8"), /no image there, but "text\/html"/],
    ["answers without end", image(undefined, Buffer.alloc(4 * 1024 * 1024 + 1)), /longer than 4194304 bytes/],
    ["lets nobody in", status(403), /lets nobody read it/],
    ["is ill", status(503), /answered 503/],
    ["wants a password", status(401, { "www-authenticate": 'Basic realm="x"' }), /wants a name and a password/],
    [
      "names a place for tokens by plain HTTP",
      status(401, { "www-authenticate": 'Bearer realm="http://evil.example/token"' }),
      /"http:\/\/evil\.example" is no address by HTTPS/,
    ],
    ["sends to plain HTTP", status(307, { location: "http://evil.example/x" }), /is no address by HTTPS/],
    ["sends to a file", status(307, { location: "file:///etc/passwd" }), /is no address by HTTPS/],
    ["sends in a circle", status(307, { location: "/v2/shop/cart/manifests/x" }), /without end/],
  ])("refuses one that %s", async (_, answer, message) => {
    registry.answer = answer;
    await expect(ask({ digest })).rejects.toThrow(message);
  });

  it("reads what it is not sent away from by plain HTTP on this machine alone", async () => {
    await expect(digestOf({ registry: "127.0.0.1.evil.invalid", path: "x", digest }, options)).rejects.toThrow(
      /127\.0\.0\.1\.evil\.invalid cannot be asked: \w+/,
    );
  });

  it("tries again what failed for the moment", async () => {
    registry.answer = (request, response) => (registry.seen.length < 3 ? status(429) : image())(request, response);
    expect(await ask({ digest })).toBe(digest);
    expect(registry.seen).toHaveLength(3);
  });

  it("asks a mirror in place of every other", async () => {
    const reference = { registry: "docker.io", path: "library/mysql", digest };
    expect(await digestOf(reference, { ...options, mirror: `http://${registry.host}` })).toBe(digest);
    expect(registry.seen).toMatchObject([{ asked: `GET /v2/library/mysql/manifests/${digest}` }]);
    await expect(digestOf(reference, { ...options, mirror: "http://mirror.example" })).rejects.toThrow(/by HTTPS/);
    await expect(digestOf(reference, { ...options, mirror: "mirror" })).rejects.toThrow(/AKS_MESH_REGISTRY_MIRROR/);
  });
});

/** A registry that wants to know who asks, as Azure's do. */
function guarded({ host }: TestServer, redirect?: string): Answer {
  return (request, response) => {
    const { url = "", headers } = request;
    if (url === "/oauth2/exchange") response.end(JSON.stringify({ refresh_token: "refresh" }));
    else if (url.startsWith("/oauth2/token")) response.end(JSON.stringify({ access_token: "access" }));
    else if (headers.authorization === "Bearer access") {
      (redirect === undefined ? image() : status(307, { location: redirect }))(request, response);
    } else {
      const realm = `Bearer realm="http://${host}/oauth2/token",service="${host}",scope="repository:x:push"`;
      response.writeHead(401, { "www-authenticate": realm }).end();
    }
  };
}

describe("who asks a registry", () => {
  const azure = { isAzure: (name: string) => name === registry.host, azureToken: () => Promise.resolve("entra") };

  it("is said to Azure's own, at its own address, for reading this image", async () => {
    registry.answer = guarded(elsewhere);
    expect(await ask({ digest }, azure)).toBe(digest);
    expect(registry.seen.map(({ asked, body }) => `${asked} ${body}`)).toEqual([
      `GET /v2/shop/cart/manifests/${digest} `,
      `POST /oauth2/exchange grant_type=access_token&service=${encodeURIComponent(registry.host)}&access_token=entra`,
      `POST /oauth2/token grant_type=refresh_token&service=${encodeURIComponent(registry.host)}&scope=repository%3Ashop%2Fcart%3Apull&refresh_token=refresh`,
      `GET /v2/shop/cart/manifests/${digest} `,
    ]);
    // Where the registry says that tokens are to be had.
    expect(elsewhere.seen).toEqual([]);
  });

  it("is not said to a registry that is none of Azure's", async () => {
    registry.answer = guarded(elsewhere);
    elsewhere.answer = guarded(elsewhere);
    expect(await ask({ digest })).toBe(digest);
    expect(elsewhere.seen).toMatchObject([{ asked: expect.stringMatching(/^GET \/oauth2\/token\?/), body: "" }]);
  });

  it("does not follow to where a registry sends us", async () => {
    registry.answer = guarded(registry, `http://${elsewhere.host}/blob`);
    expect(await ask({ digest }, azure)).toBe(digest);
    expect(elsewhere.seen).toEqual([{ asked: "GET /blob", authorization: undefined, body: "" }]);
    elsewhere.seen.length = 0;
    elsewhere.answer = guarded(elsewhere);
    expect(await ask({ digest }, azure)).toBe(digest);
    expect(elsewhere.seen.map(({ asked, body }) => [asked.split("?")[0], body])).toEqual([
      ["GET /blob", ""],
      ["GET /oauth2/token", ""],
      ["GET /blob", ""],
    ]);
  });

  it("is not said where Azure knows nobody, and the error is one line", async () => {
    registry.answer = guarded(registry);
    await expect(ask({ digest }, { isAzure: azure.isAzure })).rejects.toThrow(
      new RegExp(`^The image [^\\n]*: Azure gives no token for ${registry.host}: nobody is logged in$`),
    );
  });

  it("is in no error", async () => {
    registry.answer = (request, response) =>
      request.url === "/oauth2/exchange"
        ? void response.end(JSON.stringify({ refresh_token: "secret\nx" }))
        : guarded(registry)(request, response);
    const failed = ask({ digest }, azure);
    await expect(failed).rejects.toThrow(/answered without a token/);
    await expect(failed).rejects.not.toThrow(/secret|entra/);
  });
});
