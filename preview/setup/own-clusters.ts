import { resolve } from "node:path";
import { PolicyAssignment } from "@pulumi/azure-native/authorization/policyAssignment";
import { PolicyDefinition } from "@pulumi/azure-native/authorization/policyDefinition";
import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment";
import { RoleDefinition } from "@pulumi/azure-native/authorization/roleDefinition";
import { Budget } from "@pulumi/azure-native/consumption/budget";
import { Provider } from "@pulumi/azure-native/provider";
import { type Input, output, RunError } from "@pulumi/pulumi";
import { guidOf } from "../../components/arm/guid";
import { readPreviewPolicy } from "../settings";
import { assignmentCondition, ownClusterActions, policies, policyValues } from "./own-cluster-rules";

/** Where previews' own clusters may be, and what they may cost. */
export interface OwnClustersArgs {
  /** Id of the subscription, which holds nothing else. */
  readonly subscription: string;
  /** Who makes them: the identity of previews. */
  readonly principalId: Input<string>;
  /** Types beside those of a cluster, as Azure names them. */
  readonly types: readonly string[];
  /** A month, in the subscription's currency. */
  readonly budget: number;
  /** Who is told what is spent. */
  readonly contacts: readonly string[];
}

/**
 * Lets previews have clusters of their own in a subscription, within the limits that the program's settings have (previewNodes,
 * previewNodeSizes): Azure refuses more, whoever asks.
 *
 * @throws RunError where the subscription is none, or nobody would be told of its costs.
 */
export function holdOwnClusters({ subscription, principalId, types, budget, contacts }: OwnClustersArgs): void {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subscription)) {
    throw new RunError(
      `ownClustersSubscription is "${subscription}": write the id of a subscription, as az account list prints it.`,
    );
  }
  if (contacts.length === 0) {
    throw new RunError(
      "ownClustersContacts is empty: say who is told of costs, pulumi config set --path 'ownClustersContacts[0]' team@example.com.",
    );
  }
  const scope = `/subscriptions/${subscription}`;
  const options = { provider: new Provider("own-clusters", { subscriptionId: subscription }) };
  // The program's own settings, so that there is one place for them.
  const values = output(readPreviewPolicy(resolve(__dirname, "../.."))).apply((settings) =>
    policyValues(settings, types),
  );
  for (const [name, { displayName, message, parameters, condition }] of Object.entries(policies)) {
    const definition = new PolicyDefinition(
      name,
      {
        policyDefinitionName: name,
        displayName,
        description: message,
        // Agent pools have neither tags nor a location, so that other modes do not see them.
        mode: "All",
        policyType: "Custom",
        parameters: Object.fromEntries(Object.entries(parameters).map(([key, type]) => [key, { type }])),
        policyRule: { if: condition, then: { effect: "deny" } },
      },
      options,
    );
    new PolicyAssignment(
      name,
      {
        policyAssignmentName: name,
        displayName,
        scope,
        policyDefinitionId: definition.id,
        enforcementMode: "Default",
        parameters: Object.fromEntries(
          Object.keys(parameters).map((key) => [key, { value: values.apply((all) => all[key]) }]),
        ),
        nonComplianceMessages: [{ message }],
      },
      options,
    );
  }

  const roleName = "aks-mesh: clusters of previews";
  const role = new RoleDefinition(
    "own-clusters",
    {
      roleDefinitionId: guidOf(scope, roleName),
      roleName,
      roleType: "CustomRole",
      description: "Makes and deletes what a preview's own cluster is made of, and nothing else.",
      scope,
      assignableScopes: [scope],
      permissions: [{ actions: ownClusterActions(types), notActions: [] }],
    },
    options,
  );
  new RoleAssignment(
    "own-clusters",
    {
      roleAssignmentName: output(principalId).apply((who) => guidOf(scope, who, roleName)),
      roleDefinitionId: role.id,
      principalId,
      principalType: "ServicePrincipal",
      scope,
      condition: assignmentCondition,
      conditionVersion: "2.0",
    },
    options,
  );

  const told = { enabled: true, operator: "GreaterThan", contactEmails: [...contacts] };
  new Budget(
    "own-clusters",
    {
      budgetName: "aks-mesh-own-clusters",
      scope,
      amount: budget,
      category: "Cost",
      timeGrain: "Monthly",
      // Azure wants the first of the month in which it is made, and no other afterwards.
      timePeriod: { startDate: `${new Date().toISOString().slice(0, "2026-01".length)}-01T00:00:00Z` },
      notifications: {
        half: { ...told, threshold: 50, thresholdType: "Actual" },
        all: { ...told, threshold: 100, thresholdType: "Actual" },
        forecast: { ...told, threshold: 100, thresholdType: "Forecasted" },
      },
    },
    { ...options, ignoreChanges: ["timePeriod"] },
  );
}
