import * as enums from "../enums";
import { type Problem, quoted } from "./problem";

/** The values that a property may take, by path. TypeScript holds them in a program; a configuration file does not. */
const choices: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tier: enums.ClusterTier,
  mesh: enums.Mesh,
  kubeconfigLogin: enums.KubeconfigLogin,
  "identity.kind": enums.IdentityKind,
  "access.clusterAdmins[].type": enums.PrincipalType,
  "network.plugin": enums.NetworkPlugin,
  "network.mode": enums.NetworkPluginMode,
  "network.policy": enums.NetworkPolicy,
  "network.outboundType": enums.OutboundType,
  "security.kms.keyVaultNetworkAccess": enums.KeyVaultNetworkAccess,
  "upgrades.channel": enums.UpgradeChannel,
  "upgrades.nodeOsChannel": enums.NodeOsUpgradeChannel,
  "upgrades.clusterWindow.dayOfWeek": enums.WeekDay,
  "upgrades.nodeWindow.dayOfWeek": enums.WeekDay,
  "nodePools[].mode": enums.NodePoolMode,
  "nodePools[].osDiskType": enums.OsDiskType,
  "nodePools[].osSku": enums.OsSku,
};

/** What is wrong with a value that has to be one of a few. `pattern` is its path with `[]` for any place in a list. */
export function notAChoice(pattern: string, path: string, value: unknown): Problem[] {
  const allowed = Object.values(choices[pattern] ?? {});
  if (allowed.length === 0 || (typeof value === "string" && allowed.includes(value))) {
    return [];
  }
  return [{ path, message: `is ${quoted(value)}. Write one of ${allowed.join(", ")}.` }];
}
