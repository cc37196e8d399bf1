import { type ArmContext } from "../context";
import { aksError } from "../errors";
import { objectAt, stringsAt } from "../json";

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

/**
 * What AKS offers in November 2026, newest last: three minor versions in standard support, the newest in preview, those before in
 * long-term support. The sandbox's API servers are always 1.34.4, whatever a cluster says; its nodes report the cluster's version.
 */
const table: readonly OfferedVersion[] = [
  { minor: "1.32", patches: ["1.32.2", "1.32.13"], longTermOnly: true },
  { minor: "1.33", patches: ["1.33.6", "1.33.13"], longTermOnly: true },
  { minor: "1.34", patches: ["1.34.2", "1.34.4"] },
  { minor: "1.35", patches: ["1.35.1", "1.35.4"], isDefault: true },
  { minor: "1.36", patches: ["1.36.1", "1.36.3"] },
  { minor: "1.37", patches: ["1.37.2"], isPreview: true },
];

/** How many minor versions an agent pool may be behind its control plane. */
export const MAX_POOL_SKEW = 3;

/** What AKS takes where no version is asked for. */
export const defaultVersion = "1.35";

/** Where the store keeps the patch versions that `POST /_sandbox/releases` added: minor version → patches. */
export const RELEASES_KEY = "releases:kubernetes";

/** The versions on offer: those of the table, and what was released since by a control endpoint. */
export function offeredVersions(context: Pick<ArmContext, "store">): readonly OfferedVersion[] {
  const released = objectAt(context.store.get(RELEASES_KEY));
  return table.map((version) => ({
    ...version,
    patches: [...version.patches, ...stringsAt(released, version.minor)],
  }));
}

/** `1.34` of `1.34.4`. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Orders versions: negative where the first is the older one. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split(".").map(Number));
  const difference = [0, 1, 2].map((i) => (left?.[i] ?? 0) - (right?.[i] ?? 0)).find((d) => d !== 0);
  return difference ?? 0;
}

/** How many minor versions lie between two versions; negative where the second is the older one. */
export function minorsBetween(from: string, to: string): number {
  const [[fromMajor = 0, fromMinor = 0], [toMajor = 0, toMinor = 0]] = [
    from.split(".").map(Number),
    to.split(".").map(Number),
  ];
  return (toMajor - fromMajor) * 1000 + (toMinor - fromMinor);
}

/** From what a wanted version is resolved. */
export interface VersionChoice {
  readonly offered: readonly OfferedVersion[];
  readonly location: string;
  readonly longTermSupport: boolean;
  /** What runs now: it stays where the wanted version is this one or its minor version, even if it is offered no more. */
  readonly current?: string | undefined;
}

/**
 * The patch version that a wanted version (`1.34` or `1.34.4`) stands for. A minor version stands for the newest patch when something
 * is made; on what runs a patch of it already, it changes nothing.
 *
 * @throws ArmError 400 K8sVersionNotSupported.
 */
export function resolveVersion(wanted: string, { offered, location, longTermSupport, current }: VersionChoice): string {
  if (current !== undefined && (wanted === current || wanted === minorOf(current))) return current;
  const minor = minorOf(wanted);
  const found = offered.find((version) => version.minor === minor);
  const patch = wanted === minor ? found?.patches.at(-1) : found?.patches.find((candidate) => candidate === wanted);
  if (found === undefined || patch === undefined) {
    throw aksError(
      400,
      "K8sVersionNotSupported",
      `Managed cluster version ${wanted} is not supported in ${location}. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list`,
    );
  }
  if (found.longTermOnly && !longTermSupport) {
    throw aksError(
      400,
      "K8sVersionNotSupported",
      `Managed cluster version ${wanted} is only available for Long-Term Support (LTS). If you intend to onboard to LTS, please ensure the cluster is in Premium tier and LTS support plan.`,
    );
  }
  return patch;
}

/** Versions that something at this patch version can go to: newer patches, and all of the next minor version. Oldest first. */
export function upgradesFrom(current: string, offered: readonly OfferedVersion[]): string[] {
  return offered
    .filter(({ minor }) => minorsBetween(current, minor) >= 0 && minorsBetween(current, minor) <= 1)
    .flatMap(({ patches }) => patches)
    .filter((patch) => compareVersions(patch, current) > 0);
}
