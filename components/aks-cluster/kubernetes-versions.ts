import { Mesh } from "./enums";

/**
 * Kubernetes's minor versions and the last day on which AKS gives each its standard support: the end of the month, twelve months
 * after it became generally available there (the release calendar in "Supported Kubernetes versions in AKS"). Oldest first.
 * A new version is a line here, and where the mesh runs on it, a step of {@link newestForMesh}.
 */
const standardSupport: Readonly<Record<string, string>> = {
  "1.32": "2026-03-31",
  "1.33": "2026-06-30",
  "1.34": "2026-11-30",
  "1.35": "2027-03-31",
  "1.36": "2027-06-30",
};

/** The newest minor version that each mesh add-on is known to run on; a mesh that is not named sets no bound. */
const newestForMesh: Readonly<Partial<Record<Mesh, string>>> = {
  // Version 1.2.15 of the add-on, on 1.34 to 1.36.
  [Mesh.OpenServiceMesh]: "1.36",
};

/** What a stack runs that says nothing: the newest version in standard support that its mesh runs on. */
export const defaultKubernetesVersion = "1.36";

/** `1.35` of `1.35.4`. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** By how many minor versions `to` is newer than `from`; negative where it is older. Patches do not count. */
export function minorsBetween(from: string, to: string): number {
  const number = (version: string): number => Number(version.split(".")[1]);
  return number(to) - number(from);
}

/** The newest version in standard support on a day that a mesh runs on; undefined where the table ends before that day. */
export function newestSupported(mesh: Mesh, day: Date): string | undefined {
  return Object.keys(standardSupport)
    .filter((version) => meshRuns(mesh, version) && !hasEnded(version, day))
    .at(-1);
}

/** Whether a mesh is known to run on a version. */
export function meshRuns(mesh: Mesh, version: string): boolean {
  const newest = newestForMesh[mesh];
  return newest === undefined || minorsBetween(version, newest) >= 0;
}

/** The newest minor version that a mesh is known to run on; undefined where there is no bound. */
export function newestWithMesh(mesh: Mesh): string | undefined {
  return newestForMesh[mesh];
}

/** Days before the end of support from which on {@link supportWarning} speaks. */
const noticeDays = 45;

/** A sentence about a version whose standard support has ended, or is about to; undefined while there is time. */
export function supportWarning(version: string, mesh: Mesh, day: Date): string | undefined {
  const end = standardSupport[minorOf(version)];
  if (end === undefined) return undefined;
  const soon = new Date(day.getTime() + noticeDays * 86_400_000);
  if (!hasEnded(version, soon)) return undefined;
  const newest = newestSupported(mesh, soon);
  const remedy =
    newest === undefined
      ? "This program knows no newer version that the mesh runs on: see what AKS supports now, and extend " +
        "components/aks-cluster/kubernetes-versions.ts."
      : `Write ${nextMinor(version)}${newest === nextMinor(version) ? "" : `, and then one after another up to ${newest}`}.`;
  const when = hasEnded(version, day) ? `ended on ${end}` : `ends on ${end}`;
  return `kubernetesVersion is ${minorOf(version)}, whose standard support by AKS ${when}. ${remedy}`;
}

/** The minor version after a version. */
export function nextMinor(version: string): string {
  const [major, minor] = version.split(".").map(Number);
  return `${major}.${(minor ?? 0) + 1}`;
}

function hasEnded(version: string, day: Date): boolean {
  const end = standardSupport[minorOf(version)];
  return end !== undefined && day.toISOString().slice(0, 10) > end;
}
