import { RunError } from "@pulumi/pulumi";
import { type Observability } from "../components/observability";
import { RequestAutoscaling, type ScaledDeployment } from "../components/request-autoscaling";
import { type StackDefinition } from "./definition";
import { type MeshCluster } from "./mesh-cluster";

/** What is scaled in a stack, and by what. */
interface StackAutoscalingArgs {
  /** First part of the names of its resources. */
  readonly name: string;
  readonly definition: StackDefinition;
  readonly cluster: MeshCluster;
  readonly deployments: readonly ScaledDeployment[];
  /** What computes the request rate; absent where nothing does. */
  readonly seen: Observability | undefined;
}

/**
 * Has Deployments of a stack scaled by the request rate.
 *
 * @throws RunError where the stack has nothing that scales, or nothing that counts.
 */
export function stackAutoscaling({ name, definition, cluster, deployments, seen }: StackAutoscalingArgs): void {
  if (deployments.length === 0) return;
  const { observability } = definition;
  if (definition.cluster.scaling?.keda === false) {
    throw new RunError("autoscaling: the cluster has no KEDA, as cluster.scaling.keda is false; take that out.");
  }
  if (observability === undefined || seen === undefined) {
    throw new RunError(
      "autoscaling: nothing counts the mesh's requests; `pulumi config set metrics cluster`, or on, has them counted.",
    );
  }
  const { kedaIdentityClientId: identityClientId, prometheus } = observability;
  if (identityClientId === undefined && prometheus !== "cluster") {
    throw new RunError(
      "autoscaling: Azure's Prometheus answers nobody without an identity; write the one that KEDA has as " +
        "observability.kedaIdentityClientId (docs/autoscaling.md), or have the cluster's count: `pulumi config set metrics cluster`.",
    );
  }
  new RequestAutoscaling(
    `${name}-autoscaling`,
    { deployments, prometheus: seen.queryEndpoint, identityClientId },
    { ...cluster.options, dependsOn: seen },
  );
}
