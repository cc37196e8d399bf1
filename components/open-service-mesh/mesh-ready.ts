import * as pulumi from "@pulumi/pulumi";
import { osmCustomResourceDefinitions } from "../../mesh/osm/kinds";
import { connect } from "./connect";
import { waitForMesh } from "./wait-for-mesh";

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
