import { type MessageShape, shownBy, type ShownLine } from "./shape";

/** A message of Azure Resource Manager under its code. */
export interface AzureMessage extends MessageShape {
  readonly code: string;
}

/**
 * Azure's messages, by their codes, as Azure Resource Manager and the container service write them
 * (https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors). Of another message only the code is shown.
 */
export const azureMessages: readonly AzureMessage[] = [
  {
    code: "ResourceGroupNotFound",
    shape: "Resource group '{name}' could not be found.",
    example: "Resource group 'nogroup' could not be found.",
  },
  {
    code: "ResourceNotFound",
    shape: "The Resource '{kind}' under resource group '{name}' was not found.{rest}",
    example:
      "The Resource 'Microsoft.ContainerService/managedClusters/a' under resource group 'b' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
  },
  {
    code: "ParentResourceNotFound",
    shape:
      "Failed to perform '{name}' on resource(s) of type '{kind}', because the parent resource '{id}' could not be found.",
    example:
      "Failed to perform 'write' on resource(s) of type 'managedClusters/agentPools', because the parent resource '/subscriptions/18a2e8bb-6818-46e0-9c8c-20ef24d20f30/resourceGroups/a/providers/Microsoft.ContainerService/managedClusters/b' could not be found.",
  },
  {
    code: "SubscriptionNotFound",
    shape: "The subscription '{name}' could not be found.",
    example: "The subscription '00000000-0000-0000-0000-000000000000' could not be found.",
  },
  {
    code: "LocationNotAvailableForResourceGroup",
    shape: "The provided location '{name}' is not available for resource group.{rest}",
    example:
      "The provided location 'nowhere' is not available for resource group. List of available regions is 'eastus,westeurope'.",
  },
  {
    code: "LocationNotAvailableForResourceType",
    shape: "The provided location '{name}' is not available for resource type '{kind}'.{rest}",
    example:
      "The provided location 'nowhere' is not available for resource type 'Microsoft.Network/virtualNetworks'. List of available regions for the resource type is 'eastus'.",
  },
  {
    code: "MissingSubscriptionRegistration",
    shape: "The subscription is not registered to use namespace '{name}'.{rest}",
    example:
      "The subscription is not registered to use namespace 'Microsoft.Monitor'. See https://aka.ms/rps-not-found for how to register subscriptions.",
  },
  {
    code: "AuthorizationFailed",
    shape:
      "The client '{name}' with object id '{name}' does not have authorization to perform action '{kind}' over scope '{id}'{rest}",
    example:
      "The client '5f0f3f0e-3a55-4f0e-8c1d-0d6f3c7e9a01' with object id '5f0f3f0e-3a55-4f0e-8c1d-0d6f3c7e9a01' does not have authorization to perform action 'Microsoft.Resources/subscriptions/write' over scope '/subscriptions/18a2e8bb-6818-46e0-9c8c-20ef24d20f30' or the scope is invalid. If access was recently granted, please refresh your credentials.",
  },
  {
    code: "RequestDisallowedByPolicy",
    shape:
      'Resource \'{name}\' was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":"{name}","id":"{id}"}{rest}',
    example:
      'Resource \'a\' was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":"own-clusters","id":"/subscriptions/18a2e8bb-6818-46e0-9c8c-20ef24d20f30/providers/Microsoft.Authorization/policyAssignments/own-clusters"},"policyDefinition":{"name":"b","id":"/c"}}]\'.',
  },
  {
    code: "RequestDisallowedByPolicy",
    shape: "Resource '{name}' was disallowed by policy. Reasons: '{words}",
    example:
      "Resource 'a' was disallowed by policy. Reasons: 'Ask the team.'. See error details for policy resource IDs.",
  },
  {
    code: "ScopeLocked",
    shape:
      "The scope '{id}' cannot perform {name} operation because following scope(s) are locked: '{id}'. Please remove the lock and try again.",
    example:
      "The scope '/subscriptions/a/resourceGroups/b' cannot perform delete operation because following scope(s) are locked: '/subscriptions/a'. Please remove the lock and try again.",
  },
  {
    code: "ErrCode_InsufficientVCPUQuota",
    shape:
      "Insufficient regional vcpu quota left for location {name}. left regional vcpu quota {number}, requested quota {number}.{rest}",
    example:
      "Insufficient regional vcpu quota left for location westeurope. left regional vcpu quota 196, requested quota 57600. If you want to increase the quota, please follow this instruction: https://learn.microsoft.com/en-us/azure/quotas/view-quotas",
  },
  {
    code: "ErrCode_InsufficientVCPUQuota",
    shape: "Insufficient vcpu quota requested {number}, remaining {number} for family {name} for region {name}.{rest}",
    example:
      "Insufficient vcpu quota requested 128, remaining 100 for family standardDSv5Family for region westeurope.",
  },
  {
    code: "QuotaExceeded",
    shape: "Operation could not be completed as it results in exceeding approved {words}",
    example:
      "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Deployment Model: Resource Manager, Location: eastus",
  },
  {
    code: "SkuNotAvailable",
    shape: "The requested VM size {name} is not available in location '{name}'.{rest}",
    example:
      "The requested VM size Standard_D2s_v5 is not available in location 'westeurope'. Please try another size.",
  },
  {
    code: "InvalidParameter",
    shape: "The value of parameter {path} is invalid.{rest}",
    example:
      "The value of parameter properties.agentPoolProfiles[0].name is invalid. Error details: 'UPPER' does not match ^[a-z][a-z0-9]{0,11}$.",
  },
  {
    code: "InvalidParameter",
    shape: "Required parameter {path} is missing (null).",
    example: "Required parameter properties.agentPoolProfiles is missing (null).",
  },
  {
    code: "PropertyChangeNotAllowed",
    shape: "Changing property '{path}' is not allowed.",
    example: "Changing property 'properties.dnsPrefix' is not allowed.",
  },
  {
    code: "InvalidRequestContent",
    shape: "properties.{path} is required.",
    example: "properties.principalId is required.",
  },
  {
    code: "RoleAssignmentExists",
    shape: "The role assignment already exists.{rest}",
    example:
      "The role assignment already exists. The ID of the conflicting role assignment is 5f0f3f0e3a554f0e8c1d0d6f3c7e9a01.",
  },
  {
    code: "RoleDefinitionDoesNotExist",
    shape: "The specified role definition with ID '{name}' does not exist.{rest}",
    example: "The specified role definition with ID '4d97b98b1d4f4787a291c67834d21aaa' does not exist.",
  },
  {
    code: "InvalidResourceLocation",
    shape:
      "The resource '{name}' already exists in location '{name}' in resource group '{name}'. A resource with the same name cannot be created in location '{name}'.{rest}",
    example:
      "The resource 'a' already exists in location 'westeurope' in resource group 'b'. A resource with the same name cannot be created in location 'eastus'. Please select a new resource name.",
  },
  ...["BadRequest", "OperationNotAllowed", "Conflict", "InternalOperationError", "TooManyRequests"].map((code) => ({
    code,
    shape: "{words}",
    example: "Network dataplane cilium requires network plugin azure.",
  })),
];

/** How providers write what Azure answered; the real provider and the sandbox's alike. */
const answer =
  /^(?<first>[^"]{0,600}?)Status=(?<status>\d{1,3}) Code="(?<code>[A-Za-z][\w.]{0,80})" Message=(?<message>"(?:[^"\\]|\\.)*")(?<last>.*)$/;

/** What may stand before an answer. */
const beginnings: readonly MessageShape[] = [
  {
    shape: "request failed {id}: ",
    example: "request failed /subscriptions/a/providers/b/listClusterAdminCredential: ",
  },
  { shape: "autorest/azure: {words}", example: "autorest/azure: Service returned an error. " },
  { shape: "Preview failed: ", example: "Preview failed: " },
  { shape: "", example: "" },
];

/** A line with Azure's answer: status, code, and the message where it is a known one; undefined for any other line. */
export function shownAnswer(line: string): ShownLine | undefined {
  const { first = "", status = "", code = "", message = "", last = "" } = answer.exec(line)?.groups ?? {};
  if (code === "") return undefined;
  const beginning = shownBy(beginnings, first);
  const shown = shownBy(
    azureMessages.filter((one) => one.code === code),
    decoded(message),
  );
  const head = `${beginning?.text ?? ""}Status=${status} Code="${code}"`;
  return {
    text: shown === undefined ? head : `${head}: ${shown.text}`,
    cut: beginning === undefined || beginning.cut || shown === undefined || shown.cut || last.trim() !== "",
  };
}

/** What a quoted text says, on one line. */
function decoded(quoted: string): string {
  try {
    return String(JSON.parse(quoted)).replace(/\s+/g, " ").trim();
  } catch (error) {
    // Go's quotes know escapes that JSON does not. What is not read fits no shape.
    if (error instanceof SyntaxError) return quoted;
    throw error;
  }
}
