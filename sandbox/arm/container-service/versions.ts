import { aksError } from "../errors";

/** One Kubernetes minor version as AKS offers it. */
export interface OfferedVersion {
  readonly minor: string;
  /** Newest last. */
  readonly patches: readonly string[];
  readonly isDefault?: boolean;
  readonly isPreview?: boolean;
  /** Only with long-term support: Premium tier and support plan AKSLongTermSupport. */
  readonly longTermOnly?: boolean;
}

/** Newest last. 1.34.4 is the version that the sandbox's control planes really run. */
export const offeredVersions: readonly OfferedVersion[] = [
  { minor: "1.31", patches: ["1.31.13"], longTermOnly: true },
  { minor: "1.32", patches: ["1.32.9", "1.32.11"], longTermOnly: true },
  { minor: "1.33", patches: ["1.33.6", "1.33.8"] },
  { minor: "1.34", patches: ["1.34.2", "1.34.4"], isDefault: true },
  { minor: "1.35", patches: ["1.35.1"] },
];

/** What AKS takes where no version is asked for. */
export const defaultVersion = "1.34";

/**
 * The patch version that a wanted version (`1.34` or `1.34.4`) stands for.
 *
 * @throws ArmError 400 K8sVersionNotSupported.
 */
export function resolveVersion(wanted: string, location: string, longTermSupport: boolean): string {
  const minor = wanted.split(".").slice(0, 2).join(".");
  const offered = offeredVersions.find((version) => version.minor === minor);
  const patch = wanted === minor ? offered?.patches.at(-1) : offered?.patches.find((candidate) => candidate === wanted);
  if (offered === undefined || patch === undefined) {
    throw aksError(
      400,
      "K8sVersionNotSupported",
      `Managed cluster version ${wanted} is not supported in ${location}. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list`,
    );
  }
  if (offered.longTermOnly && !longTermSupport) {
    throw aksError(
      400,
      "K8sVersionNotSupported",
      `Managed cluster version ${wanted} is only available for Long-Term Support (LTS). If you intend to onboard to LTS, please ensure the cluster is in Premium tier and LTS support plan.`,
    );
  }
  return patch;
}

/** Versions a cluster at this patch version can go to: newer patches, and all of the next minor version. */
export function upgradesFrom(current: string): string[] {
  const minor = current.split(".").slice(0, 2).join(".");
  const index = offeredVersions.findIndex((version) => version.minor === minor);
  const own = offeredVersions[index]?.patches ?? [];
  return [...own.slice(own.indexOf(current) + 1), ...(offeredVersions[index + 1]?.patches ?? [])];
}
