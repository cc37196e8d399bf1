/** Status of a PUT that creates, and of one that updates, where it is not 201 and 200. By type in lower case. */
const CODES: Readonly<Record<string, { readonly created?: number; readonly updated?: number }>> = {
  "microsoft.authorization/policyassignments": { updated: 201 },
  "microsoft.authorization/policydefinitions": { updated: 201 },
  "microsoft.authorization/policysetdefinitions": { updated: 201 },
  "microsoft.compute/availabilitysets": { created: 200 },
  "microsoft.compute/diskaccesses": { created: 200 },
  "microsoft.compute/diskencryptionsets": { created: 200 },
  "microsoft.compute/disks": { created: 200 },
  "microsoft.compute/snapshots": { created: 200 },
  "microsoft.insights/diagnosticsettings": { created: 200 },
  "microsoft.insights/metricalerts": { created: 200 },
  "microsoft.operationalinsights/workspaces/linkedstorageaccounts": { created: 200 },
  "microsoft.operationalinsights/workspaces/savedsearches": { created: 200 },
  "microsoft.operationalinsights/workspaces/tables": { created: 200 },
  "microsoft.storage/storageaccounts": { created: 200 },
  "microsoft.storage/storageaccounts/blobservices": { created: 200 },
  "microsoft.storage/storageaccounts/fileservices": { created: 200 },
  "microsoft.storage/storageaccounts/managementpolicies": { created: 200 },
};

/** The status with which Azure answers a PUT of this type: Microsoft's clients take no other. */
export function successCode(type: string, isNew: boolean): number {
  const codes = CODES[type.toLowerCase()];
  return isNew ? (codes?.created ?? 201) : (codes?.updated ?? 200);
}
