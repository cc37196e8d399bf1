import { type dynamic } from "@pulumi/pulumi";
import { type Issuance } from "../aks-cluster/issuance";
import { connect } from "../open-service-mesh/connect";
import { serverOf } from "../open-service-mesh/server-of";
import { waitForIssuer } from "./wait-for-issuer";

/** What the dynamic provider is given. */
interface Inputs {
  readonly kubeconfig: string;
  readonly issuer?: Issuance["issuer"];
  readonly namespace: string;
  readonly timeoutSeconds: number;
}

/** What the state keeps. The kubeconfig is not among it. */
interface Outputs {
  readonly server: string;
  readonly issuer?: Issuance["issuer"];
}

/** Waits for cert-manager and the issuer behind a kubeconfig. */
async function ready({ kubeconfig, issuer, namespace, timeoutSeconds }: Inputs): Promise<Outputs> {
  const { server, request } = await connect(kubeconfig);
  await waitForIssuer({
    ...{ request, issuer, namespace },
    timeout: timeoutSeconds * 1000,
    report: (message) => process.stdout.write(`cert-manager: ${message}\n`),
  });
  return { server, ...(issuer && { issuer }) };
}

/** The provider of the resource that waits for the issuer. */
export function handler(): dynamic.ResourceProvider<Inputs, Outputs> {
  return {
    async create(inputs) {
      const outs = await ready(inputs);
      return { id: `${outs.server}/cert-manager`, outs };
    },
    /** A new login to the same cluster is no change; another cluster, or one not known yet, is waited for again. */
    async diff(_id, olds, news) {
      const server = serverOf(news.kubeconfig);
      const [before, now] = [olds.issuer, news.issuer];
      const isSame = now?.name === before?.name && now?.kind === before?.kind && now?.group === before?.group;
      return { changes: server !== olds.server || !isSame };
    },
    async update(_id, _olds, news) {
      return { outs: await ready(news) };
    },
  };
}
