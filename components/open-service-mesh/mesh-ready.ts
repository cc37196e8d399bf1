import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";

/** Arguments of {@link MeshReady}. */
export interface MeshReadyArgs {
  /** Kubeconfig of the cluster. Used to ask the API server and kept nowhere. */
  kubeconfig: pulumi.Input<string>;
  /** Namespace of the mesh's control plane. */
  namespace: pulumi.Input<string>;
  /** How long to wait, in seconds. */
  timeoutSeconds: pulumi.Input<number>;
}

/**
 * Done when Open Service Mesh can be given policies, see {@link waitForMesh}. What depends on it finds the mesh's kinds and
 * its admission webhook. A finished ARM operation proves neither: the add-on installs them afterwards.
 */
export class MeshReady extends DynamicResource {
  /** Version of the mesh's controller, e.g. `v1.2.9`. */
  declare public readonly osmVersion: pulumi.Output<string>;
  /** Suffix of every identity in the mesh. */
  declare public readonly trustDomain: pulumi.Output<string>;

  constructor(name: string, args: MeshReadyArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "MeshReady",
      "open-service-mesh/mesh-ready-provider",
      name,
      {
        kubeconfig: pulumi.secret(args.kubeconfig),
        namespace: args.namespace,
        timeoutSeconds: args.timeoutSeconds,
        osmVersion: undefined,
        trustDomain: undefined,
      },
      opts,
    );
  }
}
