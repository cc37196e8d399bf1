import { request as httpsRequest, type RequestOptions } from "node:https";
import { isJsonObject, type KubernetesObject, parseManifests } from "../../mesh/manifests";
import { readClusterOf } from "../running-cluster";
import { StepFailed } from "./stack";

/** The cluster's API server, for what no resource of the program holds. */
export interface Cluster {
  /** What the analysis reads: lists only, no Secret. */
  objects(): Promise<readonly KubernetesObject[]>;
  /** Deletes one object, waited for until it is gone. @returns whether it was there. */
  remove(path: string): Promise<boolean>;
  /** Objects of a list; none where the kind is not served. */
  list(path: string): Promise<readonly KubernetesObject[]>;
  /** Changes some fields, as a strategic merge patch. */
  patch(path: string, body: unknown): Promise<void>;
}

const timeoutMs = 30_000;

/** The cluster of a kubeconfig. */
export async function connect(kubeconfig: string): Promise<Cluster> {
  // Loaded only here: it takes half a second.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const server = config.getCurrentCluster()?.server.replace(/\/$/, "") ?? "";

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const options: RequestOptions = { method, timeout: timeoutMs };
    await config.applyToHTTPSOptions(options).catch((error: unknown) => {
      throw new StepFailed(
        `The login to the cluster failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    const type = method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    options.headers = { ...options.headers, accept: "application/json", "content-type": type };
    return new Promise((resolve, reject) => {
      const unreachable = (reason: string): void =>
        reject(new StepFailed(`The API server ${server} cannot be reached: ${reason}.`));
      const sent = httpsRequest(`${server}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => unreachable(error.message));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, body: text.startsWith("{") ? JSON.parse(text) : undefined });
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${String(timeoutMs / 1000)} s`)));
      sent.on("error", (error) => unreachable(error.message));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
  const refused = (method: string, path: string, { status, body }: { status: number; body: unknown }): StepFailed => {
    const message = isJsonObject(body) && typeof body["message"] === "string" ? `: ${body["message"]}` : "";
    return new StepFailed(`The API server answered ${String(status)} to ${method} ${path}${message}`);
  };
  return {
    async objects() {
      const { file } = await readClusterOf(config, "the stack's cluster");
      return parseManifests([file]).objects;
    },
    async remove(path) {
      const answer = await call("DELETE", path, { propagationPolicy: "Foreground" });
      if (answer.status === 404) return false;
      if (answer.status >= 300) throw refused("DELETE", path, answer);
      return true;
    },
    async list(path) {
      const answer = await call("GET", path);
      if (answer.status === 404) return [];
      if (answer.status !== 200 || !isJsonObject(answer.body)) throw refused("GET", path, answer);
      const { items } = answer.body;
      return Array.isArray(items) ? (items as KubernetesObject[]) : [];
    },
    async patch(path, body) {
      const answer = await call("PATCH", path, body);
      if (answer.status >= 300) throw refused("PATCH", path, answer);
    },
  };
}
