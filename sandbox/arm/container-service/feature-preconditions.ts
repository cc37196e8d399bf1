import { type ArmContext } from "../context";
import { aksError } from "../errors";
import { type JsonObject } from "../json";
import { featureRegisteredAt } from "../resource-manager/features";
import { providerRegistration } from "../resource-manager/resource-providers";
import { type PlannedPool } from "./cluster-preconditions";
import { NAMESPACE } from "./cluster-resources";
import { meshEnabled } from "./control-planes";

const MESH_FEATURE = "AKS-OpenServiceMesh";

/**
 * While the Open Service Mesh add-on was in preview, enabling it took the feature flag, and the resource provider registered again
 * after that. Where the setting `requireFeature` is off, nothing is asked, as in Azure today.
 *
 * @throws ArmError 400 OpenServiceMeshAddonFeatureFlagNotEnabled.
 */
export function checkMeshFeature(context: ArmContext, existing: JsonObject | undefined, cluster: JsonObject): void {
  if (!context.settings().requireFeature) return;
  const isOn = existing !== undefined && meshEnabled(existing) === true;
  if (meshEnabled(cluster) !== true || isOn) return;
  const registeredAt = featureRegisteredAt(context, NAMESPACE, MESH_FEATURE);
  const { state, since } = providerRegistration(context, NAMESPACE);
  if (registeredAt !== undefined && state === "Registered" && since >= registeredAt) return;
  throw aksError(
    400,
    "OpenServiceMeshAddonFeatureFlagNotEnabled",
    `AddonOpenServiceMesh feature flag is not enabled: the feature ${NAMESPACE}/${MESH_FEATURE} has to be Registered, and ${NAMESPACE} registered again after that. Please see https://aka.ms/aks/osm for how to enable it.`,
    { target: "properties.addonProfiles.openServiceMesh" },
  );
}

/**
 * Encryption at host is off in a subscription until its feature is registered.
 *
 * @throws ArmError 400 SubscriptionNotEnabledEncryptionAtHost.
 */
export function checkEncryptionAtHost(context: ArmContext, pools: readonly PlannedPool[]): void {
  const pool = pools.find(({ properties }) => properties["enableEncryptionAtHost"] === true);
  if (pool === undefined || featureRegisteredAt(context, "Microsoft.Compute", "EncryptionAtHost") !== undefined) return;
  throw aksError(
    400,
    "SubscriptionNotEnabledEncryptionAtHost",
    `Subscription does not enable EncryptionAtHost, which agent pool '${pool.name}' asks for. Register the feature Microsoft.Compute/EncryptionAtHost.`,
    { target: "enableEncryptionAtHost" },
  );
}
