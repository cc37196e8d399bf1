import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../dynamic";
import { type ExpectedObject } from "./look";

/** A resource of the Kubernetes provider, as far as it says which object it is. */
interface ObjectResource {
  readonly apiVersion: pulumi.Output<string>;
  readonly kind: pulumi.Output<string>;
  readonly metadata: pulumi.Output<{ readonly name?: string; readonly namespace?: string } | undefined>;
}

/** Arguments of {@link ObjectsInPlace}. */
export interface ObjectsInPlaceArgs {
  /** Kubeconfig of the cluster. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Resources whose objects have to be there. */
  readonly resources: readonly ObjectResource[];
}

/**
 * A look, in every preview and at the end of every `up`, whether the objects of a stack are really in the cluster: the engine
 * believes its state, and would say "unchanged" over an empty cluster. A preview tells it, `up` fails.
 *
 * @throws Error naming the objects that are not there, and what to run.
 */
export class ObjectsInPlace extends DynamicResource {
  constructor(name: string, { kubeconfig, resources }: ObjectsInPlaceArgs, opts?: pulumi.CustomResourceOptions) {
    const objects = pulumi
      .all(
        resources.map(({ apiVersion, kind, metadata }) =>
          pulumi.all([apiVersion, kind, metadata]).apply(([version, ofKind, own]): ExpectedObject => ({
            apiVersion: version,
            kind: ofKind,
            ...(own?.namespace !== undefined && { namespace: own.namespace }),
            name: own?.name ?? "",
          })),
        ),
      )
      .apply((all) => JSON.stringify(all));
    super(
      "ObjectsInPlace",
      "objects-in-place/provider",
      name,
      { kubeconfig: pulumi.secret(kubeconfig), objects },
      opts,
    );
  }
}
