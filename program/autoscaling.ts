import { RunError } from "@pulumi/pulumi";
import { type ScaledDeployment } from "../components/request-autoscaling";
import { type WorkloadObject } from "../components/application";
import { isJsonObject, type KubernetesObject } from "../mesh/manifests";
import { valueAt } from "../mesh/manifests/inside";
import { didYouMean } from "../mesh/manifests/near-names";
import { isBehind } from "../mesh/manifests/pod-template";
import { type Policy } from "../mesh/policy";
import { serviceNamed } from "./service-named";

/** As many pods as the calls of a Service ask for, by the mesh's request rate. */
export interface AutoscalingRule<Name extends string = string> {
  /** The Service whose calls count, and whose Deployment is scaled; by its name in the policy or as `namespace/name`. */
  readonly service: Name;
  /** Fewest pods, 1 or more. Default 1. */
  readonly minReplicas?: number;
  /** Most pods. */
  readonly maxReplicas: number;
  /** Requests a second that one pod is to get, above 0. */
  readonly requestsPerSecond: number;
}

/** What is scaled in an application. */
interface AutoscalingArgs {
  readonly rules: readonly AutoscalingRule[];
  readonly policy: Policy | undefined;
  /** What is deployed. */
  readonly objects: readonly (KubernetesObject | WorkloadObject)[];
}

/** Kinds that say how many pods a Deployment has. */
const scalers: ReadonlySet<string> = new Set(["HorizontalPodAutoscaler", "ScaledObject"]);

/**
 * Finds the Deployment of each rule.
 *
 * @throws RunError for a Service that leads to none, or to several, and for a Deployment that something else scales.
 */
export function scaledDeployments({ rules, policy, objects }: AutoscalingArgs): readonly ScaledDeployment[] {
  const all = objects.map(named);
  return rules.map(({ service, ...bounds }, index) => {
    const place = `autoscaling[${String(index)}]`;
    const { namespace, name } = serviceNamed(policy, service, `${place}.service`);
    const inside = all.filter(({ metadata }) => metadata.namespace === namespace);
    const services = inside.filter(({ kind }) => kind === "Service");
    const found = services.find(({ metadata }) => metadata.name === name);
    if (found === undefined) {
      const known = services.map(({ metadata }) => metadata.name);
      const remedy = didYouMean(name, known) ?? `there are ${known.join(", ") || "none"}.`;
      throw new RunError(`${place}.service: the application has no Service ${namespace}/${name}; ${remedy}`);
    }
    const behind = inside.filter((one) => one.kind === "Deployment" && isBehind(one, found));
    const [deployment, ...others] = behind.map(({ metadata }) => metadata.name);
    if (deployment === undefined || others.length > 0) {
      throw new RunError(
        `${place}.service: ${namespace}/${name} leads to ${behind.length === 0 ? "no Deployment" : behind.map(({ metadata }) => metadata.name).join(", ")}, ` +
          "and one is scaled; name a Service that leads to the pods of one Deployment alone.",
      );
    }
    const other = inside.find(
      (one) => scalers.has(one.kind) && valueAt(one, "spec", "scaleTargetRef", "name") === deployment,
    );
    if (other !== undefined) {
      throw new RunError(
        `${place}: the ${other.kind} ${namespace}/${other.metadata.name} scales the Deployment ${deployment} too, and the two would undo each other; take one out.`,
      );
    }
    return { namespace, deployment, service: name, ...bounds };
  });
}

/** The object with a name for certain; the application refuses those without. */
function named(object: KubernetesObject | WorkloadObject): KubernetesObject {
  const metadata: unknown = object.metadata;
  const { name, namespace } = isJsonObject(metadata) ? metadata : {};
  return Object.assign({}, object, {
    metadata: { name: typeof name === "string" ? name : "", ...(typeof namespace === "string" && { namespace }) },
  });
}
