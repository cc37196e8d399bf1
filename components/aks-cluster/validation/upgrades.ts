import { type MaintenanceWindowArgs } from "../args";
import { NodeOsUpgradeChannel, UpgradeChannel } from "../enums";
import { meshRuns, newestWithMesh } from "../kubernetes-versions";
import { type ClusterSettings } from "../settings";
import { isWhole, must, type Problem, quoted } from "./problem";

/** Kubernetes version, upgrade channels and their windows. */
export function upgradeProblems({ kubernetesVersion, mesh, upgrades }: ClusterSettings): Problem[] {
  const version = /^(\d+)\.(\d+)(\.(\d+))?$/.exec(kubernetesVersion ?? "1.0");
  return [
    ...must(version !== null, "kubernetesVersion", `is ${quoted(kubernetesVersion)}. Write 1.35 or 1.35.4.`),
    ...must(
      version === null || kubernetesVersion === undefined || meshRuns(mesh, kubernetesVersion),
      "kubernetesVersion",
      `is ${quoted(kubernetesVersion)}, and AKS is not known to run ${mesh} on a version after ${newestWithMesh(mesh)}. Write ` +
        `${newestWithMesh(mesh)}, or mesh: "None".`,
    ),
    ...must(
      upgrades.channel !== UpgradeChannel.Patch || version?.[4] === undefined,
      "kubernetesVersion",
      `is ${quoted(kubernetesVersion)}, but the upgrade channel "patch" chooses the patch. Write ${version?.[1]}.${version?.[2]}, ` +
        "or another upgrades.channel.",
    ),
    ...must(
      upgrades.channel !== UpgradeChannel.NodeImage || upgrades.nodeOsChannel === NodeOsUpgradeChannel.NodeImage,
      "upgrades.nodeOsChannel",
      `is ${quoted(upgrades.nodeOsChannel)}, but upgrades.channel "node-image" needs "NodeImage".`,
    ),
    ...windowProblems("upgrades.clusterWindow", upgrades.clusterWindow),
    ...windowProblems("upgrades.nodeWindow", upgrades.nodeWindow),
  ];
}

function windowProblems(path: string, window: MaintenanceWindowArgs): Problem[] {
  return [
    ...must(
      /^([01]\d|2[0-3]):[0-5]\d$/.test(window.startTime),
      `${path}.startTime`,
      `is ${quoted(window.startTime)}. Write hours and minutes, 00:00 to 23:59.`,
    ),
    ...must(
      isWhole(window.durationHours, 4, 24),
      `${path}.durationHours`,
      `is ${window.durationHours}. Write 4 to 24 hours: AKS takes no shorter window.`,
    ),
    ...must(
      window.utcOffset === undefined || /^[+-](0\d|1[0-4]):[0-5]\d$/.test(window.utcOffset),
      `${path}.utcOffset`,
      `is ${quoted(window.utcOffset)}. Write +HH:MM or -HH:MM.`,
    ),
    ...must(
      window.intervalWeeks === undefined || isWhole(window.intervalWeeks, 1, 4),
      `${path}.intervalWeeks`,
      `is ${window.intervalWeeks}. Write 1 to 4 weeks.`,
    ),
  ];
}
