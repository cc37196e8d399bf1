import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Observability, type ObservabilityArgs } from "../../../components/observability";
import { allRegistered, recordRegistrations, type Registration } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({
    "azure-native:monitor:AzureMonitorWorkspace": { metrics: { prometheusQueryEndpoint: "https://shop.prometheus" } },
    "azure-native:dashboard:Grafana": {
      identity: { principalId: "grafana" },
      properties: { endpoint: "https://shop.grafana" },
    },
  });
});
beforeEach(() => {
  registrations.length = 0;
});

const cluster = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop";
const group = "11111111-0000-0000-0000-000000000001";
const args: ObservabilityArgs = {
  name: "shop",
  resourceGroupName: "shop",
  location: "westeurope",
  clusterId: cluster,
  mesh: "osm",
  namespaces: ["cart", "stock"],
};

function ofType(type: string): Registration[] {
  return registrations.filter((one) => one.type.endsWith(type));
}

/** The rules of the group of alerts. */
function alertsOf(groups: readonly Registration["inputs"][]): readonly unknown[] {
  const rules = groups.find(({ ruleGroupName }) => ruleGroupName === "shop-mesh-alerts")?.["rules"];
  return Array.isArray(rules) ? (rules as unknown[]) : [];
}

describe("Observability", () => {
  it("leads the agent's metrics to a workspace, which computes and tells", async () => {
    new Observability("mesh", args);
    await allRegistered();
    expect(ofType(":DataCollectionRuleAssociation")[0]?.inputs["resourceUri"]).toBe(cluster);
    expect(ofType(":DataCollectionRule")[0]?.inputs).toMatchObject({
      dataSources: { prometheusForwarder: [{ streams: ["Microsoft-PrometheusMetrics"] }] },
      destinations: { monitoringAccounts: [{ name: "workspace" }] },
      dataFlows: [{ streams: ["Microsoft-PrometheusMetrics"], destinations: ["workspace"] }],
    });
    const groups = ofType(":PrometheusRuleGroup").map(({ inputs }) => inputs);
    expect(groups.map(({ ruleGroupName }) => ruleGroupName).sort()).toEqual([
      "KubernetesRecordingRulesRuleGroup-shop",
      "NodeRecordingRulesRuleGroup-shop",
      "UXRecordingRulesRuleGroup - shop",
      "shop-mesh",
      "shop-mesh-alerts",
    ]);
    for (const { scopes } of groups) expect(scopes).toContain(cluster);
    expect(alertsOf(groups)).toContainEqual(
      expect.objectContaining({ alert: "MeshErrorRate", for: "PT5M", severity: 1, actions: [] }),
    );
    expect(ofType(":DashboardDefinition")).toHaveLength(6);
    expect(ofType(":Grafana")).toHaveLength(0);
    expect(ofType(":Component")).toHaveLength(0);
  });

  it("gives the agent jobs for the mesh's namespaces and its control plane", async () => {
    new Observability("mesh", { ...args, mesh: "istio" });
    await allRegistered();
    const [configMap] = ofType(":ConfigMap");
    expect(configMap?.inputs["metadata"]).toMatchObject({
      name: "ama-metrics-prometheus-config",
      namespace: "kube-system",
    });
    const data = configMap?.inputs["data"] as Readonly<Record<string, string>>;
    const { scrape_configs: jobs } = parse(data["prometheus-config"] ?? "") as {
      scrape_configs: { job_name: string; kubernetes_sd_configs: { namespaces: { names: string[] } }[] }[];
    };
    expect(
      jobs.map(({ job_name, kubernetes_sd_configs }) => [job_name, kubernetes_sd_configs[0]?.namespaces.names]),
    ).toEqual([
      ["mesh-sidecars", ["cart", "stock"]],
      ["mesh-control-plane", ["aks-istio-system"]],
    ]);
  });

  it("leaves out what Azure recommends where it is not wanted", async () => {
    new Observability("mesh", { ...args, settings: { recommendedRules: false } });
    await allRegistered();
    expect(ofType(":PrometheusRuleGroup")).toHaveLength(2);
  });

  it("tells action groups, and leaves dashboards out where they are not wanted", async () => {
    const actions = `/subscriptions/s/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/oncall`;
    new Observability("mesh", { ...args, settings: { dashboards: false, alerts: { actionGroupIds: [actions] } } });
    await allRegistered();
    expect(ofType(":DashboardDefinition")).toHaveLength(0);
    const rules = alertsOf(ofType(":PrometheusRuleGroup").map(({ inputs }) => inputs));
    for (const rule of rules) expect(rule).toMatchObject({ actions: [{ actionGroupId: actions }] });
    expect(rules).not.toEqual([]);
  });

  it("lets managed Grafana read the workspace, and a group administer it", async () => {
    new Observability("mesh", { ...args, settings: { grafana: { administratorGroupIds: [group] } } });
    await allRegistered();
    expect(ofType(":Grafana")[0]?.inputs).toMatchObject({ properties: { apiKey: "Disabled" } });
    const granted = ofType(":RoleAssignment").map(({ inputs }) => [
      inputs["principalType"],
      String(inputs["roleDefinitionId"]).split("/").at(-1),
    ]);
    expect(granted.sort()).toEqual([
      ["Group", "22926164-76b3-42b3-bc55-97df8dab3e41"],
      ["ServicePrincipal", "b0d8363b-8ddd-447d-831f-62ca05bff136"],
    ]);
  });

  it("gives each namespace the connection string as a secret", async () => {
    const workspaceId = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.OperationalInsights/workspaces/logs";
    new Observability("mesh", { ...args, workspaceId, settings: { applicationInsights: { samplingPercentage: 20 } } });
    await allRegistered();
    expect(ofType(":Component")[0]?.inputs).toMatchObject({ workspaceResourceId: workspaceId, samplingPercentage: 20 });
    const secrets = ofType(":Secret");
    expect(secrets.map(({ inputs }) => inputs["metadata"])).toEqual([
      { name: "application-insights", namespace: "cart" },
      { name: "application-insights", namespace: "stock" },
    ]);
  });

  it("runs a Prometheus in the cluster that may read the mesh's pods alone, with nothing of Azure's", async () => {
    new Observability("mesh", { ...args, settings: { prometheus: "cluster", cluster: { retention: "3d" } } });
    await allRegistered();
    expect(registrations.filter(({ type }) => type.startsWith("azure-native:"))).toEqual([]);
    const [prometheus] = ofType(":StatefulSet");
    expect(prometheus?.inputs).toMatchObject({
      spec: {
        template: {
          spec: {
            securityContext: { runAsNonRoot: true },
            containers: [{ args: expect.arrayContaining(["--storage.tsdb.retention.time=3d"]) as unknown }],
          },
        },
      },
    });
    const config = ofType(":ConfigMap").map(({ inputs }) => inputs as { metadata: { name: string }; data: object });
    expect(config.filter(({ metadata }) => metadata.name.startsWith("dashboard-"))).toHaveLength(6);
    const files = config.find(({ metadata }) => metadata.name === "prometheus")?.data as Record<string, string>;
    const { groups } = parse(files["rules.yml"] ?? "") as { groups: { name: string; rules: unknown[] }[] };
    expect(groups.map(({ name }) => name)).toEqual(["mesh", "mesh-alerts"]);
    expect(groups[1]?.rules).toContainEqual(
      expect.objectContaining({ alert: "MeshErrorRate", for: "5m", labels: { severity: "1" } }),
    );
    const roles = ofType(":Role").map(({ inputs }) => inputs as { metadata: { namespace: string }; rules: unknown });
    expect(roles.map(({ metadata }) => metadata.namespace).sort()).toEqual(["cart", "kube-system", "stock"]);
    for (const { rules } of roles) {
      expect(rules).toEqual([{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }]);
    }
    expect(ofType(":Secret")).toEqual([]);
  });

  it("keeps the address that the cluster's Alertmanager tells in a Secret", async () => {
    const webhookUrl = "https://hooks.example/T1/secret";
    new Observability("mesh", { ...args, settings: { prometheus: "cluster", alerts: { webhookUrl } } });
    await allRegistered();
    expect(ofType(":Secret").map(({ inputs }) => inputs["metadata"])).toEqual([
      { name: "alertmanager", namespace: "mesh-monitoring" },
    ]);
    expect(JSON.stringify(ofType(":ConfigMap"))).toContain("url_file: /etc/alertmanager-secret/webhook-url");
    expect(JSON.stringify(ofType(":ConfigMap"))).not.toContain("hooks.example");
  });

  it("starts a pod anew with another configuration, and with the same one does not", async () => {
    const annotations = async (changed: Partial<ObservabilityArgs>): Promise<unknown> => {
      registrations.length = 0;
      new Observability("mesh", { ...args, ...changed, settings: { prometheus: "cluster", ...changed.settings } });
      await allRegistered();
      const spec = ofType(":StatefulSet")[0]?.inputs["spec"] as { template: { metadata: { annotations: unknown } } };
      return spec.template.metadata.annotations;
    };
    const first = await annotations({});
    expect(await annotations({})).toEqual(first);
    expect(await annotations({ settings: { alerts: { errorRate: 0.5 } } })).not.toEqual(first);
    expect(await annotations({ namespaces: ["cart"] })).not.toEqual(first);
  });

  it.each<[string, Partial<ObservabilityArgs>]>([
    ["settings.cluster", { settings: { cluster: {} } }],
    ["settings.cluster", { settings: { prometheus: "azure", cluster: { retention: "3d" } } }],
    ["settings.alerts.webhookUrl", { settings: { alerts: { webhookUrl: "https://hooks.example" } } }],
    ["settings.grafana", { settings: { prometheus: "cluster", grafana: { administratorGroupIds: [group] } } }],
    [
      "settings.alerts.actionGroupIds",
      {
        settings: {
          prometheus: "cluster",
          alerts: {
            actionGroupIds: [`/subscriptions/s/resourceGroups/o/providers/Microsoft.Insights/actionGroups/oncall`],
          },
        },
      },
    ],
    ["settings.recommendedRules", { settings: { prometheus: "cluster", recommendedRules: true } }],
    ["settings.cluster.retention", { settings: { prometheus: "cluster", cluster: { retention: "a week" } } }],
    ["settings.cluster.storage", { settings: { prometheus: "cluster", cluster: { storage: "16" } } }],
    ["certificateValidity", { certificateValidity: "a day" }],
    ["certificateValidity", { certificateValidity: "10s" }],
    ["settings.alerts.errorRate", { settings: { alerts: { errorRate: 5 } } }],
    ["settings.alerts.errorRate", { settings: { alerts: { errorRate: 0 } } }],
    ["settings.alerts.latencyMs", { settings: { alerts: { latencyMs: -1 } } }],
    ["settings.alerts.authorityDays", { mesh: "osm", settings: { alerts: { authorityDays: 30 } } }],
    ["settings.alerts.authorityDays", { mesh: "istio", settings: { alerts: { authorityDays: 0 } } }],
    ["settings.alerts.actionGroupIds", { settings: { alerts: { actionGroupIds: ["oncall"] } } }],
    ["settings.grafana.administratorGroupIds", { settings: { grafana: { administratorGroupIds: [] } } }],
    ["settings.grafana.administratorGroupIds", { settings: { grafana: { administratorGroupIds: ["admins"] } } }],
    ["workspaceId", { settings: { applicationInsights: {} } }],
    [
      "settings.applicationInsights.secretName",
      { workspaceId: cluster, settings: { applicationInsights: { secretName: "A B" } } },
    ],
    [
      "settings.applicationInsights.samplingPercentage",
      { workspaceId: cluster, settings: { applicationInsights: { samplingPercentage: 0 } } },
    ],
  ])("refuses a wrong %s, and says what to write", (property, wrong) => {
    expect(() => new Observability("mesh", { ...args, ...wrong })).toThrow(
      new RegExp(`^${property}: .+(; |: )(write|give|name|take it out) ?`),
    );
  });
});
