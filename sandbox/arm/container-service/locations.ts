import { type ResourceHandler } from "../context";
import { requireSubscription } from "../resource-manager/resources";
import { offeredVersions, upgradesFrom } from "./versions";

/** What AKS offers in a region: Kubernetes versions, in the shapes of both of its lists. */
export const containerServiceLocationsHandler: ResourceHandler = (context, request) => {
  const match =
    /\/providers\/microsoft\.containerservice\/locations\/([^/]+)\/(kubernetesversions|orchestrators)\/?$/i.exec(
      request.path,
    );
  if (match?.[1] === undefined || match[2] === undefined || request.method !== "GET") return undefined;
  const subscriptionId = requireSubscription(context, request.resource);
  if (match[2].toLowerCase() === "kubernetesversions") {
    return {
      status: 200,
      body: {
        values: offeredVersions.map((offered) => ({
          version: offered.minor,
          isDefault: offered.isDefault,
          isPreview: offered.isPreview,
          capabilities: {
            supportPlan: offered.longTermOnly ? ["AKSLongTermSupport"] : ["KubernetesOfficial", "AKSLongTermSupport"],
          },
          patchVersions: Object.fromEntries(offered.patches.map((patch) => [patch, { upgrades: upgradesFrom(patch) }])),
        })),
      },
    };
  }
  return {
    status: 200,
    body: {
      id: `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerService/locations/${match[1]}/orchestrators`,
      name: "default",
      type: "Microsoft.ContainerService/locations/orchestrators",
      properties: {
        orchestrators: offeredVersions.flatMap((offered) =>
          offered.patches.map((patch) => ({
            orchestratorType: "Kubernetes",
            orchestratorVersion: patch,
            default: offered.isDefault === true && patch === offered.patches.at(-1) ? true : undefined,
            upgrades: upgradesFrom(patch).map((orchestratorVersion) => ({
              orchestratorType: "Kubernetes",
              orchestratorVersion,
            })),
          })),
        ),
      },
    },
  };
};
