import { CustomResource, type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type Transform, transformed } from "../transform";

const apiVersion = "keda.sh/v1alpha1";

/** Name of what lets KEDA ask Azure's Prometheus, in each namespace. */
const authentication = "mesh-prometheus";

/** A Deployment whose pods are as many as the calls of its Service ask for. */
export interface ScaledDeployment {
  namespace: string;
  deployment: string;
  /** The Service whose calls count. */
  service: string;
  /** Fewest pods, 1 or more. Default 1. */
  minReplicas?: number;
  /** Most pods. */
  maxReplicas: number;
  /** Requests a second that one pod is to get, above 0. */
  requestsPerSecond: number;
}

/** Arguments of `RequestAutoscaling`. */
export interface RequestAutoscalingArgs {
  /** What is scaled. */
  deployments: readonly ScaledDeployment[];
  /** Where PromQL can be asked for the series `mesh:requests:rate2m`, see `Observability.queryEndpoint`. */
  prometheus: pulumi.Input<string>;
  /** Client id of the identity by which KEDA asks Azure's Prometheus. Default: it asks without one, as a Prometheus in the cluster lets it. */
  identityClientId?: string;
  /** Last-moment changes to what the component is about to register. */
  transform?: {
    /** Called once for each. */
    scaledObject?: Transform<CustomResourceArgs>;
  };
}

/** Options of {@link RequestAutoscaling}: the provider of the cluster is needed. */
export interface RequestAutoscalingOptions extends pulumi.ComponentResourceOptions {
  /** Provider that reaches the cluster. */
  provider?: kubernetes.Provider;
}

/**
 * Has KEDA give Deployments as many pods as the mesh's request rate asks for. The cluster needs KEDA, which AksCluster has unless it is told otherwise.
 * Who deploys these Deployments has to leave their `replicas` alone.
 *
 * @example
 * ```ts
 * new RequestAutoscaling("scaling", { deployments: [{ namespace: "shop", deployment: "cart", service: "cart", maxReplicas: 9, requestsPerSecond: 50 }],
 *   prometheus: observability.queryEndpoint }, { provider });
 * ```
 */
export class RequestAutoscaling extends pulumi.ComponentResource {
  constructor(name: string, args: RequestAutoscalingArgs, opts: RequestAutoscalingOptions = {}) {
    super("aks-mesh:index:RequestAutoscaling", name, {}, opts);
    assertRequestAutoscalingArgs(args);
    const { deployments, prometheus, identityClientId } = args;
    const child = { parent: this, provider: opts.provider, dependsOn: opts.dependsOn, deletedWith: opts.deletedWith };
    const identified =
      identityClientId === undefined ? [] : [...new Set(deployments.map(({ namespace }) => namespace))];
    for (const namespace of identified) {
      new CustomResource(
        `${name}-${namespace}`,
        {
          ...{ apiVersion, kind: "TriggerAuthentication", metadata: { name: authentication, namespace } },
          spec: { podIdentity: { provider: "azure-workload", identityId: identityClientId } },
        },
        child,
      );
    }
    for (const one of deployments) {
      new CustomResource(
        `${name}-${one.namespace}-${one.deployment}`,
        transformed(args.transform?.scaledObject, scaledObject(one, prometheus, identityClientId !== undefined)),
        child,
      );
    }
    this.registerOutputs({});
  }
}

function scaledObject(one: ScaledDeployment, serverAddress: pulumi.Input<string>, identified: boolean) {
  const { namespace, deployment, service, minReplicas = 1, maxReplicas, requestsPerSecond } = one;
  return {
    ...{ apiVersion, kind: "ScaledObject", metadata: { name: deployment, namespace } },
    spec: {
      scaleTargetRef: { name: deployment },
      minReplicaCount: minReplicas,
      maxReplicaCount: maxReplicas,
      triggers: [
        {
          type: "prometheus",
          metadata: {
            serverAddress,
            query: requestRate(namespace, service),
            threshold: String(requestsPerSecond),
            // Else KEDA takes no answer for no calls, and has pods taken away while nobody counts.
            ignoreNullValues: "false",
          },
          ...(identified && { authenticationRef: { name: authentication } }),
        },
      ],
    },
  };
}

/** Requests a second. Without calls 0, but without a sidecar whose counts are known nothing: then the Deployment keeps the pods it has. */
function requestRate(namespace: string, service: string): string {
  const rate = `sum(mesh:requests:rate2m{destination_namespace="${namespace}", destination_service="${service}"})`;
  return `${rate} or 0 * count(up{job="mesh-sidecars"} == 1)`;
}

/** @throws RunError that names each property and what to write. */
function assertRequestAutoscalingArgs({ deployments, identityClientId }: RequestAutoscalingArgs): void {
  const problems: string[] = [];
  const seen = new Set<string>();
  deployments.forEach((one, index) => {
    const { namespace, deployment, minReplicas = 1, maxReplicas, requestsPerSecond } = one;
    const at = `deployments[${index}]`;
    const title = `${namespace}/${deployment}`;
    if (seen.has(title)) problems.push(`${at}: ${title} is scaled twice; leave one out.`);
    seen.add(title);
    if (!Number.isInteger(minReplicas) || minReplicas < 1) {
      problems.push(
        `${at}.minReplicas: ${minReplicas} is no number of pods that always answers; write 1 or more: without a pod calls end with 503.`,
      );
    }
    if (!Number.isInteger(maxReplicas) || maxReplicas < minReplicas) {
      problems.push(
        `${at}.maxReplicas: ${maxReplicas}; write an integer that is not below minReplicas, ${minReplicas}.`,
      );
    }
    if (!(requestsPerSecond > 0 && Number.isFinite(requestsPerSecond))) {
      problems.push(`${at}.requestsPerSecond: ${requestsPerSecond} is no rate; write one above 0, such as 50.`);
    }
  });
  if (identityClientId !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(identityClientId)) {
    problems.push(
      `identityClientId: "${identityClientId}" is no client id; write the one that \`az identity show --query clientId\` says.`,
    );
  }
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
}
