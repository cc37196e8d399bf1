import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { ensureRegistry } from "./distribution";

/** A registry on this machine that is logged in to as one of Azure's is: distribution's own, with Azure's doors in front. */
export interface AzureLikeRegistry {
  /** Name and port. */
  readonly host: string;
  /** Tokens of Entra ID, and what their owners may do with images. */
  readonly mayDo: Map<string, readonly ("pull" | "push")[]>;
  /** Every request so far, as `METHOD /path`. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** Starts one, which forgets its images when it stops. */
export async function startRegistry(): Promise<AzureLikeRegistry> {
  const binary = await ensureRegistry();
  const folder = await mkdtemp(join(tmpdir(), "aks-mesh-registry-"));
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const kid = "tests";
  await writeFile(
    join(folder, "keys.json"),
    JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: "ES256" }] }),
  );

  const mayDo: AzureLikeRegistry["mayDo"] = new Map();
  const asked: string[] = [];
  let backend = "";
  const front = createServer((incoming, response) => {
    asked.push(`${incoming.method ?? ""} ${incoming.url ?? ""}`);
    const url = new URL(incoming.url ?? "/", `http://${host}`);
    if (url.pathname.startsWith("/oauth2/")) void answerLogin(url, incoming, response);
    else forward(incoming, response, backend, host);
  });
  const host = await listen(front);

  /** Refresh tokens are the tokens of Entra ID that they were given for. */
  async function answerLogin(url: URL, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    const form = incoming.method === "POST" ? new URLSearchParams(body) : url.searchParams;
    const basic = Buffer.from(
      /^Basic (.+)$/.exec(incoming.headers.authorization ?? "")?.[1] ?? "",
      "base64",
    ).toString();
    const token =
      form.get("access_token") ??
      form.get("refresh_token") ??
      /^0{8}-0{4}-0{4}-0{4}-0{12}:(.+)$/.exec(basic)?.[1] ??
      "";
    const actions = mayDo.get(token);
    if (actions === undefined) {
      response.writeHead(401).end();
      return;
    }
    if (url.pathname === "/oauth2/exchange") {
      response.end(JSON.stringify({ refresh_token: token }));
      return;
    }
    const access = form.getAll("scope").map((scope) => {
      const [type, name, wanted = ""] = scope.split(":");
      return { type, name, actions: wanted.split(",").filter((one) => actions.some((action) => action === one)) };
    });
    const signed = await new SignJWT({ access })
      .setProtectedHeader({ alg: "ES256", kid })
      .setIssuer("azure")
      .setAudience(host)
      .setSubject("somebody")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
    response.end(JSON.stringify({ access_token: signed, token: signed }));
  }

  // It cannot be told to take any free port and say which: one is found for it.
  const probe = createServer();
  backend = await listen(probe);
  await close(probe);
  const settings = {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "images") } },
    http: { addr: backend, relativeurls: true },
    auth: {
      token: { realm: `http://${host}/oauth2/token`, service: host, issuer: "azure", jwks: join(folder, "keys.json") },
    },
  };
  // JSON is YAML.
  await writeFile(join(folder, "settings.yml"), JSON.stringify(settings));
  const child = spawn(binary, ["serve", join(folder, "settings.yml")], {
    env: { PATH: process.env["PATH"], OTEL_TRACES_EXPORTER: "none" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  while (!(await answers(`http://${backend}/v2/`))) {
    if (child.exitCode !== null) throw new Error(`The registry ended:\n${said}`);
  }
  return {
    ...{ host, mayDo, asked },
    stop: async () => {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
      await close(front);
      await rm(folder, { recursive: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function forward(incoming: IncomingMessage, response: ServerResponse, backend: string, host: string): void {
  const { method, url, headers } = incoming;
  const [hostname, port] = backend.split(":");
  const onward = request({ hostname, port, method, path: url, headers: { ...headers, host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  incoming.pipe(onward);
}
