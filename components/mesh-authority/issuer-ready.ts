import * as pulumi from "@pulumi/pulumi";
import { type Issuance } from "../aks-cluster/issuance";
import { DynamicResource } from "../dynamic";

/** Arguments of {@link IssuerReady}. */
export interface IssuerReadyArgs {
  /** Kubeconfig of the cluster. Used to ask the API server and kept nowhere. */
  kubeconfig: pulumi.Input<string>;
  /** Default: cert-manager's definitions alone are waited for. */
  issuer?: Issuance["issuer"];
  /** Namespace of an `Issuer`. */
  namespace: string;
  /** How long to wait, in seconds. */
  timeoutSeconds: number;
}

/** Done when cert-manager can be asked for a certificate of an issuer, see {@link waitForIssuer}. Both may come from elsewhere, at their own time. */
export class IssuerReady extends DynamicResource {
  constructor(name: string, args: IssuerReadyArgs, opts?: pulumi.CustomResourceOptions) {
    const { kubeconfig, issuer, namespace, timeoutSeconds } = args;
    super(
      "IssuerReady",
      "mesh-authority/issuer-ready-provider",
      name,
      { kubeconfig: pulumi.secret(kubeconfig), issuer: issuer && { ...issuer }, namespace, timeoutSeconds },
      opts,
    );
  }
}
