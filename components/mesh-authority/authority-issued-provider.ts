import { type dynamic } from "@pulumi/pulumi";
import { type Issuance } from "../aks-cluster/issuance";
import { connect } from "../open-service-mesh/connect";
import { serverOf } from "../open-service-mesh/server-of";
import { waitForAuthority } from "./wait-for-authority";

/** What the dynamic provider is given. */
interface Inputs {
  readonly kubeconfig: string;
  /** As JSON, to be compared. */
  readonly issuance: string;
  readonly timeoutSeconds: number;
}

/** What the state keeps. The kubeconfig is not among it. */
interface Outputs {
  readonly server: string;
  readonly issuance: string;
}

/** Waits for the certificate behind a kubeconfig. */
async function issued({ kubeconfig, issuance, timeoutSeconds }: Inputs): Promise<Outputs> {
  const { server, request } = await connect(kubeconfig);
  const { duration } = JSON.parse(issuance) as Issuance;
  await waitForAuthority({
    ...{ request, duration, timeout: timeoutSeconds * 1000 },
    report: (message) => process.stdout.write(`cert-manager: ${message}\n`),
  });
  return { server, issuance };
}

/** The provider of the resource that waits for the certificate. */
export function handler(): dynamic.ResourceProvider<Inputs, Outputs> {
  return {
    async create(inputs) {
      const outs = await issued(inputs);
      return { id: `${outs.server}/mesh-authority`, outs };
    },
    /** A new login to the same cluster is no change; another cluster, or one not known yet, is waited for again. */
    async diff(_id, olds, news) {
      return { changes: serverOf(news.kubeconfig) !== olds.server || news.issuance !== olds.issuance };
    },
    async update(_id, _olds, news) {
      return { outs: await issued(news) };
    },
  };
}
