import { valueAt } from "../json";
import { isGatewayPool } from "./agent-pool";
import { type ClusterRule } from "./cluster-preconditions";

const profile = "properties.networkProfile.staticEgressGatewayProfile.enabled";

/** What AKS checks between Static Egress Gateway and the pools: "Configure Static Egress Gateway in Azure Kubernetes Service". */
export const staticEgressGatewayRules: readonly ClusterRule[] = [
  (cluster, pools) => {
    const pool = pools.find(({ properties }) => isGatewayPool(properties));
    return pool === undefined || valueAt(cluster, ...profile.split(".")) === true
      ? undefined
      : {
          path: profile,
          detail: `agent pool '${pool.name}' in mode Gateway needs Static Egress Gateway: enable it first, and delete all gateway pools before it is disabled`,
          code: "BadRequest",
        };
  },
  (cluster, pools) => {
    const subnet = pools.find(({ properties }) => properties["podSubnetID"] !== undefined);
    return subnet !== undefined && valueAt(cluster, ...profile.split(".")) === true
      ? {
          path: profile,
          detail: `Static Egress Gateway is not supported where pods have a subnet, as those of agent pool '${subnet.name}'`,
          code: "BadRequest",
        }
      : undefined;
  },
];
