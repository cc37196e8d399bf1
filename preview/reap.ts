import { previewLabel } from "../program/previews/reach";
import { clusterOf, type PreviewNamespace } from "./cluster";
import { removePreview } from "./down";
import { openEngine, type Surroundings } from "./engine";
import { inTurns, type PreviewStack, previewStacks } from "./list";
import { type PreviewReport } from "./report";
import { resourceGroupsOf } from "./resource-groups";
import { type PreviewPolicy } from "./settings";

/** How the reaper works. */
export interface ReapOptions {
  /** Only say what would be removed. */
  readonly dryRun: boolean;
  /** Look at the preview of this pull request alone. Default: all. */
  readonly only?: number;
  /** How often each teardown is tried. */
  readonly attempts: number;
  /** Pause before the second try, in milliseconds. */
  readonly pause: number;
  /** Asks which pull requests are open. Without it only the end of a preview's life counts. */
  openPullRequests?(): Promise<readonly { readonly number: number }[]>;
}

/** What became of one preview. */
export interface Reaped {
  readonly pullRequest: number;
  readonly reason: "expired" | "closed" | "no stack";
  /** Absent in a dry run, and where nothing could be begun. */
  readonly report?: PreviewReport;
  /** Absent where it was removed. */
  readonly error?: string;
}

/** How many previews are removed at once. Most of the time each waits for its namespaces to go. */
const atOnce = 16;

/**
 * Removes every preview that is past its end or whose pull request is closed, and what a cluster has of one that no stack knows. One
 * failure does not stop the others.
 *
 * @returns what became of each, and sentences on namespaces that have a preview's label and another name: nobody's preview, so they stay.
 */
export async function reap(
  surroundings: Surroundings,
  policy: PreviewPolicy,
  base: string,
  options: ReapOptions,
): Promise<{ readonly outcomes: readonly Reaped[]; readonly strangers: readonly string[] }> {
  const engine = await openEngine(surroundings, base);
  try {
    const [previews, open] = await Promise.all([previewStacks(engine), options.openPullRequests?.()]);
    const numbers = open && new Set(open.map(({ number }) => number));
    const due = previews.flatMap((preview) => {
      const reason = reasonToRemove(preview, numbers, policy);
      return reason === undefined ? [] : [{ pullRequest: preview.pullRequest, reason }];
    });
    const known = new Set(previews.map(({ pullRequest }) => pullRequest));
    const cluster = await clusterOf(engine, base);
    const [namespaces, targets] =
      cluster === undefined ? [[], []] : await Promise.all([cluster.previewNamespaces(), cluster.previewTargets()]);
    const groups = await (await resourceGroupsOf(surroundings)).ofPreviews();
    const strays = new Set([...namespaces, ...targets, ...groups].flatMap(({ pullRequest }) => pullRequest ?? []));
    for (const pullRequest of strays) if (!known.has(pullRequest)) due.push({ pullRequest, reason: "no stack" });
    const strangers = namespaces.filter(({ pullRequest }) => pullRequest === undefined).map(strangerOf);

    const wanted = due.filter(({ pullRequest }) => options.only === undefined || options.only === pullRequest);
    const outcomes = await inTurns(atOnce, wanted, async (one): Promise<Reaped> => {
      if (options.dryRun) return one;
      try {
        const report = await removePreview(engine, base, { ...options, pullRequest: one.pullRequest });
        const failed = report?.state.status === "teardown-failed" ? { error: report.state.error } : {};
        return { ...one, ...(report && { report }), ...failed };
      } catch (error) {
        return { ...one, error: error instanceof Error ? error.message : String(error) };
      }
    });
    return { outcomes, strangers };
  } finally {
    await engine.close();
  }
}

function strangerOf({ name, label = "" }: PreviewNamespace): string {
  return (
    `Namespace ${name} has the label ${previewLabel}=${label}, and its name is none of a preview's. ` +
    `Delete it, or take the label off: kubectl label namespace ${name} ${previewLabel}-`
  );
}

function reasonToRemove(
  { pullRequest, tags, lastUpdate }: PreviewStack,
  open: ReadonlySet<number> | undefined,
  { timeToLive }: PreviewPolicy,
): Reaped["reason"] | undefined {
  if (open !== undefined && !open.has(pullRequest)) return "closed";
  // A run that was killed before it set the tag still gave the stack a time.
  const { expires } = tags;
  const end = expires === undefined ? Date.parse(lastUpdate ?? "") + timeToLive : Date.parse(expires);
  return end < Date.now() ? "expired" : undefined;
}
