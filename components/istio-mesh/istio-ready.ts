import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";

/** Arguments of {@link IstioReady}. */
export interface IstioReadyArgs {
  /** Kubeconfig of the cluster. Used to ask the API server and kept nowhere. */
  kubeconfig: pulumi.Input<string>;
  /** Revisions whose control planes have to be ready, the one that new pods join first. */
  revisions: readonly string[];
  /** Namespaces of egress gateways, which the add-on makes. */
  egressNamespaces: readonly string[];
  /** How long to wait, in seconds. */
  timeoutSeconds: number;
}

/**
 * Done when Istio can be given policies and pods, see {@link waitForIstio}. A finished ARM operation proves neither: the add-on installs
 * istiod afterwards, and istiod completes its webhooks itself.
 */
export class IstioReady extends DynamicResource {
  /** Version of the first revision's istiod, e.g. `1.30.2`. */
  declare public readonly istioVersion: pulumi.Output<string>;
  /** Suffix of every identity in the mesh. */
  declare public readonly trustDomain: pulumi.Output<string>;

  constructor(name: string, args: IstioReadyArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "IstioReady",
      "istio-mesh/istio-ready-provider",
      name,
      {
        kubeconfig: pulumi.secret(args.kubeconfig),
        revisions: [...args.revisions],
        egressNamespaces: [...args.egressNamespaces],
        timeoutSeconds: args.timeoutSeconds,
        istioVersion: undefined,
        trustDomain: undefined,
      },
      opts,
    );
  }
}
