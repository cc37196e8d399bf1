import { type ArmContext } from "../context";
import { type Json, type JsonObject } from "../json";
import { minorOf, minorsBetween } from "./versions";

/** A revision of the Istio add-on: `asm-1-30` is Istio 1.30. */
export interface MeshRevision {
  readonly revision: string;
  /** Oldest and newest minor version of Kubernetes that it takes. */
  readonly kubernetes: readonly [oldest: string, newest: string];
}

/**
 * The newest revisions in November 2026, oldest first: "Support policy for Istio-based service mesh add-on for AKS", release
 * calendar. Azure tells standard and long-term support apart; for these revisions the calendar gives both the same versions.
 */
const table: readonly MeshRevision[] = [
  { revision: "asm-1-28", kubernetes: ["1.30", "1.35"] },
  { revision: "asm-1-29", kubernetes: ["1.31", "1.36"] },
  { revision: "asm-1-30", kubernetes: ["1.32", "1.36"] },
];

/** How many revisions are supported: the rule is "at least two"; the third goes six weeks after a new one has come. */
const SUPPORTED = 2;

/** Where the store keeps the revisions that `POST /_sandbox/releases` added. */
export const MESH_RELEASES_KEY = "releases:mesh";

/** Number of an `asm-1-30`: 30; undefined for what is no revision. */
export function revisionNumber(revision: string): number | undefined {
  const digits = /^asm-1-(\d+)$/.exec(revision)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Revisions from the oldest to the newest. */
export function inOrder(revisions: readonly string[]): string[] {
  return [...revisions].sort((one, other) => (revisionNumber(one) ?? 0) - (revisionNumber(other) ?? 0));
}

/** The revisions there are, oldest first: those of the table, and what was released since by a control endpoint. */
export function meshRevisions(context: Pick<ArmContext, "store">): readonly MeshRevision[] {
  const released = context.store.get(MESH_RELEASES_KEY)?.["revisions"];
  return [...table, ...(Array.isArray(released) ? released.flatMap(asRevision) : [])];
}

function asRevision(value: Json): MeshRevision[] {
  const { revision, oldest, newest } = value as JsonObject;
  return typeof revision === "string" && typeof oldest === "string" && typeof newest === "string"
    ? [{ revision, kubernetes: [oldest, newest] }]
    : [];
}

/** Those that a mesh can still be installed with. */
export function supportedRevisions(all: readonly MeshRevision[]): readonly MeshRevision[] {
  return all.slice(-SUPPORTED);
}

/** Whether a revision takes a version of Kubernetes. What AKS knows no more takes none. */
export function takesVersion(all: readonly MeshRevision[], revision: string, version: string): boolean {
  const [oldest, newest] = all.find((known) => known.revision === revision)?.kubernetes ?? [];
  if (oldest === undefined || newest === undefined) return false;
  return minorsBetween(oldest, version) >= 0 && minorsBetween(version, newest) >= 0;
}

/** What is installed where no revision is named: the newest but one, where the cluster takes it; else the newest that it takes. */
export function defaultRevision(all: readonly MeshRevision[], version: string): string | undefined {
  const fitting = supportedRevisions(all).filter(({ revision }) => takesVersion(all, revision, version));
  return (fitting.find(({ revision }) => revision === all.at(-2)?.revision) ?? fitting.at(-1))?.revision;
}

/**
 * Where a revision can go: to one of the next two while they are supported; where it and the next one are not supported any more,
 * to the nearest supported one only ("Upgrade Istio-based service mesh add-on", Minor revision upgrade).
 *
 * @param version The cluster's version of Kubernetes; without it every cluster's upgrades.
 */
export function upgradesOf(all: readonly MeshRevision[], revision: string, version?: string): string[] {
  const number = revisionNumber(revision) ?? 0;
  const supported = supportedRevisions(all).map((known) => known.revision);
  const [nearest] = supported;
  if (nearest === undefined) return [];
  const distance = (to: string): number => (revisionNumber(to) ?? 0) - number;
  const reached =
    distance(nearest) > 1 ? [nearest] : supported.filter((to) => distance(to) === 1 || distance(to) === 2);
  return reached.filter((to) => version === undefined || takesVersion(all, to, version));
}

/** A revision as `meshRevisionProfiles` and `meshUpgradeProfiles` write it. */
export function presentRevision(all: readonly MeshRevision[], revision: string, version?: string): JsonObject {
  const [oldest, newest] = all.find((known) => known.revision === revision)?.kubernetes ?? ["1.0", "1.0"];
  const first = Number(oldest.split(".")[1]);
  const versions = Array.from({ length: minorsBetween(oldest, newest) + 1 }, (_, step) => `1.${first + step}`);
  return {
    revision,
    upgrades: upgradesOf(all, revision, version),
    compatibleWith: ["KubernetesOfficial", "AKSLongTermSupport"].map((name) => ({ name, versions })),
  };
}

/** The list of released revisions with one more, which takes one minor version more than the newest so far. */
export function withRevision(context: Pick<ArmContext, "store">, revision: string): JsonObject | undefined {
  const all = meshRevisions(context);
  const newest = all.at(-1);
  if (newest === undefined || revisionNumber(revision) !== (revisionNumber(newest.revision) ?? 0) + 1) return undefined;
  const later = (version: string): string => `1.${Number(minorOf(version).split(".")[1]) + 1}`;
  const released = all.slice(table.length).map(({ revision: known, kubernetes: [oldest, latest] }) => ({
    ...{ revision: known, oldest, newest: latest },
  }));
  return {
    revisions: [...released, { revision, oldest: later(newest.kubernetes[0]), newest: later(newest.kubernetes[1]) }],
  };
}
