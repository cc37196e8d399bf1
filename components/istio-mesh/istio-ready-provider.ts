import { type dynamic } from "@pulumi/pulumi";
import { istioKinds } from "../../mesh/istio/kinds";
import { connect } from "../open-service-mesh/connect";
import { serverOf } from "../open-service-mesh/server-of";
import { staticGatewayConfigurationDefinition } from "./static-gateway-configuration";
import { waitForIstio } from "./wait-for-istio";

/** What the dynamic provider is given. */
interface Inputs {
  readonly kubeconfig: string;
  readonly revisions: readonly string[];
  /** Namespaces of egress gateways. Absent in the state of a version that knew none. */
  readonly egressNamespaces?: readonly string[];
  readonly timeoutSeconds: number;
}

/** What the state keeps. The kubeconfig is not among it. */
interface Outputs {
  readonly server: string;
  readonly revisions: readonly string[];
  readonly egressNamespaces?: readonly string[];
  readonly istioVersion: string;
  readonly trustDomain: string;
}

/** Names of the definitions of the kinds that this program writes and reads. */
const definitions = Object.values(istioKinds).map(({ apiVersion, plural }) => `${plural}.${apiVersion.split("/")[0]}`);

/** Waits for the mesh behind a kubeconfig. */
async function ready({ kubeconfig, revisions, egressNamespaces = [], timeoutSeconds }: Inputs): Promise<Outputs> {
  const { server, request } = await connect(kubeconfig);
  const facts = await waitForIstio({
    request,
    revisions,
    egressNamespaces,
    customResourceDefinitions:
      egressNamespaces.length === 0 ? definitions : [...definitions, staticGatewayConfigurationDefinition],
    timeout: timeoutSeconds * 1000,
    report: (message) => process.stdout.write(`Istio: ${message}\n`),
  });
  return { server, revisions, egressNamespaces, ...facts };
}

/** The provider of the resource that waits for the mesh. */
export function handler(): dynamic.ResourceProvider<Inputs, Outputs> {
  return {
    async create(inputs) {
      const outs = await ready(inputs);
      return { id: `${outs.server}/istio`, outs };
    },
    /** A new login to the same cluster is no change; another cluster, or one not known yet, is waited for again. */
    async diff(_id, olds, news) {
      const server = serverOf(news.kubeconfig);
      const changes =
        server !== olds.server ||
        news.revisions.join() !== olds.revisions.join() ||
        (news.egressNamespaces ?? []).join() !== (olds.egressNamespaces ?? []).join();
      return { changes };
    },
    async update(_id, _olds, news) {
      return { outs: await ready(news) };
    },
  };
}
