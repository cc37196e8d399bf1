import * as pulumi from "@pulumi/pulumi";
import { type Policy, PolicyError } from "../mesh/policy";
import { kubernetesName, serviceOf } from "../mesh/policy/names";

/** A Service of Kubernetes. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The Service of a service of the policy, or of `namespace/name`.
 *
 * @param place where it is named, for the error.
 * @throws RunError where nothing is called so.
 */
export function serviceNamed(policy: Policy | undefined, name: string, place: string): ServiceName {
  const [namespace = "", service] = name.split("/");
  if (service !== undefined) return { namespace, name: service };
  if (policy === undefined) {
    throw new pulumi.RunError(
      `${place}: "${name}" has no namespace, and there is no policy that knows it; write shop/${name}.`,
    );
  }
  try {
    return { namespace: serviceOf(policy, name, place).namespace, name: kubernetesName(policy, name) };
  } catch (error) {
    if (error instanceof PolicyError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
