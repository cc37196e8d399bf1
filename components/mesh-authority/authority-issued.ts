import * as pulumi from "@pulumi/pulumi";
import { type Issuance } from "../aks-cluster/issuance";
import { DynamicResource } from "../dynamic";

/** Arguments of {@link AuthorityIssued}. */
export interface AuthorityIssuedArgs {
  /** Kubeconfig of the cluster. Used to ask the API server and kept nowhere. */
  kubeconfig: pulumi.Input<string>;
  /** What the certificate asks for: another is waited for anew. */
  issuance: Issuance;
  /** How long to wait, in seconds. */
  timeoutSeconds: number;
}

/**
 * Done when cert-manager has issued the mesh's authority, and that may sign, see {@link waitForAuthority}. The provider's own wait knows neither why an issuer refused nor what it gave.
 */
export class AuthorityIssued extends DynamicResource {
  constructor(name: string, args: AuthorityIssuedArgs, opts?: pulumi.CustomResourceOptions) {
    const { kubeconfig, issuance, timeoutSeconds } = args;
    super(
      "AuthorityIssued",
      "mesh-authority/authority-issued-provider",
      name,
      { kubeconfig: pulumi.secret(kubeconfig), issuance: JSON.stringify(issuance), timeoutSeconds },
      opts,
    );
  }
}
