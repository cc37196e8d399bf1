import { type RequestOptions } from "node:https";
import * as pulumi from "@pulumi/pulumi";
import { osmCustomResourceDefinitions } from "../../mesh/osm/kinds";
import { type ApiRequest, waitForMesh } from "./wait-for-mesh";

/** Arguments of {@link MeshReady}. */
export interface MeshReadyArgs {
  /** Kubeconfig of the cluster. Used to ask the API server and kept nowhere. */
  kubeconfig: pulumi.Input<string>;
  /** Namespace of the mesh's control plane. */
  namespace: pulumi.Input<string>;
  /** How long to wait, in seconds. */
  timeoutSeconds: pulumi.Input<number>;
}

/** What the dynamic provider is given. */
interface Inputs {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly timeoutSeconds: number;
}

/** What the state keeps. The kubeconfig is not among it. */
interface Outputs {
  readonly server: string;
  readonly namespace: string;
  readonly osmVersion: string;
  readonly trustDomain: string;
}

/** Connects to the cluster of a kubeconfig. Neither its text nor a credential ever gets into an error. */
async function connect(kubeconfig: string): Promise<{ server: string; request: ApiRequest }> {
  // Loaded here, not captured: modules of this size do not survive being serialised.
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
  const request: ApiRequest = async (method, path, body) => {
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
    options.headers = { ...options.headers, accept: "application/json", "content-type": "application/json" };
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

/** Waits for the mesh behind a kubeconfig. */
async function ready({ kubeconfig, namespace, timeoutSeconds }: Inputs): Promise<Outputs> {
  const { server, request } = await connect(kubeconfig);
  const facts = await waitForMesh({
    request,
    namespace,
    customResourceDefinitions: osmCustomResourceDefinitions,
    timeout: timeoutSeconds * 1000,
    report: (message) => process.stdout.write(`Open Service Mesh: ${message}\n`),
  });
  return { server, namespace, ...facts };
}

const meshReadyProvider: pulumi.dynamic.ResourceProvider<Inputs, Outputs> = {
  async create(inputs) {
    const outs = await ready(inputs);
    return { id: `${outs.server}/${outs.namespace}`, outs };
  },
  /** A new login to the same cluster is no change; another cluster, or one not known yet, is waited for again. */
  async diff(_id, olds, news) {
    let server: string | undefined;
    try {
      server = (await connect(news.kubeconfig)).server;
    } catch {
      // In a preview the kubeconfig may not be known yet.
      server = undefined;
    }
    return { changes: server !== olds.server || news.namespace !== olds.namespace };
  },
  async update(_id, _olds, news) {
    return { outs: await ready(news) };
  },
};

/**
 * Done when Open Service Mesh can be given policies, see {@link waitForMesh}. What depends on it finds the mesh's kinds and
 * its admission webhook. A finished ARM operation proves neither: the add-on installs them afterwards.
 */
export class MeshReady extends pulumi.dynamic.Resource {
  /** Version of the mesh's controller, e.g. `v1.2.9`. */
  declare public readonly osmVersion: pulumi.Output<string>;
  /** Suffix of every identity in the mesh. */
  declare public readonly trustDomain: pulumi.Output<string>;

  constructor(name: string, args: MeshReadyArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      meshReadyProvider,
      name,
      {
        kubeconfig: pulumi.secret(args.kubeconfig),
        namespace: args.namespace,
        timeoutSeconds: args.timeoutSeconds,
        osmVersion: undefined,
        trustDomain: undefined,
      },
      opts,
      "aks-mesh",
      "MeshReady",
    );
  }
}
