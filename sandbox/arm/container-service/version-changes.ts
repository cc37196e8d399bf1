import { aksError } from "../errors";
import { type JsonObject, stringAt } from "../json";
import { compareVersions, minorsBetween, type OfferedVersion, upgradesFrom } from "./versions";

/**
 * Control planes go forward only, one minor version at a time.
 *
 * @throws ArmError 400 OperationNotAllowed.
 */
export function checkVersionChange(before: string, after: string, offered: readonly OfferedVersion[]): void {
  const back = compareVersions(after, before) < 0;
  if (!back && minorsBetween(before, after) <= 1) return;
  const available = upgradesFrom(before, offered);
  throw aksError(
    400,
    "OperationNotAllowed",
    `${back ? "Downgrading" : "Upgrading"} Kubernetes version ${before} to ${after} is not allowed. Available upgrades: [${available.join(" ")}]. Please see https://aka.ms/aks-supported-k8s-ver for version details.`,
    { target: "properties.kubernetesVersion" },
  );
}

/**
 * Agent pools go forward only, one minor version at a time.
 *
 * @param before the pool's properties so far; of a new one, none.
 * @param path where the pool's properties are in the request.
 * @returns whether the nodes are upgraded.
 * @throws ArmError 400 AgentPoolUpgradeVersionNotAllowed.
 */
export function checkPoolUpgrade(before: JsonObject, after: JsonObject, path: string): boolean {
  const from = stringAt(before, "currentOrchestratorVersion");
  const to = stringAt(after, "currentOrchestratorVersion") ?? "";
  if (from === undefined) return false;
  if (compareVersions(to, from) >= 0 && minorsBetween(from, to) <= 1) return to !== from;
  throw aksError(
    400,
    "AgentPoolUpgradeVersionNotAllowed",
    `Upgrade agent pool version from ${from} to ${to} is not allowed, you can only upgrade one minor version at a time. Please use [az aks get-upgrades] command to get the supported upgrade paths. For more information, please check https://aka.ms/version-skew-policy`,
    { target: `${path}.orchestratorVersion` },
  );
}
