import { type JsonObject, objectAt, objectsAt, stringAt, valueAt } from "../json";
import { type ClusterRule } from "./cluster-preconditions";
import { meshEnabled } from "./control-planes";
import { istioIsOn } from "./service-mesh";

const MOST_EGRESS_GATEWAYS = 500;
const LONGEST_EGRESS_NAME = 53;

/** "Deploy egress gateways for Istio service mesh add-on", Limitations and requirements. */
const EGRESS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const istioOf = (cluster: JsonObject): JsonObject | undefined => {
  const profile = objectAt(cluster, "properties", "serviceMeshProfile");
  return istioIsOn(profile) ? objectAt(profile, "istio") : undefined;
};
const pluginOf = (cluster: JsonObject): JsonObject => objectAt(istioOf(cluster), "certificateAuthority", "plugin");
const at = "properties.serviceMeshProfile.istio";

/** What AKS checks between the Istio add-on and the rest of a cluster, and between its own settings. */
export const serviceMeshRules: readonly ClusterRule[] = [
  (cluster) =>
    meshEnabled(cluster) === true && istioOf(cluster) !== undefined
      ? {
          path: "properties.serviceMeshProfile.mode",
          detail: "the Istio add-on and the openServiceMesh add-on cannot run on one cluster; disable one of them",
          code: "BadRequest",
        }
      : undefined,
  (cluster) => {
    const plugin = pluginOf(cluster);
    const isOn = valueAt(cluster, "properties", "addonProfiles", "azureKeyvaultSecretsProvider", "enabled") === true;
    return Object.keys(plugin).length > 0 && !isOn
      ? {
          path: `${at}.certificateAuthority.plugin`,
          // azure-cli's own words, which it says before it asks.
          detail:
            "AzureKeyvaultSecretsProvider addon is required for Azure Service Mesh plugin certificate authority feature",
          code: "BadRequest",
        }
      : undefined;
  },
  (cluster) => {
    const plugin = pluginOf(cluster);
    if (Object.keys(plugin).length === 0) return undefined;
    const names = ["keyVaultId", "certObjectName", "keyObjectName", "rootCertObjectName", "certChainObjectName"];
    const missing = names.find((name) => stringAt(plugin, name) === undefined);
    if (missing !== undefined) {
      return {
        path: `${at}.certificateAuthority.plugin.${missing}`,
        detail: "a plug-in certificate authority needs it",
      };
    }
    const vault = stringAt(plugin, "keyVaultId") ?? "";
    return /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.KeyVault\/vaults\/[^/]+$/i.test(vault)
      ? undefined
      : { path: `${at}.certificateAuthority.plugin.keyVaultId`, detail: `'${vault}' is no resource id of a key vault` };
  },
  (cluster) => {
    const modes = objectsAt(istioOf(cluster), "components", "ingressGateways").map((gateway) =>
      (stringAt(gateway, "mode") ?? "").toLowerCase(),
    );
    const twice = modes.find((mode, index) => modes.indexOf(mode) !== index);
    return twice === undefined
      ? undefined
      : { path: `${at}.components.ingressGateways`, detail: `there may be one ingress gateway of the mode ${twice}` };
  },
  (cluster) => {
    const gateways = objectsAt(istioOf(cluster), "components", "egressGateways");
    const path = `${at}.components.egressGateways`;
    if (gateways.length > MOST_EGRESS_GATEWAYS) {
      return { path, detail: `${gateways.length} are more than the ${MOST_EGRESS_GATEWAYS} that a cluster may have` };
    }
    const keys = gateways.map((gateway) => `${stringAt(gateway, "namespace")}/${stringAt(gateway, "name")}`);
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice !== undefined) return { path, detail: `the egress gateway '${twice}' is there twice` };
    for (const [index, gateway] of gateways.entries()) {
      const name = stringAt(gateway, "name") ?? "";
      if (name.length > LONGEST_EGRESS_NAME || !EGRESS_NAME.test(name)) {
        return {
          path: `${path}[${index}].name`,
          detail: `'${name}' has to be a DNS name of 1 to ${LONGEST_EGRESS_NAME} lower-case letters, digits, '-' and '.'`,
        };
      }
      if (gateway["enabled"] === true && stringAt(gateway, "gatewayConfigurationName") === undefined) {
        return {
          path: `${path}[${index}].gatewayConfigurationName`,
          detail: "an egress gateway needs the name of a StaticGatewayConfiguration in its namespace",
        };
      }
    }
    return undefined;
  },
  (cluster, pools) => {
    const gateways = objectsAt(istioOf(cluster), "components", "egressGateways");
    if (!gateways.some(({ enabled }) => enabled === true)) return undefined;
    const path = `${at}.components.egressGateways`;
    const static_ = ["properties", "networkProfile", "staticEgressGatewayProfile", "enabled"];
    if (valueAt(cluster, ...static_) !== true) {
      return {
        path,
        detail: `an Istio egress gateway needs Static Egress Gateway: ${static_.join(".")} has to be true`,
        code: "BadRequest",
      };
    }
    const subnet = pools.find(({ properties }) => properties["podSubnetID"] !== undefined);
    return subnet === undefined
      ? undefined
      : {
          path,
          detail: `egress gateways are not supported where pods have a subnet, as those of agent pool '${subnet.name}'`,
          code: "BadRequest",
        };
  },
];
