import { Mesh } from "../enums";
import { oldestFirst } from "../istio-revisions";
import { minorOf } from "../kubernetes-versions";
import { azureChoosesVersion } from "../settings";
import { must, type Problem, quoted } from "../validation/problem";
import { clusterPath, type LiveCluster, liveCluster } from "./live-cluster";
import { listed, type Plan, type Question } from "./question";

/** A revision of the Istio add-on, as Azure describes it. */
interface Revision {
  readonly revision: string;
  /** Revisions that a mesh of this one can be upgraded to. */
  readonly upgrades?: readonly string[];
  readonly compatibleWith?: readonly { readonly name: string; readonly versions: readonly string[] }[];
}

/** How the Istio add-on of a cluster comes to be. */
export interface IstioPlan {
  /** The revisions: those that are named; else those that run; else the one that Azure would choose. In the order in which they are named. */
  readonly revisions: readonly string[];
  /** Those of them that do not run yet, of a mesh that does: an upgrade starts. */
  readonly starting: readonly string[];
  /** Newer revisions of the region that the cluster's version of Kubernetes takes: where an upgrade may go. */
  readonly next: readonly string[];
}

/** Whether the cluster can have its mesh, and each revision of it. */
export const mesh: Question = {
  subject: "the service mesh",
  async ask(plan) {
    if (plan.settings.mesh === Mesh.None) return { problems: [] };
    const live = await liveCluster(plan);
    const other = live?.mesh === undefined || live.mesh === plan.settings.mesh ? [] : switching(live.mesh, plan);
    if (plan.settings.mesh !== Mesh.Istio || other.length > 0) return { problems: other };
    const [facts, { revisions, starting }] = await Promise.all([istioFacts(plan, live), istioPlan(plan)]);
    return { problems: problemsOf(revisions, facts, plan), notes: notesOf(revisions, starting, facts, plan) };
  },
};

/**
 * Which revisions the cluster's mesh gets.
 *
 * @throws Error where Azure does not answer, or has no revision for the cluster.
 */
export async function istioPlan(plan: Plan): Promise<IstioPlan> {
  const facts = await istioFacts(plan, await liveCluster(plan));
  const { running, offered, version } = facts;
  const named = plan.settings.istio?.revisions;
  const revisions = named ?? (running.length > 0 ? running : [chosenByAzure(facts, plan.location)]);
  const newest = oldestFirst(revisions).at(-1) ?? "";
  const newer = offered.filter(
    ({ revision }) => oldestFirst([revision, newest]).at(-1) === revision && revision !== newest,
  );
  return {
    revisions,
    starting: running.length === 0 ? [] : revisions.filter((revision) => !running.includes(revision)),
    next: newer.filter((revision) => takes(revision, version)).map(({ revision }) => revision),
  };
}

/** What Azure says of revisions, and what runs. */
interface IstioFacts {
  /** Revisions that a mesh can be installed with in the region, oldest first. */
  readonly offered: readonly Revision[];
  /** Revisions of the mesh that runs, oldest first; none where there is no mesh yet. */
  readonly running: readonly string[];
  /** The oldest of those with its upgrades, on this cluster; undefined where there is no mesh yet. */
  readonly from: Revision | undefined;
  /** The cluster's minor version of Kubernetes; undefined where Azure chooses it. */
  readonly version: string | undefined;
}

async function istioFacts(plan: Plan, live: LiveCluster | undefined): Promise<IstioFacts> {
  const { azure, location, settings } = plan;
  const path = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.ContainerService/locations/${location}/meshRevisionProfiles/istio`;
  const own = clusterPath(settings, azure.subscriptionId);
  const running = live?.mesh === Mesh.Istio ? live.meshRevisions : [];
  const [region, upgrade] = await Promise.all([
    azure.read(`Reading the revisions of Istio in ${location}`, path, "2025-09-01"),
    running.length === 0 || own === undefined
      ? undefined
      : azure.read(
          `Reading the upgrades of the mesh of ${settings.name}`,
          `${own}/meshUpgradeProfiles/istio`,
          "2025-09-01",
        ),
  ]);
  const { meshRevisions = [] } = ((region ?? {}) as { properties?: { meshRevisions?: Revision[] } }).properties ?? {};
  if (meshRevisions.length === 0) throw new Error(`Azure named no revisions of Istio for ${location}.`);
  const order = oldestFirst(meshRevisions.map(({ revision }) => revision));
  const asked = azureChoosesVersion(settings) ? undefined : settings.kubernetesVersion;
  const version = asked ?? live?.version;
  return {
    offered: order.flatMap((name) => meshRevisions.filter(({ revision }) => revision === name)),
    running,
    from: (upgrade as { properties?: Revision } | undefined)?.properties,
    version: version === undefined ? undefined : minorOf(version),
  };
}

/** Versions of Kubernetes that a revision takes, with standard support: the list was called `kubernetes` before there was another. */
function versionsOf({ compatibleWith = [] }: Revision): readonly string[] {
  return compatibleWith.find(({ name }) => name === "KubernetesOfficial" || name === "kubernetes")?.versions ?? [];
}

function takes(revision: Revision, version: string | undefined): boolean {
  return version === undefined || versionsOf(revision).includes(version);
}

/** The newest but one, where the cluster takes it: what AKS installs where none is named. Else the newest that it takes. */
function chosenByAzure({ offered, version }: IstioFacts, location: string): string {
  const fitting = offered.filter((revision) => takes(revision, version));
  const chosen = fitting.find(({ revision }) => revision === offered.at(-2)?.revision) ?? fitting.at(-1);
  if (chosen !== undefined) return chosen.revision;
  throw new Error(`No revision of Istio in ${location} takes Kubernetes ${version}.`);
}

/** One mesh does not become another while workloads run in it. */
function switching(running: Mesh, { settings }: Plan): Problem[] {
  const name = { [Mesh.OpenServiceMesh]: "Open Service Mesh", [Mesh.Istio]: "Istio", [Mesh.None]: "no mesh" };
  return must(
    false,
    "mesh",
    `is ${quoted(settings.mesh)}, and the cluster runs ${name[running]}. Switching in place ends encryption and access control of all ` +
      "that runs, until every pod has been made anew. `aks-mesh migrate --stack STACK" +
      (settings.mesh === Mesh.Istio ? "" : " --back") +
      "` shows that way step by step and walks it; without a gap: make a second cluster, move the traffic to it, and destroy this one. " +
      `Write ${quoted(running)} for this cluster.`,
  );
}

const path = "istio.revisions";

function problemsOf(wanted: readonly string[], facts: IstioFacts, { location }: Plan): Problem[] {
  const { offered, running, from, version } = facts;
  const added = wanted.filter((revision) => !running.includes(revision));
  const named = offered.filter((revision) => takes(revision, version)).map(({ revision }) => revision);
  const remedy = `Write ${named.length > 1 ? "one of " : ""}${listed(named, "or")}.`;
  const unknown = added.find((revision) => !offered.some((known) => known.revision === revision));
  if (unknown !== undefined) {
    return must(false, path, `names ${unknown}, which AKS does not install in ${location} (any more). ${remedy}`);
  }
  if (running.length === 0) {
    return [
      ...must(
        wanted.length === 1,
        path,
        `is ${quoted(wanted)}, and the cluster has no mesh yet. Write one of them: a second one begins an upgrade.`,
      ),
      ...unfit(added, facts, remedy),
    ];
  }
  const now = listed(running, "and");
  const kept = running.filter((revision) => wanted.includes(revision));
  const upgrades = from?.upgrades ?? [];
  const [next] = added;
  const steps = [
    ...must(
      kept.length > 0,
      path,
      `is ${quoted(wanted)}, and the mesh runs ${now}: an upgrade begins with both. Write ${quoted([running[0], ...added])} first, ` +
        `then ${quoted([...added, running[0]])}, and leave ${running[0]} out when every pod is there.`,
    ),
    ...must(
      running.length === 1 || next === undefined,
      path,
      `is ${quoted(wanted)}, and an upgrade from ${running.join(" to ")} is under way. Write ${quoted([running.at(-1)])} to complete it, ` +
        `or ${quoted([running[0]])} to roll it back.`,
    ),
    ...must(
      running.length > 1 || next === undefined || upgrades.includes(next),
      path,
      `names ${next}, and AKS upgrades ${now} on this cluster to ${upgrades.length > 0 ? listed(upgrades, "or") : "nothing yet"}. ` +
        (upgrades.length > 0 ? `Write ${quoted([running[0], upgrades[0]])}.` : `Write ${quoted(running)}.`),
    ),
  ];
  if (steps.length > 0) return steps;
  const stays = kept.filter((revision) => {
    const known = offered.find((one) => one.revision === revision) ?? (from?.revision === revision ? from : undefined);
    return known !== undefined && !takes(known, version);
  });
  return [
    ...unfit(added, facts, remedy),
    ...must(
      stays.length === 0,
      "kubernetesVersion",
      `is ${version}, which revision ${stays[0]} of the mesh does not take. Upgrade the mesh first, see ` +
        "docs/istio.md.",
    ),
  ];
}

/** Revisions that the cluster's version does not take. */
function unfit(revisions: readonly string[], { offered, version }: IstioFacts, remedy: string): Problem[] {
  return offered
    .filter((revision) => revisions.includes(revision.revision) && !takes(revision, version))
    .flatMap((revision) =>
      must(
        false,
        path,
        `names ${revision.revision}, which takes Kubernetes ${listed(versionsOf(revision), "and")}, and kubernetesVersion is ${version}. ${remedy}`,
      ),
    );
}

function notesOf(
  wanted: readonly string[],
  starting: readonly string[],
  { offered, running, from }: IstioFacts,
  { settings }: Plan,
): string[] {
  const [first = ""] = wanted;
  const notes: string[] = [];
  if (running.length === 0 && settings.istio?.revisions === undefined) {
    notes.push(`Istio is installed with revision ${first}.`);
  }
  if (starting.length > 0) {
    notes.push(
      `An upgrade of Istio from ${running.join(" to ")} starts: the control plane of ${listed(starting, "and")} comes beside it. New pods ` +
        `get the sidecar of ${first}.`,
    );
  }
  const [old = ""] = running;
  if (running.length === 1 && starting.length === 0 && !offered.some(({ revision }) => revision === old)) {
    const upgrades = from?.upgrades ?? [];
    notes.push(
      `AKS no longer supports revision ${old} of Istio. ` +
        (upgrades.length > 0
          ? `Upgrade it to ${listed(upgrades, "or")}, see docs/istio.md.`
          : "Upgrade Kubernetes first, then the mesh."),
    );
  }
  return notes;
}
