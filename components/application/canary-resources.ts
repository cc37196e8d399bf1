import { type RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import * as pulumi from "@pulumi/pulumi";
import { type Flagger } from "../flagger";
import { type CanaryPlan } from "./canaries";
import { ObjectResource } from "./resources";

/**
 * Pulumi deletes in the foreground by itself: what belongs to a Canary would go before it, split and pods that callers still come to, while Flagger waits for
 * those that take their place.
 */
const ownBeforeOthers = { "pulumi.com/deletionPropagationPolicy": "background" };

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
  for (const plan of plans) void pulumi.log.info(`canary of ${plan.namespace}/${plan.service}: ${standing(plan)}`);
  const after = { ...options, dependsOn: [...options.dependsOn, flagger] };
  const admitted = new Map(
    [...new Set(plans.map(({ namespace }) => namespace))].map((namespace) => [
      namespace,
      flagger.admit(`${name}-${namespace}-flagger`, namespace, after),
    ]),
  );
  const made = plans.flatMap(({ namespace, service, canary, templates, leaving }) => {
    if (leaving) return [];
    const queries = templates.map(
      (template) => new ObjectResource(`${name}-${namespace}-${template.metadata.name}`, template, after),
    );
    const declared = { ...canary, metadata: { ...canary.metadata, annotations: ownBeforeOthers } };
    const dependsOn = [...after.dependsOn, ...queries, ...[admitted.get(namespace) ?? []].flat()];
    return [...queries, new ObjectResource(`${name}-${namespace}-${service}`, declared, { ...after, dependsOn })];
  });
  return [...admitted.values(), ...made];
}

/** What this run does about a canary, for people. */
function standing({ canary, leaving }: CanaryPlan): string {
  const { name: deployment } = canary.spec.targetRef;
  return leaving
    ? `Flagger gives its calls to Deployment ${deployment} as it is declared, whether or not that version has proved itself; take the entry out of canaries with the next run.`
    : `Flagger has its weights, its selector and the number of pods of Deployment ${deployment}: they are left as they are.`;
}
