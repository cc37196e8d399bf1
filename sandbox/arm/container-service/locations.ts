import { type ResourceHandler } from "../context";
import { requireSubscription } from "../resource-manager/resources";
import { type JsonObject } from "../json";
import { minorsBetween, type OfferedVersion, offeredVersions, upgradesFrom } from "./versions";

/** Revisions of the Istio add-on in November 2026, oldest first, and the minor versions of Kubernetes that each takes. */
const MESH_REVISIONS: readonly { readonly revision: string; readonly from: string; readonly to: string }[] = [
  { revision: "asm-1-29", from: "1.31", to: "1.36" },
  { revision: "asm-1-30", from: "1.32", to: "1.36" },
];

function meshRevisions(offered: readonly OfferedVersion[]): JsonObject[] {
  return MESH_REVISIONS.map(({ revision, from, to }, index) => ({
    revision,
    upgrades: MESH_REVISIONS.slice(index + 1).map((newer) => newer.revision),
    compatibleWith: [
      {
        name: "kubernetes",
        versions: offered
          .map(({ minor }) => minor)
          .filter((minor) => minorsBetween(from, minor) >= 0 && minorsBetween(minor, to) >= 0),
      },
    ],
  }));
}

/** What AKS offers in a region: Kubernetes versions, in the shapes of both of its lists, and revisions of the Istio add-on. */
export const containerServiceLocationsHandler: ResourceHandler = (context, request) => {
  const match =
    /\/providers\/microsoft\.containerservice\/locations\/([^/]+)\/(kubernetesversions|orchestrators|meshrevisionprofiles|trustedaccessroles)\/?$/i.exec(
      request.path,
    );
  if (match?.[1] === undefined || match[2] === undefined || request.method !== "GET") return undefined;
  const subscriptionId = requireSubscription(context, request.resource);
  const offered = offeredVersions(context);
  const list = match[2].toLowerCase();
  if (list === "trustedaccessroles") return { status: 200, body: { value: [] } };
  if (list === "meshrevisionprofiles") {
    return {
      status: 200,
      body: {
        value: [
          {
            id: `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerService/locations/${match[1]}/meshRevisionProfiles/istio`,
            name: "istio",
            type: "Microsoft.ContainerService/locations/meshRevisionProfiles",
            properties: { meshRevisions: meshRevisions(offered) },
          },
        ],
      },
    };
  }
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
