import { type ResourceTypes } from "../resource-type";

/** Microsoft.Resources. */
export const resources: ResourceTypes = {
  "azure-native:resources:ResourceGroup": {
    path: "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}",
    autoname: { input: "resourceGroupName", strategy: "random" },
    envelope: ["location", "managedBy", "tags"],
    locationRequired: true,
    replaceOnChanges: ["location", "managedBy"],
    longRunning: { put: false, delete: true },
  },
};
