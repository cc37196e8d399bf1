import { type ArmContext, type ResourceRequest } from "../context";
import { aksError } from "../errors";
import { type ArmResponse } from "../http";
import { type JsonObject, objectAt, stringAt, stringsAt } from "../json";
import { requireSubscription } from "../resource-manager/resources";
import { requireCluster } from "./cluster-resources";
import { meshRevisions, presentRevision, supportedRevisions } from "./mesh-revisions";
import { istioIsOn } from "./service-mesh";

/** The one mesh that AKS has revisions of. */
const MESH = "istio";

/** Revisions that can be installed in a region: the list of all meshes, or that of one. */
export function revisionProfiles(
  context: ArmContext,
  request: ResourceRequest,
  location: string,
  mesh: string | undefined,
): ArmResponse {
  const all = meshRevisions(context);
  const profile = {
    id: `/subscriptions/${requireSubscription(context, request.resource)}/providers/Microsoft.ContainerService/locations/${location}/meshRevisionProfiles/${MESH}`,
    name: MESH,
    type: "Microsoft.ContainerService/locations/meshRevisionProfiles",
    properties: { meshRevisions: supportedRevisions(all).map(({ revision }) => presentRevision(all, revision)) },
  };
  return answer([profile], mesh);
}

/** Where the mesh of a cluster can go: the list of all meshes, or that of one. While an upgrade runs, nowhere. */
export function upgradeProfiles(context: ArmContext, request: ResourceRequest): ArmResponse {
  const cluster = requireCluster(context, request.resource);
  const profile = objectAt(cluster, "properties", "serviceMeshProfile");
  const [running, next] = istioIsOn(profile) ? stringsAt(profile, "istio", "revisions") : [];
  const version = stringAt(cluster, "properties", "currentKubernetesVersion") ?? "";
  const found =
    running === undefined
      ? []
      : [
          {
            id: `${stringAt(cluster, "id") ?? ""}/meshUpgradeProfiles/${MESH}`,
            name: MESH,
            type: "Microsoft.ContainerService/managedClusters/meshUpgradeProfiles",
            properties: {
              ...presentRevision(meshRevisions(context), running, version),
              ...(next === undefined ? {} : { upgrades: [] }),
            },
          },
        ];
  return answer(found, request.resource.provider?.names[1]);
}

/** @throws ArmError 404 where the one that is asked for is not there. */
function answer(profiles: readonly JsonObject[], mesh: string | undefined): ArmResponse {
  if (mesh === undefined) return { status: 200, body: { value: [...profiles] } };
  const [found] = profiles.filter(({ name }) => name === mesh.toLowerCase());
  if (found !== undefined) return { status: 200, body: found };
  throw aksError(404, "NotFound", `There is no service mesh '${mesh}' here.`);
}
