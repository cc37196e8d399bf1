/**
 * A type of azure-native, whatever the version in its token: `azure-native:containerservice:ManagedCluster`,
 * `azure-native:containerservice/v20240901:ManagedCluster`, or of an SDK made for one version,
 * `azure-native_containerservice_v20240901:containerservice:ManagedCluster`.
 */
function azureType(modules: string, name: string): (type: string) => boolean {
  const token = new RegExp(`^azure-native(_\\w+)?:(${modules})(/\\w+)?:${name}$`);
  return (type) => token.test(type);
}

export const isCluster = azureType("containerservice", "ManagedCluster");
export const isPool = azureType("containerservice", "AgentPool");
export const isWindow = azureType("containerservice", "MaintenanceConfiguration");
// It was in another module in version 2 of azure-native.
export const isDiagnosticSetting = azureType("monitor|insights", "DiagnosticSetting");
export const isSubnet = azureType("network", "Subnet");

/** Whether the rules look at resources of a type. */
export function isOfAks(type: string): boolean {
  return [isCluster, isPool, isWindow, isDiagnosticSetting, isSubnet].some((is) => is(type));
}
