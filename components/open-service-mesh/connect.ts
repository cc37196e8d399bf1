import { type RequestOptions } from "node:https";
import { type ApiRequest } from "./wait-for-mesh";

/**
 * Connects to the cluster of a kubeconfig. Neither its text nor a credential ever gets into an error.
 *
 * @throws Error with `final: true` where waiting cannot help: no kubeconfig, or its login command is not installed.
 */
export async function connect(kubeconfig: string): Promise<{ server: string; request: ApiRequest }> {
  // Loaded where it is needed: it takes a second.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const https = await import("node:https");
  const config = new KubeConfig();
  let server: string | undefined;
  try {
    config.loadFromString(kubeconfig);
    server = config.getCurrentCluster()?.server;
  } catch {
    // The parser's message quotes the text.
    server = undefined;
  }
  if (server === undefined) {
    throw Object.assign(
      new Error("kubeconfig: this is no kubeconfig with a current context and its cluster; pass the cluster's own."),
      { final: true },
    );
  }
  const base = server;
  const request: ApiRequest = async (method, path, body, accept = "application/json") => {
    const options: RequestOptions = { method, timeout: 20_000 };
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      const command = config.getCurrentUser()?.exec?.command;
      const absent = error instanceof Error && error.message.includes("ENOENT");
      throw Object.assign(
        new Error(
          absent
            ? `kubeconfig: it logs in with ${command}, which is not on the PATH; install it (az aks install-cli brings kubelogin).`
            : `the login by ${command ?? "the kubeconfig"} failed`,
        ),
        { final: absent },
      );
    }
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    options.headers = { ...options.headers, accept, "content-type": type };
    return new Promise((resolve, reject) => {
      const call = https.request(`${base.replace(/\/$/, "")}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          let parsed: unknown;
          try {
            parsed = JSON.parse(text);
          } catch {
            parsed = undefined;
          }
          resolve({ status: response.statusCode ?? 0, body: parsed });
        });
      });
      call.on("timeout", () => call.destroy(new Error("no answer within 20 s")));
      call.on("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  };
  return { server: base, request };
}
