import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { at, isObject, objectsAt, stringAt, type Json, type JsonObject } from "./json";

/** The exec section of a kubeconfig's user: a program that prints an ExecCredential. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
}

/** How a kubeconfig's user proves who it is; every field may be absent. */
export interface User {
  readonly clientCertificate?: Buffer;
  readonly clientKey?: Buffer;
  readonly token?: string;
  /** Path of a file with a token that somebody renews. */
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly exec?: ExecPlugin;
}

/** Where an API server is and how to trust it. */
export interface Cluster {
  readonly server: string;
  readonly certificateAuthority?: Buffer;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName?: string;
}

/** What one context of a kubeconfig comes to. */
export interface Connection {
  readonly cluster: Cluster;
  readonly user: User;
  /** The context's default namespace. */
  readonly namespace: string | undefined;
}

/** A kubeconfig as parsed, with the directory its relative paths start from. */
export interface Kubeconfig {
  readonly content: JsonObject;
  readonly directory: string;
}

/** The provider's settings that choose within a kubeconfig. */
export interface Selection {
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
}

/**
 * Reads a kubeconfig given as its contents (YAML, JSON or an object) or as the path of a file.
 * @throws an Error that says what is wrong and never repeats the contents: they hold credentials.
 */
export function parseKubeconfig(pathOrContents: string | JsonObject): Kubeconfig {
  if (typeof pathOrContents !== "string") return { content: pathOrContents, directory: process.cwd() };
  const path = kubeconfigFile(pathOrContents);
  const text = path === undefined ? pathOrContents : readFileSync(path, "utf8");
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    const position = isObject(error) ? at(error, "linePos", "0", "line") : undefined;
    throw new Error(
      `provider.kubeconfig: not valid YAML or JSON${position === undefined ? "" : ` (line ${String(position)})`}`,
    );
  }
  if (!isObject(content)) {
    throw new Error(
      "provider.kubeconfig: neither the contents of a kubeconfig nor the path of a file that exists; " +
        "write the contents (YAML or JSON) or a path",
    );
  }
  return { content, directory: path === undefined ? process.cwd() : dirname(resolve(path)) };
}

function kubeconfigFile(pathOrContents: string): string | undefined {
  if (pathOrContents === "" || pathOrContents.includes("\n")) return undefined;
  const path = pathOrContents.startsWith("~/") ? join(homedir(), pathOrContents.slice(2)) : pathOrContents;
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : undefined;
}

/** The kubeconfig used where the provider's settings name none: $KUBECONFIG, ~/.kube/config, else undefined. */
export function ambientKubeconfig(environment: NodeJS.ProcessEnv): string | undefined {
  const candidates = [...(environment["KUBECONFIG"] ?? "").split(":"), join(homedir(), ".kube", "config")];
  return candidates.find((path) => path !== "" && statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/**
 * The cluster entry that is active under the selection, as written in the kubeconfig; undefined when there is none. Two
 * kubeconfigs with equal active clusters reach the same cluster.
 */
export function activeCluster(kubeconfig: Kubeconfig, selection: Selection): JsonObject | undefined {
  const contextName = selection.context ?? stringAt(kubeconfig.content, "current-context");
  const context = contextName === undefined ? undefined : named(kubeconfig.content, "contexts", contextName, "context");
  const clusterName = selection.cluster ?? stringAt(context, "cluster");
  return clusterName === undefined ? undefined : named(kubeconfig.content, "clusters", clusterName, "cluster");
}

function named(content: JsonObject, list: string, name: string, key: string): JsonObject | undefined {
  const entry = objectsAt(content, list).find((item) => item["name"] === name);
  const found = at(entry, key);
  return isObject(found) ? found : undefined;
}

function namesIn(content: JsonObject, list: string): string {
  const names = objectsAt(content, list).map((item) => JSON.stringify(item["name"]));
  return names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
}

/**
 * Resolves context, cluster and user.
 * @throws an Error that names the missing entry and lists those that exist.
 */
export function connectionOf(kubeconfig: Kubeconfig, selection: Selection): Connection {
  const { content } = kubeconfig;
  const contextName = selection.context ?? stringAt(content, "current-context");
  if (contextName === undefined || contextName === "") {
    throw new Error("provider.kubeconfig: no current-context; set it, or set provider.context");
  }
  const context = named(content, "contexts", contextName, "context");
  if (context === undefined) {
    throw new Error(`provider.kubeconfig: no context ${JSON.stringify(contextName)}; ${namesIn(content, "contexts")}`);
  }
  const clusterName = selection.cluster ?? stringAt(context, "cluster") ?? "";
  const cluster = named(content, "clusters", clusterName, "cluster");
  if (cluster === undefined) {
    throw new Error(`provider.kubeconfig: no cluster ${JSON.stringify(clusterName)}; ${namesIn(content, "clusters")}`);
  }
  const server = stringAt(cluster, "server");
  if (server === undefined || !URL.canParse(server)) {
    throw new Error(`provider.kubeconfig: cluster ${JSON.stringify(clusterName)} has no server that is a URL`);
  }
  const userName = stringAt(context, "user") ?? "";
  const user = named(content, "users", userName, "user");
  if (user === undefined && userName !== "") {
    throw new Error(`provider.kubeconfig: no user ${JSON.stringify(userName)}; ${namesIn(content, "users")}`);
  }
  const certificateAuthority = dataOrFile(kubeconfig, cluster, "certificate-authority");
  const tlsServerName = stringAt(cluster, "tls-server-name");
  return {
    cluster: {
      server: server.replace(/\/+$/, ""),
      insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"] === true,
      ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
      ...(tlsServerName === undefined ? {} : { tlsServerName }),
    },
    user: userOf(kubeconfig, user ?? {}),
    namespace: stringAt(context, "namespace"),
  };
}

function dataOrFile(kubeconfig: Kubeconfig, entry: JsonObject, key: string): Buffer | undefined {
  const data = stringAt(entry, `${key}-data`);
  if (data !== undefined && data !== "") return Buffer.from(data, "base64");
  const path = stringAt(entry, key);
  return path === undefined || path === "" ? undefined : readFileSync(resolve(kubeconfig.directory, path));
}

function userOf(kubeconfig: Kubeconfig, user: JsonObject): User {
  const clientCertificate = dataOrFile(kubeconfig, user, "client-certificate");
  const clientKey = dataOrFile(kubeconfig, user, "client-key");
  const token = stringAt(user, "token");
  const tokenFile = stringAt(user, "tokenFile");
  const username = stringAt(user, "username");
  const password = stringAt(user, "password");
  const exec = user["exec"];
  if (user["auth-provider"] !== undefined && exec === undefined) {
    throw new Error(
      "provider.kubeconfig: users with an auth-provider are no longer supported by Kubernetes; " +
        "convert them, for instance with `kubelogin convert-kubeconfig`",
    );
  }
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(token === undefined || token === "" ? {} : { token }),
    ...(tokenFile === undefined || tokenFile === "" ? {} : { tokenFile: resolve(kubeconfig.directory, tokenFile) }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isObject(exec) ? { exec: execPluginOf(kubeconfig, exec) } : {}),
  };
}

function execPluginOf(kubeconfig: Kubeconfig, exec: JsonObject): ExecPlugin {
  const command = stringAt(exec, "command");
  if (command === undefined || command === "") {
    throw new Error("provider.kubeconfig: the user's exec plugin has no command");
  }
  const args = exec["args"];
  return {
    apiVersion: stringAt(exec, "apiVersion") ?? "client.authentication.k8s.io/v1",
    // As kubectl does: a command with a slash is relative to the kubeconfig, any other is looked up on PATH.
    command: command.includes("/") ? resolve(kubeconfig.directory, command) : command,
    args: Array.isArray(args) ? args.filter((arg: Json): arg is string => typeof arg === "string") : [],
    env: Object.fromEntries(
      objectsAt(exec, "env").flatMap((variable) => {
        const name = stringAt(variable, "name");
        return name === undefined ? [] : [[name, stringAt(variable, "value") ?? ""]];
      }),
    ),
    installHint: stringAt(exec, "installHint"),
    provideClusterInfo: exec["provideClusterInfo"] === true,
  };
}
