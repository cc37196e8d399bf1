import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { Role, RoleBinding } from "@pulumi/kubernetes/rbac/v1";
import { type CustomResourceOptions, secret } from "@pulumi/pulumi";
import { stringify } from "yaml";
import { transformed } from "../transform";
import { alertRules } from "./alerts";
import { type ObservabilityArgs } from "./args";
import { dashboards, grafanaDashboard } from "./dashboards";
import { podMetadata, restricted, restrictedContainer, restrictedNamespace } from "../restricted-pod";
import { recordingRules } from "./recording-rules";
import { ruleFile } from "./rule-file";
import { scrapeConfig } from "./scrape-config";

/** Where both run. The namespace is not in the mesh: what watches it does not depend on it. */
export const monitoringNamespace = "mesh-monitoring";

/** Where PromQL can be asked from inside the cluster. */
export const clusterPrometheusAddress = `http://prometheus.${monitoringNamespace}.svc.cluster.local:9090`;

const images = {
  prometheus: "quay.io/prometheus/prometheus:v3.14.0",
  alertmanager: "quay.io/prometheus/alertmanager:v0.31.0",
} as const;

/**
 * A Prometheus and an Alertmanager in the cluster. They ask the same sidecars, compute the same series and hold the same alerts as Azure's would.
 * Prometheus may read pods of the mesh's namespaces and of its control plane, and nothing else.
 *
 * @returns where PromQL can be asked from inside the cluster.
 */
export function clusterPrometheus(
  name: string,
  args: ObservabilityArgs,
  certificateSeconds: number,
  options: CustomResourceOptions,
): string {
  const { mesh, namespaces, settings = {}, askedFrom = [], transform } = args;
  const { retention = "15d", storage = "16Gi", images: own = {} } = settings.cluster ?? {};
  const thresholds = settings.alerts ?? {};
  const place = new Namespace(
    `${name}-monitoring`,
    { metadata: { name: monitoringNamespace, labels: restrictedNamespace } },
    options,
  );
  const inside = { ...options, dependsOn: [place], deletedWith: options.deletedWith ?? place };

  const { scrape_configs: jobs } = scrapeConfig(mesh, namespaces);
  const config = {
    "prometheus.yml": stringify(
      {
        global: { scrape_interval: "30s", evaluation_interval: "1m" },
        rule_files: ["/etc/prometheus/rules.yml"],
        alerting: { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] },
        scrape_configs: jobs,
      },
      { lineWidth: 0 },
    ),
    "rules.yml": ruleFile(
      recordingRules(mesh, certificateSeconds),
      alertRules({ mesh, certificateSeconds, thresholds }),
    ),
  };
  const routes = { "alertmanager.yml": alertmanagerConfig(settings.alerts?.webhookUrl !== undefined) };
  new ConfigMap(
    `${name}-prometheus`,
    { metadata: { name: "prometheus", namespace: monitoringNamespace }, data: config },
    inside,
  );
  new ConfigMap(
    `${name}-alertmanager`,
    { metadata: { name: "alertmanager", namespace: monitoringNamespace }, data: routes },
    inside,
  );
  if (settings.alerts?.webhookUrl !== undefined) {
    const stringData = { "webhook-url": secret(settings.alerts.webhookUrl) };
    new Secret(
      `${name}-alertmanager`,
      { metadata: { name: "alertmanager", namespace: monitoringNamespace }, stringData },
      inside,
    );
  }
  if (settings.dashboards !== false) {
    for (const page of dashboards(mesh)) {
      const metadata = {
        name: `dashboard-${page.id}`,
        namespace: monitoringNamespace,
        labels: { grafana_dashboard: "1" },
      };
      const data = { [`${page.id}.json`]: JSON.stringify(grafanaDashboard(page)) };
      new ConfigMap(`${name}-${page.id}`, { metadata, data }, inside);
    }
  }

  const account = new ServiceAccount(
    `${name}-prometheus`,
    { metadata: { name: "prometheus", namespace: monitoringNamespace } },
    inside,
  );
  const watched = jobs.flatMap(({ kubernetes_sd_configs }) =>
    kubernetes_sd_configs.flatMap((look) => look.namespaces.names),
  );
  for (const one of new Set(watched)) mayReadPods(name, one, options);

  const sized = (cpu: string, memory: string, most: string) => ({
    requests: { cpu, memory },
    limits: { memory: most },
  });
  new StatefulSet(
    `${name}-prometheus`,
    transformed(transform?.prometheus, {
      metadata: { name: "prometheus", namespace: monitoringNamespace },
      spec: {
        serviceName: "prometheus",
        replicas: 1,
        selector: { matchLabels: { app: "prometheus" } },
        template: {
          metadata: podMetadata("prometheus", config),
          spec: {
            ...restricted,
            serviceAccountName: account.metadata.name,
            containers: [
              {
                ...container("prometheus", own.prometheus ?? images.prometheus, 9090),
                args: [
                  "--config.file=/etc/prometheus/prometheus.yml",
                  "--storage.tsdb.path=/prometheus",
                  `--storage.tsdb.retention.time=${retention}`,
                ],
                resources: sized("50m", "256Mi", "1Gi"),
                volumeMounts: [
                  { name: "config", mountPath: "/etc/prometheus", readOnly: true },
                  { name: "data", mountPath: "/prometheus" },
                ],
              },
            ],
            volumes: [{ name: "config", configMap: { name: "prometheus" } }],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
          },
        ],
      },
    }),
    inside,
  );
  new Deployment(
    `${name}-alertmanager`,
    {
      metadata: { name: "alertmanager", namespace: monitoringNamespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "alertmanager" } },
        template: {
          metadata: podMetadata("alertmanager", routes),
          spec: {
            ...restricted,
            automountServiceAccountToken: false,
            containers: [
              {
                ...container("alertmanager", own.alertmanager ?? images.alertmanager, 9093),
                args: [
                  "--config.file=/etc/alertmanager/alertmanager.yml",
                  "--storage.path=/alertmanager",
                  // Alone: no other Alertmanager is looked for.
                  "--cluster.listen-address=",
                ],
                resources: sized("10m", "32Mi", "128Mi"),
                volumeMounts: [
                  { name: "config", mountPath: "/etc/alertmanager", readOnly: true },
                  { name: "data", mountPath: "/alertmanager" },
                  { name: "secret", mountPath: "/etc/alertmanager-secret", readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: "config", configMap: { name: "alertmanager" } },
              { name: "data", emptyDir: {} },
              { name: "secret", secret: { secretName: "alertmanager", optional: true } },
            ],
          },
        },
      },
    },
    inside,
  );
  for (const [app, port] of Object.entries({ prometheus: 9090, alertmanager: 9093 })) {
    const spec = { selector: { app }, ports: [{ name: "http-web", port }] };
    new Service(`${name}-${app}`, { metadata: { name: app, namespace: monitoringNamespace }, spec }, inside);
  }
  // KEDA scales by what Prometheus computes.
  const keda = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
    podSelector: { matchLabels: { app: "keda-operator" } },
  };
  // Neither asks who is there. `kubectl port-forward` comes from the node, which no policy stops.
  new NetworkPolicy(
    `${name}-monitoring`,
    {
      metadata: { name: "same-namespace", namespace: monitoringNamespace },
      spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ from: [{ podSelector: {} }, keda] }] },
    },
    inside,
  );
  for (const asking of askedFrom) {
    const from = [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": asking } } }];
    new NetworkPolicy(
      `${name}-monitoring-${asking}`,
      {
        metadata: { name: `asked-from-${asking}`, namespace: monitoringNamespace },
        spec: {
          podSelector: { matchLabels: { app: "prometheus" } },
          policyTypes: ["Ingress"],
          ingress: [{ from, ports: [{ port: 9090 }] }],
        },
      },
      inside,
    );
  }
  return clusterPrometheusAddress;
}

/** One receiver, which posts to the address in a mounted Secret or does nothing. */
function alertmanagerConfig(tells: boolean): string {
  const webhook = [{ url_file: "/etc/alertmanager-secret/webhook-url", send_resolved: true }];
  return stringify({
    route: { receiver: "operators", group_by: ["alertname"] },
    receivers: [{ name: "operators", ...(tells && { webhook_configs: webhook }) }],
  });
}

function mayReadPods(name: string, watched: string, options: CustomResourceOptions): void {
  const metadata = { name: "mesh-prometheus", namespace: watched };
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }];
  const role = new Role(`${name}-prometheus-${watched}`, { metadata, rules }, options);
  new RoleBinding(
    `${name}-prometheus-${watched}`,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: "prometheus", namespace: monitoringNamespace }],
    },
    options,
  );
}

/** One of both, which tell alike whether they are ready. */
function container(name: string, image: string, port: number) {
  const probe = (path: string) => ({ httpGet: { path, port } });
  return {
    ...restrictedContainer(name, image),
    ports: [{ name: "http-web", containerPort: port }],
    readinessProbe: probe("/-/ready"),
    livenessProbe: probe("/-/healthy"),
  };
}
