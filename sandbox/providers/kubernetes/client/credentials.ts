import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { isObject, stringAt, type JsonObject } from "./json";
import type { Cluster, ExecPlugin, User } from "./kubeconfig";

/** What one request carries to prove who asks. */
export interface Credentials {
  /** Value of the Authorization header. */
  readonly authorization?: string;
  readonly clientCertificate?: Buffer | string;
  readonly clientKey?: Buffer | string;
}

/** Gives the credentials of the moment; `renew` drops what is cached, after the server answered 401. */
export interface CredentialSource {
  get(): Promise<Credentials>;
  renew(): void;
}

/** Credentials of a kubeconfig's user. An exec plugin runs once and again shortly before its credential expires. */
export function credentialSource(user: User, cluster: Cluster): CredentialSource {
  const { exec, tokenFile } = user;
  if (exec !== undefined) return execSource(exec, cluster);
  const certificate =
    user.clientCertificate === undefined || user.clientKey === undefined
      ? {}
      : { clientCertificate: user.clientCertificate, clientKey: user.clientKey };
  return {
    get: async () => {
      if (tokenFile !== undefined) {
        return { ...certificate, authorization: `Bearer ${(await readFile(tokenFile, "utf8")).trim()}` };
      }
      if (user.token !== undefined) return { ...certificate, authorization: `Bearer ${user.token}` };
      if (user.username !== undefined) {
        const basic = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
        return { ...certificate, authorization: `Basic ${basic}` };
      }
      return certificate;
    },
    renew: () => undefined,
  };
}

/** Before the credential ends, in milliseconds: renew rather than meet a 401 in the middle of a run. */
const EXPIRY_MARGIN = 30_000;

function execSource(plugin: ExecPlugin, cluster: Cluster): CredentialSource {
  let current: { readonly credentials: Promise<Credentials>; expires: number } | undefined;
  return {
    get: () => {
      if (current !== undefined && current.expires > Date.now()) return current.credentials;
      const entry = { credentials: Promise.resolve<Credentials>({}), expires: Infinity };
      entry.credentials = runPlugin(plugin, cluster).then(
        ({ credentials, expires }) => {
          entry.expires = expires;
          return credentials;
        },
        (error: unknown) => {
          if (current === entry) current = undefined;
          throw error;
        },
      );
      current = entry;
      return entry.credentials;
    },
    renew: () => {
      current = undefined;
    },
  };
}

/** The longest a plugin may take, in milliseconds; kubelogin asks a login server over the network. */
const PLUGIN_TIMEOUT = 120_000;

async function runPlugin(plugin: ExecPlugin, cluster: Cluster): Promise<{ credentials: Credentials; expires: number }> {
  const output = await runCommand(plugin, cluster);
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw new Error(`The credential plugin ${plugin.command} printed no ExecCredential in JSON`);
  }
  const status = isObject(answer) ? answer["status"] : undefined;
  const token = stringAt(status, "token");
  const clientCertificate = stringAt(status, "clientCertificateData");
  const clientKey = stringAt(status, "clientKeyData");
  if (token === undefined && clientCertificate === undefined) {
    throw new Error(`The credential plugin ${plugin.command} printed neither a token nor a client certificate`);
  }
  const expiration = Date.parse(stringAt(status, "expirationTimestamp") ?? "");
  return {
    credentials: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(clientCertificate === undefined || clientKey === undefined ? {} : { clientCertificate, clientKey }),
    },
    expires: Number.isNaN(expiration) ? Infinity : expiration - EXPIRY_MARGIN,
  };
}

function runCommand(plugin: ExecPlugin, cluster: Cluster): Promise<string> {
  const spec: JsonObject = { interactive: false };
  if (plugin.provideClusterInfo) {
    spec["cluster"] = {
      server: cluster.server,
      ...(cluster.certificateAuthority === undefined
        ? {}
        : { "certificate-authority-data": cluster.certificateAuthority.toString("base64") }),
      ...(cluster.insecureSkipTlsVerify ? { "insecure-skip-tls-verify": true } : {}),
    };
  }
  const info = JSON.stringify({ apiVersion: plugin.apiVersion, kind: "ExecCredential", spec });
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args, {
      env: { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PLUGIN_TIMEOUT,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      const hint =
        plugin.installHint?.trim() ??
        (plugin.command.endsWith("kubelogin")
          ? "Clusters with Entra ID need kubelogin: https://azure.github.io/kubelogin/install.html"
          : "Install it, or use a kubeconfig without an exec plugin");
      reject(
        error.code === "ENOENT"
          ? new Error(`The kubeconfig's credential plugin ${plugin.command} is not on PATH. ${hint}`)
          : new Error(`The credential plugin ${plugin.command} could not be started: ${error.message}`),
      );
    });
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
      else {
        // A plugin's own words, cut: with devicecode login it would print a code and wait until the time limit.
        const words = Buffer.concat(err).toString("utf8").trim().slice(0, 2000);
        const end = signal === null ? `exit code ${String(code)}` : `ended by ${signal}`;
        reject(new Error(`The credential plugin ${plugin.command} failed (${end})${words === "" ? "" : `: ${words}`}`));
      }
    });
  });
}
