import { MaintenanceConfiguration } from "@pulumi/azure-native/containerservice/maintenanceConfiguration";
import { type ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster";

import { transformed } from "../transform";
import { type Site } from "./site";

/** Names that AKS gives the windows: any other name is a window for weekly releases of AKS itself. */
export const windowNames = {
  cluster: "aksManagedAutoUpgradeSchedule",
  nodes: "aksManagedNodeOSUpgradeSchedule",
} as const;

/** The windows in which AKS may upgrade Kubernetes and the nodes. */
export function maintenanceConfigurations(site: Site, cluster: ManagedCluster): MaintenanceConfiguration[] {
  const { upgrades, resourceGroupName, transform } = site.settings;
  const windows = [
    { configName: windowNames.cluster, window: upgrades.clusterWindow },
    { configName: windowNames.nodes, window: upgrades.nodeWindow },
  ];
  return windows.map(({ configName, window }) => {
    const args = {
      resourceGroupName,
      resourceName: cluster.name,
      configName,
      maintenanceWindow: {
        durationHours: window.durationHours,
        startTime: window.startTime,
        utcOffset: window.utcOffset ?? "+00:00",
        schedule: { weekly: { dayOfWeek: window.dayOfWeek, intervalWeeks: window.intervalWeeks ?? 1 } },
      },
    };
    return new MaintenanceConfiguration(
      `${site.name}-${configName}`,
      transformed(transform?.maintenanceConfiguration, args),
      { parent: site.component, deletedWith: cluster },
    );
  });
}
