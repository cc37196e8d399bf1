import { type KubernetesObject } from "../control-plane/api-client";
import { UserError } from "../progress";
import { type Sandbox } from "../sandbox";
import { type StackCluster } from "../traffic/cluster";

/** A rule of a group, as Azure keeps it. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expression: string;
  /** ISO 8601. */
  readonly for?: string;
  readonly severity?: number;
  readonly enabled?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A group of rules, as Azure keeps it. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** A dashboard as Grafana reads it, as far as its queries go. */
export interface DashboardJson {
  readonly title: string;
  readonly panels?: readonly {
    readonly title?: string;
    readonly targets?: readonly { readonly expr?: string }[];
  }[];
}

/** What is collected of a cluster, what is computed of that, and what shows it. */
export interface Collection {
  /** The text of a Prometheus's configuration, as somebody gave it to the agent. */
  readonly scrapeConfig: string;
  readonly ruleGroups: readonly RuleGroup[];
  readonly dashboards: readonly DashboardJson[];
}

interface Monitoring {
  readonly problem: string | null;
  readonly ruleGroups: readonly RuleGroup[];
  readonly dashboards: readonly string[];
}

/** Where AKS's agent looks for jobs. */
const configMap = "/api/v1/namespaces/kube-system/configmaps/ama-metrics-prometheus-config";

/**
 * Looks at a cluster's monitoring as Azure Monitor has it: the jobs in the agent's ConfigMap, the groups of rules and the dashboards.
 *
 * @throws UserError where nothing is collected, with the reason that Azure would not tell.
 */
export async function collectionOf(sandbox: Sandbox, { id, api }: StackCluster): Promise<Collection> {
  const path = `monitoring?cluster=${encodeURIComponent(id)}`;
  const { problem, ruleGroups, dashboards } = (await sandbox.emulator.control("GET", path)) as Monitoring;
  const remedy = "`npm run sandbox -- up --metrics` gives stack dev what collects them.";
  if (problem !== null) throw new UserError(`The stack's cluster has no metrics. ${problem} ${remedy}`);
  const jobs = await api.find<KubernetesObject & { readonly data?: Readonly<Record<string, string>> }>(configMap);
  const scrapeConfig = jobs?.data?.["prometheus-config"];
  if (scrapeConfig === undefined) {
    throw new UserError(
      `The agent has no jobs for the mesh: there is no ConfigMap ama-metrics-prometheus-config in kube-system. ${remedy}`,
    );
  }
  return { scrapeConfig, ruleGroups, dashboards: dashboards.map((text) => JSON.parse(text) as DashboardJson) };
}
