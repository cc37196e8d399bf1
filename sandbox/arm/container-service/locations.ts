import { type ResourceHandler } from "../context";
import { requireSubscription } from "../resource-manager/resources";
import { revisionProfiles } from "./mesh-profiles";
import { offeredVersions, upgradesFrom } from "./versions";

/** What AKS offers in a region: Kubernetes versions, in the shapes of both of its lists, and revisions of the Istio add-on. */
export const containerServiceLocationsHandler: ResourceHandler = (context, request) => {
  const match =
    /\/providers\/microsoft\.containerservice\/locations\/([^/]+)\/(?:(kubernetesversions|orchestrators|trustedaccessroles)|meshrevisionprofiles(?:\/([^/]+))?)\/?$/i.exec(
      request.path,
    );
  if (match?.[1] === undefined || request.method !== "GET") return undefined;
  const list = match[2]?.toLowerCase();
  if (list === undefined) return revisionProfiles(context, request, match[1], match[3]);
  const subscriptionId = requireSubscription(context, request.resource);
  const offered = offeredVersions(context);
  if (list === "trustedaccessroles") return { status: 200, body: { value: [] } };
  if (list === "kubernetesversions") {
    return {
      status: 200,
      body: {
        values: offered.map(({ minor, patches, isDefault, isPreview, longTermOnly }) => ({
          version: minor,
          isDefault,
          isPreview,
          capabilities: {
            supportPlan: longTermOnly ? ["AKSLongTermSupport"] : ["KubernetesOfficial", "AKSLongTermSupport"],
          },
          patchVersions: Object.fromEntries(
            patches.map((patch) => [patch, { upgrades: upgradesFrom(patch, offered) }]),
          ),
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
        orchestrators: offered.flatMap(({ patches, isDefault, isPreview }) =>
          patches.map((patch) => ({
            orchestratorType: "Kubernetes",
            orchestratorVersion: patch,
            default: isDefault === true && patch === patches.at(-1) ? true : undefined,
            isPreview,
            upgrades: upgradesFrom(patch, offered).map((orchestratorVersion) => ({
              orchestratorType: "Kubernetes",
              orchestratorVersion,
            })),
          })),
        ),
      },
    },
  };
};
