import * as pulumi from "@pulumi/pulumi";
import { type ApplicationCanary } from "../components/application";
import { Flagger } from "../components/flagger";
import { clusterPrometheusAddress } from "../components/observability/cluster-prometheus";
import { type MeshName } from "../mesh";
import { type Policy } from "../mesh/policy";
import { isJsonObject } from "../mesh/manifests";
import { canaryMetrics, canaryProblems, type CanaryRule } from "../rollout";
import { applicationOf, type StackDefinition } from "./definition";
import { type StackOutputs } from "./last-outputs";
import { type MeshCluster } from "./mesh-cluster";
import { serviceNamed } from "./service-named";

/** The canaries of an application, and the Flagger that moves their calls. */
export interface StackCanaries {
  readonly canaries: readonly ApplicationCanary[];
  readonly flagger: Flagger | undefined;
  /** Deployments by `namespace/service`: the stack's output, by which the next run knows what Flagger has. Undefined where it has nothing. */
  readonly watched: Readonly<Record<string, string>> | undefined;
}

/** What canaries are made of. */
export interface StackCanariesArgs {
  /** First part of the name of Flagger's component. */
  readonly name: string;
  readonly rules: readonly CanaryRule[];
  readonly policy: Policy | undefined;
  readonly mesh: MeshName;
  readonly definition: StackDefinition;
  readonly cluster: Pick<MeshCluster, "options">;
  /** The stack is a preview: it runs what its pull request has, and moves nothing. */
  readonly isPreview: boolean;
  /** What the stack's last run left. */
  readonly outputs: StackOutputs;
}

/**
 * Installs Flagger where there are canaries for it.
 *
 * @throws RunError for a canary that cannot be meant, for one that was taken out while Flagger has it, and where Flagger could ask nobody.
 */
export function stackCanaries(args: StackCanariesArgs): StackCanaries {
  const { name, rules, policy, mesh, definition, cluster, isPreview, outputs } = args;
  if (isPreview) return { canaries: [], flagger: undefined, watched: undefined };
  const problems = canaryProblems(rules);
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
  const canaries = rules.map(({ service, deployment, analysis, gate = {}, leaving }, index): ApplicationCanary => {
    const named = serviceNamed(policy, service, `canaries[${String(index)}].service`);
    const metrics = canaryMetrics(gate, mesh);
    return {
      ...{ namespace: named.namespace, service: named.name, analysis, metrics },
      ...(deployment && { deployment }),
      ...(leaving && { leaving }),
    };
  });
  refuseTakenOut(outputs["canaries"], canaries);
  if (canaries.length === 0) return { canaries, flagger: undefined, watched: undefined };
  const { image } = definition.flagger ?? {};
  const settings = { mesh, prometheus: prometheusOf(definition), ...(image && { image }) };
  const watched = canaries
    .filter(({ leaving }) => leaving !== true)
    .map((canary) => [keyOf(canary), deploymentOf(canary)] as const);
  return {
    canaries,
    flagger: new Flagger(`${name}-flagger`, settings, cluster.options),
    watched: watched.length === 0 ? undefined : Object.fromEntries(watched),
  };
}

function keyOf({ namespace, service }: ApplicationCanary): string {
  return `${namespace}/${service}`;
}

function deploymentOf({ service, deployment = service }: ApplicationCanary): string {
  return deployment;
}

/**
 * Refuses to take over at once what Flagger has: its version would be shut out by policies, and fields are its own, until it has given them back.
 *
 * @param watched the stack's output `canaries`.
 * @throws RunError that names each, and what to do.
 */
function refuseTakenOut(watched: unknown, canaries: readonly ApplicationCanary[]): void {
  const now = new Map(canaries.map((canary) => [keyOf(canary), deploymentOf(canary)]));
  const problems = Object.entries(isJsonObject(watched) ? watched : {})
    .filter(([key, deployment]) => now.get(key) !== deployment)
    .map(
      ([key, deployment]) =>
        `canaries: Flagger has the calls of ${key} and Deployment ${String(deployment)}, and there is no entry that says so. ` +
        "Write it again with leaving: true, run pulumi up, and take it out with the run after.",
    );
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
}

/** The Prometheus that Flagger asks. */
function prometheusOf({ flagger, observability }: StackDefinition): string {
  const set = flagger?.prometheus;
  if (set === undefined && observability?.prometheus === "cluster") return clusterPrometheusAddress;
  if (set === undefined) {
    throw new pulumi.RunError(
      "canaries: Flagger has no Prometheus to ask: set the setting metrics to cluster, `pulumi config set metrics cluster`, or write " +
        'the address of one that answers pods without a token in the stack\'s definition: flagger: { prometheus: "http://prometheus.monitoring.svc:9090" }. ' +
        "Azure's wants a token that ends within a day, which Flagger does not renew.",
    );
  }
  const protocol = URL.canParse(set) ? new URL(set).protocol : undefined;
  if (protocol === "http:" || protocol === "https:") return set;
  throw new pulumi.RunError(
    `flagger.prometheus: "${set}" is no address; write one that pods reach, such as http://prometheus.monitoring.svc:9090.`,
  );
}

/** Whether Flagger asks the Prometheus that a stack runs in its cluster. */
export function asksCluster(definition: StackDefinition, mesh: MeshName): boolean {
  const { canaries = [] } = applicationOf(definition, mesh);
  return canaries.length > 0 && definition.flagger?.prometheus === undefined;
}
