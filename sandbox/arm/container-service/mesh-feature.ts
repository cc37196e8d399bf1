import { type ArmContext } from "../context";
import { aksError } from "../errors";
import { type JsonObject } from "../json";
import { featureRegisteredAt } from "../resource-manager/features";
import { providerRegistration } from "../resource-manager/resource-providers";
import { NAMESPACE } from "./cluster-resources";
import { meshEnabled } from "./control-planes";

const FEATURE = "AKS-OpenServiceMesh";

/**
 * While the add-on was in preview, enabling it took the feature flag, and the resource provider registered again after that.
 *
 * @throws ArmError 400 OpenServiceMeshAddonFeatureFlagNotEnabled.
 */
export function checkMeshFeature(context: ArmContext, existing: JsonObject | undefined, cluster: JsonObject): void {
  if (!context.settings().requireFeature) return;
  const isOn = existing !== undefined && meshEnabled(existing) === true;
  if (meshEnabled(cluster) !== true || isOn) return;
  const registeredAt = featureRegisteredAt(context, NAMESPACE, FEATURE);
  const { state, since } = providerRegistration(context, NAMESPACE);
  if (registeredAt !== undefined && state === "Registered" && since >= registeredAt) return;
  throw aksError(
    400,
    "OpenServiceMeshAddonFeatureFlagNotEnabled",
    `AddonOpenServiceMesh feature flag is not enabled: the feature ${NAMESPACE}/${FEATURE} has to be Registered, and ${NAMESPACE} registered again after that. Please see https://aka.ms/aks/osm for how to enable it.`,
    { target: "properties.addonProfiles.openServiceMesh" },
  );
}
