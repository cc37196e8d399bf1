import { minorOf, minorsBetween, nextMinor } from "../kubernetes-versions";
import { windowIsOpen, windowText } from "../maintenance-window";
import { azureChoosesVersion, type ClusterSettings } from "../settings";
import { must, type Problem, quoted } from "../validation/problem";
import { type LiveCluster, liveCluster, livePoolVersion } from "./live-cluster";
import { listed, type Plan, type Question } from "./question";

interface Offer {
  readonly version: string;
  readonly isPreview?: boolean;
  readonly capabilities?: { readonly supportPlan?: readonly string[] };
  readonly patchVersions?: Readonly<Record<string, unknown>>;
}

/** Whether AKS offers the version in the region, and whether a cluster that runs can go there. */
export const versions: Question = {
  subject: "the Kubernetes version",
  async ask(plan) {
    const { settings, now } = plan;
    const wanted = settings.kubernetesVersion;
    if (wanted === undefined || azureChoosesVersion(settings)) return { problems: [] };
    const [live, offers] = await Promise.all([liveCluster(plan), offered(plan)]);
    const steps = live === undefined ? [] : stepProblems(wanted, live);
    if (steps.length > 0) return { problems: steps };
    // What runs may stay, also when AKS offers it no more.
    const stays = live !== undefined && (wanted === live.version || wanted === minorOf(live.version));
    return {
      problems: [
        ...(stays ? [] : offerProblems(wanted, offers, plan.location)),
        ...(live === undefined ? [] : poolProblems(wanted, live, settings)),
      ],
      notes: live === undefined ? [] : upgradeNotes(wanted, live, settings, now),
    };
  },
};

async function offered({ azure, location }: Plan): Promise<Offer[]> {
  const path = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.ContainerService/locations/${location}/kubernetesVersions`;
  const body = await azure.read(`Reading the Kubernetes versions of ${location}`, path, "2025-09-01");
  const { values = [] } = (body ?? {}) as { values?: Offer[] };
  if (values.length === 0) throw new Error(`Azure named no Kubernetes versions for ${location}.`);
  return values;
}

/** Control planes go forward only, one minor version at a time. */
function stepProblems(wanted: string, live: LiveCluster): Problem[] {
  const steps = minorsBetween(live.version, wanted);
  const patch = (version: string): number => Number(version.split(".")[2]);
  const back = steps < 0 || (steps === 0 && patch(wanted) < patch(live.version));
  return [
    ...must(
      !back,
      "kubernetesVersion",
      `is ${quoted(wanted)}, but the cluster runs ${live.version}, and Kubernetes cannot go back. Write ${minorOf(live.version)}.`,
    ),
    ...must(
      steps <= 1,
      "kubernetesVersion",
      `is ${quoted(wanted)}, but the cluster runs ${live.version}, and AKS skips no minor version. Write ` +
        `${nextMinor(live.version)} first; when that is up, the next one.`,
    ),
  ];
}

function offerProblems(wanted: string, offers: readonly Offer[], location: string): Problem[] {
  const standard = offers.filter(isStandard).map(({ version }) => version);
  const remedy = `Write ${standard.length > 1 ? "one of " : ""}${listed(standard, "or")}.`;
  const offer = offers.find(({ version }) => version === minorOf(wanted));
  const patches = Object.keys(offer?.patchVersions ?? {});
  if (offer === undefined) {
    return must(false, "kubernetesVersion", `is ${quoted(wanted)}, which AKS does not offer in ${location}. ${remedy}`);
  }
  return [
    ...must(
      offer.isPreview === true || isStandard(offer),
      "kubernetesVersion",
      `is ${quoted(wanted)}, which AKS offers in ${location} for long-term support only. ${remedy}`,
    ),
    ...must(
      wanted === offer.version || patches.includes(wanted),
      "kubernetesVersion",
      `is ${quoted(wanted)}, a patch that AKS does not offer in ${location}. Write ${listed([offer.version, ...patches], "or")}.`,
    ),
  ];
}

function isStandard({ isPreview, capabilities }: Offer): boolean {
  return isPreview !== true && (capabilities?.supportPlan?.includes("KubernetesOfficial") ?? true);
}

/** A pool that an older program left behind by more than one step cannot follow in one. */
function poolProblems(wanted: string, live: LiveCluster, { nodePools }: ClusterSettings): Problem[] {
  return nodePools.flatMap((pool, index) => {
    const version = livePoolVersion(live, pool);
    if (version === undefined) return [];
    const next = nextMinor(version);
    const waits = minorsBetween(live.version, next) >= 0;
    return must(
      minorsBetween(version, wanted) <= 1,
      `nodePools[${index}]`,
      `runs ${version}, and AKS skips no minor version on the way to kubernetesVersion ${wanted}. ` +
        (waits
          ? `Write kubernetesVersion ${next} first.`
          : "Write another revision for it: a new pool takes its place."),
    );
  });
}

/** What an upgrade is going to do, and when. */
function upgradeNotes(wanted: string, live: LiveCluster, settings: ClusterSettings, now: Date): string[] {
  const behind = settings.nodePools.filter((pool) => {
    const version = livePoolVersion(live, pool);
    return version !== undefined && minorsBetween(version, wanted) > 0;
  });
  const controlPlane = minorsBetween(live.version, wanted) > 0;
  if (!controlPlane && behind.length === 0) return [];
  const parts = [
    ...(controlPlane ? ["the control plane"] : []),
    ...behind.map(({ name, maxSurge }) => `the node pool ${name} (${maxSurge} more nodes at a time)`),
  ];
  const { clusterWindow } = settings.upgrades;
  return [
    `Kubernetes goes from ${live.version} to ${wanted}, one after another: ${parts.join(", ")}.` +
      (windowIsOpen(clusterWindow, now)
        ? ""
        : ` That happens when this is deployed; upgrades.clusterWindow opens ${windowText(clusterWindow)}.`),
  ];
}
