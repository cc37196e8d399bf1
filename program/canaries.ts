import * as pulumi from "@pulumi/pulumi";
import { type ApplicationCanary } from "../components/application";
import { Flagger } from "../components/flagger";
import { clusterPrometheusAddress } from "../components/observability/cluster-prometheus";
import { type MeshName } from "../mesh";
import { type Policy } from "../mesh/policy";
import { canaryMetrics, canaryProblems, type CanaryRule } from "../rollout";
import { applicationOf, type StackDefinition } from "./definition";
import { type MeshCluster } from "./mesh-cluster";
import { serviceNamed } from "./service-named";

/** The canaries of an application, and the Flagger that moves their calls. */
export interface StackCanaries {
  readonly canaries: readonly ApplicationCanary[];
  readonly flagger: Flagger | undefined;
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
}

/**
 * Installs Flagger where there are canaries for it.
 *
 * @throws RunError for a canary that cannot be meant, and where Flagger could ask nobody.
 */
export function stackCanaries(args: StackCanariesArgs): StackCanaries {
  const { name, rules, policy, mesh, definition, cluster, isPreview } = args;
  if (rules.length === 0 || isPreview) return { canaries: [], flagger: undefined };
  const problems = canaryProblems(rules);
  if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
  const canaries = rules.map(({ service, deployment, analysis, gate = {} }, index): ApplicationCanary => {
    const named = serviceNamed(policy, service, `canaries[${String(index)}].service`);
    const metrics = canaryMetrics(gate, mesh);
    return { namespace: named.namespace, service: named.name, ...(deployment && { deployment }), analysis, metrics };
  });
  const { image } = definition.flagger ?? {};
  const settings = { mesh, prometheus: prometheusOf(definition), ...(image && { image }) };
  return { canaries, flagger: new Flagger(`${name}-flagger`, settings, cluster.options) };
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
