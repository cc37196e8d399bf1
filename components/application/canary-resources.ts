import { type RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import * as pulumi from "@pulumi/pulumi";
import { type Flagger } from "../flagger";
import { type CanaryPlan } from "./canaries";
import { ObjectResource } from "./resources";

/**
 * What Flagger is told of each canary, once the objects are there that it takes over: a Canary counts its deadline from when it is made. Canaries go before their
 * namespaces do, as Flagger puts things back then.
 */
export function canaryResources(
  name: string,
  flagger: Flagger | undefined,
  plans: readonly CanaryPlan[],
  options: Omit<pulumi.CustomResourceOptions, "dependsOn"> & { readonly dependsOn: readonly pulumi.Resource[] },
): readonly (ObjectResource | RoleBinding)[] {
  if (flagger === undefined) return [];
  for (const { namespace, service, canary } of plans) {
    const { name: deployment } = canary.spec.targetRef;
    void pulumi.log.info(
      `canary of ${namespace}/${service}: Flagger has its weights, its selector and the number of pods of Deployment ${deployment}: they are left as they are.`,
    );
  }
  const after = { ...options, dependsOn: [...options.dependsOn, flagger] };
  const admitted = new Map(
    [...new Set(plans.map(({ namespace }) => namespace))].map((namespace) => [
      namespace,
      flagger.admit(`${name}-${namespace}-flagger`, namespace, after),
    ]),
  );
  const made = plans.flatMap(({ namespace, service, canary, templates }) => {
    const queries = templates.map(
      (template) => new ObjectResource(`${name}-${namespace}-${template.metadata.name}`, template, after),
    );
    const dependsOn = [...after.dependsOn, ...queries, ...[admitted.get(namespace) ?? []].flat()];
    return [...queries, new ObjectResource(`${name}-${namespace}-${service}`, canary, { ...after, dependsOn })];
  });
  return [...admitted.values(), ...made];
}
