import { parse, stringify } from "yaml";
import { UserError } from "../progress";
import { type RuleGroup } from "./collection";

/** What this machine has in place of a cluster's network. */
export interface Surroundings {
  /** Names pods to Prometheus. */
  readonly kubeconfig: string;
  /** The HTTP proxy into the pods' network. */
  readonly proxy: string;
  /** `127.0.0.1:port` of Alertmanager. */
  readonly alertmanager: string;
  /** Path of the file of rules. */
  readonly rules: string;
}

/**
 * How often is asked and computed. Azure does the one every 30 seconds and the other every minute; here a minute of traffic has to be
 * enough to see something.
 */
const interval = "5s";

interface Job {
  readonly [field: string]: unknown;
  readonly kubernetes_sd_configs?: readonly Readonly<Record<string, unknown>>[];
}

/** The configuration of a Prometheus that does with these jobs what the agent, or a Prometheus in the cluster, would. */
export function prometheusConfig(scrapeConfig: string, surroundings: Surroundings): string {
  const { kubeconfig, proxy, alertmanager, rules } = surroundings;
  const given = parse(scrapeConfig) as { readonly scrape_configs?: readonly Job[] } | null;
  const jobs = given?.scrape_configs;
  if (!Array.isArray(jobs)) {
    throw new UserError("The ConfigMap has no scrape_configs, so that nothing of the mesh is asked for metrics.");
  }
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: jobs.map((job: Job) => ({
      ...job,
      scrape_interval: interval,
      scrape_timeout: interval,
      proxy_url: `http://${proxy}`,
      kubernetes_sd_configs: job.kubernetes_sd_configs?.map((look) => ({ ...look, kubeconfig_file: kubeconfig })),
    })),
  });
}

/** The groups as a file of rules. Severity becomes a label, as Azure tells it with the alert. */
export function ruleFile(groups: readonly RuleGroup[]): string {
  return stringify({
    groups: groups.map(({ name, rules }) => ({
      name,
      rules: rules
        .filter(({ enabled }) => enabled !== false)
        .map(({ record, alert, expression, for: lasting, severity, labels, annotations }) =>
          record === undefined
            ? {
                alert,
                expr: expression,
                for: prometheusDuration(lasting ?? "PT0S"),
                labels: { ...labels, severity: String(severity ?? 3) },
                annotations,
              }
            : { record, expr: expression, labels },
        ),
    })),
  });
}

/** `PT5M` as `5m`. */
function prometheusDuration(iso: string): string {
  return iso.replace(/^PT/, "").toLowerCase();
}

/** Alertmanager tells nobody: it shows what it would tell. */
export const alertmanagerConfig = stringify({
  route: { receiver: "nobody", group_by: ["alertname"], group_wait: "1s", group_interval: "5s" },
  receivers: [{ name: "nobody" }],
});
