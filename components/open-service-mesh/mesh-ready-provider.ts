import { type dynamic } from "@pulumi/pulumi";
import { osmCustomResourceDefinitions } from "../../mesh/osm/kinds";
import { connect } from "./connect";
import { serverOf } from "./server-of";
import { waitForMesh } from "./wait-for-mesh";

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

/** The provider of the resource that waits for the mesh. */
export function handler(): dynamic.ResourceProvider<Inputs, Outputs> {
  return {
    async create(inputs) {
      const outs = await ready(inputs);
      return { id: `${outs.server}/${outs.namespace}`, outs };
    },
    /** A new login to the same cluster is no change; another cluster, or one not known yet, is waited for again. */
    async diff(_id, olds, news) {
      const server = serverOf(news.kubeconfig);
      return { changes: server !== olds.server || news.namespace !== olds.namespace };
    },
    async update(_id, _olds, news) {
      return { outs: await ready(news) };
    },
  };
}
