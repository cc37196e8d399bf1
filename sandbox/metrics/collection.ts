import { type KubernetesObject } from "../control-plane/api-client";
import { UserError } from "../progress";
import { type Sandbox } from "../sandbox";
import { type StackCluster } from "../traffic/cluster";
import { ruleFile } from "./configuration";

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
  /** The text of a Prometheus's configuration, as somebody gave it to the agent, or to a Prometheus in the cluster. */
  readonly scrapeConfig: string;
  /** A file of rules, as Prometheus reads it. */
  readonly rules: string;
  readonly dashboards: readonly DashboardJson[];
  /** As who Prometheus looks for pods; absent where Azure's agent does, which has an identity of its own. */
  readonly account?: { readonly namespace: string; readonly name: string };
}

interface Monitoring {
  readonly problem: string | null;
  readonly ruleGroups: readonly RuleGroup[];
  readonly dashboards: readonly string[];
}

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMaps = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;

/** Where a Prometheus in the cluster has its configuration, and the dashboards made of its series. */
const monitoring = "mesh-monitoring";

/**
 * Looks at what collects a cluster's metrics: a Prometheus in the cluster, by its ConfigMaps, or Azure Monitor, by the jobs in its agent's ConfigMap, the groups
 * of rules and the dashboards.
 *
 * @throws UserError where nothing is collected, with the reason that Azure would not tell.
 */
export async function collectionOf(sandbox: Sandbox, cluster: StackCluster): Promise<Collection> {
  return (await inCluster(cluster)) ?? (await byAzure(sandbox, cluster));
}

async function inCluster({ api }: StackCluster): Promise<Collection | undefined> {
  const prometheus = await api.find<ConfigMap>(`${configMaps(monitoring)}/prometheus`);
  const { "prometheus.yml": scrapeConfig, "rules.yml": rules } = prometheus?.data ?? {};
  if (scrapeConfig === undefined || rules === undefined) return undefined;
  const pages = await api.list<ConfigMap>(`${configMaps(monitoring)}?labelSelector=grafana_dashboard=1`);
  return {
    scrapeConfig,
    rules,
    dashboards: pages.flatMap(({ data = {} }) => Object.values(data).map((text) => JSON.parse(text) as DashboardJson)),
    account: { namespace: monitoring, name: "prometheus" },
  };
}

async function byAzure(sandbox: Sandbox, { id, api }: StackCluster): Promise<Collection> {
  const path = `monitoring?cluster=${encodeURIComponent(id)}`;
  const { problem, ruleGroups, dashboards } = (await sandbox.emulator.control("GET", path)) as Monitoring;
  const remedy = "`npm run sandbox -- up --metrics` gives stack dev what collects them.";
  if (problem !== null) throw new UserError(`The stack's cluster has no metrics. ${problem} ${remedy}`);
  // Where AKS's agent looks for jobs.
  const jobs = await api.find<ConfigMap>(`${configMaps("kube-system")}/ama-metrics-prometheus-config`);
  const scrapeConfig = jobs?.data?.["prometheus-config"];
  if (scrapeConfig === undefined) {
    throw new UserError(
      `The agent has no jobs for the mesh: there is no ConfigMap ama-metrics-prometheus-config in kube-system. ${remedy}`,
    );
  }
  return {
    scrapeConfig,
    rules: ruleFile(ruleGroups),
    dashboards: dashboards.map((text) => JSON.parse(text) as DashboardJson),
  };
}
