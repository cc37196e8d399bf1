import { type JudgeCase, type JudgeRequest, type JudgeVerdict } from ".";
import { decide, type Verdict } from "../mesh";
import { istioMesh } from "../mesh/istio";
import { osmMesh } from "../mesh/osm";
import { type KubernetesObject } from "../mesh/manifests";

/** Our analysis of a case: what it says of each request, or undefined where the judge cannot be asked the same. */
export type Analysis = (asked: JudgeCase) => ((request: JudgeRequest) => Verdict) | undefined;

/** Our analysis of Open Service Mesh. */
export const osmAnalysis: Analysis = ({ objects }) => {
  const mesh = osmMesh({ objects: objects as readonly KubernetesObject[] });
  // To the judge a source Service that nobody shows is none; here it is somewhere else.
  return mesh.state.sourcesAssumed ? undefined : (request) => decide(mesh, request);
};

/** Our analysis of Istio. */
export const istioAnalysis: Analysis = ({ objects }) => {
  const mesh = istioMesh({ objects: objects as readonly KubernetesObject[] });
  // The judge knows of no workload and no Service that objects only speak of.
  if ([...mesh.state.services.values()].some(({ assumed }) => assumed === true)) return undefined;
  return (request) => decide(mesh, request);
};

/** What of a case we say that istiod's webhook and the kinds' schemas refuse. */
export function refusedByIstio({ objects }: Pick<JudgeCase, "objects">): readonly string[] {
  const mesh = istioMesh({ objects: objects as readonly KubernetesObject[] });
  return mesh.admissionFindings().flatMap(({ refused, finding }) => (refused ? [finding.message] : []));
}

/** One request about which our analysis and the real mesh do not say the same. */
export interface Disagreement {
  readonly objects: readonly unknown[];
  readonly request: JudgeRequest;
  readonly ours: string;
  readonly theirs: string;
}

/** The requests of a case that are decided differently. */
export function disagreements(
  asked: JudgeCase,
  verdicts: readonly JudgeVerdict[],
  analysis: Analysis = osmAnalysis,
): readonly Disagreement[] {
  let analysed: { readonly verdictOf: ReturnType<Analysis> } | undefined;
  const found: Disagreement[] = [];
  asked.requests.forEach((request, index) => {
    const judged = verdicts[index];
    if (judged === undefined)
      throw new Error(`the judge gave ${String(verdicts.length)} verdicts, no number ${String(index)}`);
    // The judge needs a Service of the objects; what else a name may stand for is not its business.
    if (judged.error !== undefined) return;
    let ours: string;
    let theirs = describe(judged);
    try {
      analysed ??= { verdictOf: analysis(asked) };
      if (analysed.verdictOf === undefined) return;
      const verdict = analysed.verdictOf(request);
      if (verdict.variesBy === "not-followed" && isAmong(judged, verdict.outcomes ?? [])) return;
      ours = describe({ ...verdict, backends: judged.backends && verdict.backends });
      theirs = describe({ ...judged, backends: judged.backends && asFarAsKnown(judged.backends, verdict.backends) });
      if (verdict.variesBy !== undefined && judged["varies-by"]?.includes(verdict.variesBy) === false) {
        ours += ` by ${verdict.variesBy}`;
        theirs += ` by ${judged["varies-by"].join(" and ")}`;
      }
    } catch (error) {
      ours = error instanceof Error ? `throws ${error.message}` : String(error);
    }
    if (ours !== theirs) found.push({ objects: asked.objects, request, ours, theirs });
  });
  return found;
}

/** Whether all that can happen is among what is held possible. */
function isAmong({ outcome, outcomes = [outcome] }: JudgeVerdict, possible: readonly string[]): boolean {
  return outcomes.every((one) => possible.includes(one));
}

/** Shares without those that are not known of the same backends here: nothing tells them where a choice is not followed. */
function asFarAsKnown(shares: Readonly<Record<string, number>>, ours: Verdict["backends"]): Verdict["backends"] {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, ours[name] === null ? null : share]));
}

/** What must be equal: the outcome, its status, all that can happen, and of calls that always pass who answers how often. */
export function describe(
  verdict: Pick<JudgeVerdict, "outcome" | "status" | "outcomes"> & { readonly backends: Verdict["backends"] | null },
): string {
  const { outcome, status, backends, outcomes } = verdict;
  if (outcome === "varies") return `varies between ${[...(outcomes ?? [])].sort().join(", ")}`;
  if (outcome !== "allowed") return `${outcome} ${String(status)}`;
  const shares = Object.entries(backends ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, share]) => `${name} ${share?.toFixed(4) ?? "?"}`);
  return `allowed ${String(status)} by ${shares.join(", ")}`;
}
