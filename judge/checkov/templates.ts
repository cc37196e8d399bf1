import { at, isPart, listAt, type Part, textAt } from "../../policy-pack/rules";

/** Version of ARM's API that azure-native speaks. checkov has other rules for those before 2020. */
const apiVersion = "2025-09-01";

/** Inputs that stand beside `properties` in a request to ARM. */
const topLevel: ReadonlySet<string> = new Set(["location", "tags", "sku", "identity"]);

/** Inputs that are part of the resource's path. */
const inPath: ReadonlySet<string> = new Set(["resourceName", "resourceGroupName", "agentPoolName"]);

/** A cluster, and pools of their own, as an ARM template: azure-native's inputs are ARM's body under other names. */
export function armTemplate(cluster: Part, pools: readonly Part[]): string {
  const name = textAt(cluster, "resourceName") ?? "";
  const resources = [
    armResource("Microsoft.ContainerService/managedClusters", name, cluster),
    ...pools.map((pool) =>
      armResource(
        "Microsoft.ContainerService/managedClusters/agentPools",
        `${name}/${textAt(pool, "agentPoolName") ?? ""}`,
        pool,
      ),
    ),
  ];
  const schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
  return JSON.stringify({ $schema: schema, contentVersion: "1.0.0.0", resources });
}

function armResource(type: string, name: string, inputs: Part): object {
  const entries = Object.entries(inputs).filter(([key]) => !inPath.has(key));
  return {
    type,
    apiVersion,
    name,
    ...Object.fromEntries(entries.filter(([key]) => topLevel.has(key))),
    properties: Object.fromEntries(entries.filter(([key]) => !topLevel.has(key))),
  };
}

/** The same cluster as Terraform, as far as checkov has rules for Terraform alone. */
export function terraformModule(cluster: Part): string {
  const [pool] = listAt(cluster, "agentPoolProfiles").filter(isPart);
  const critical = listAt(pool, "nodeTaints").includes("CriticalAddonsOnly=true:NoSchedule");
  return `resource "azurerm_kubernetes_cluster" "cluster" {
${attributes({
  sku_tier: at(cluster, "sku.tier"),
  private_cluster_enabled: at(cluster, "apiServerAccessProfile.enablePrivateCluster"),
  azure_policy_enabled: at(cluster, "addonProfiles.azurepolicy.enabled"),
  http_application_routing_enabled: at(cluster, "addonProfiles.httpApplicationRouting.enabled"),
  disk_encryption_set_id: at(cluster, "diskEncryptionSetID"),
})}
  default_node_pool {
${attributes({
  node_public_ip_enabled: at(pool, "enableNodePublicIP"),
  only_critical_addons_enabled: critical ? true : undefined,
})}
  }
  network_profile {
${attributes({ network_plugin: at(cluster, "networkProfile.networkPlugin") })}
  }
}
`;
}

function attributes(values: Part): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `  ${name} = ${JSON.stringify(value)}`).join("\n");
}
