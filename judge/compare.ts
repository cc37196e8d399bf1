import { type JudgeCase, type JudgeRequest, type JudgeVerdict } from ".";
import { decide, type Verdict } from "../mesh";
import { osmMesh, type OsmMesh } from "../mesh/osm";
import { type KubernetesObject } from "../mesh/manifests";

/** One request about which our analysis and the real OSM do not say the same. */
export interface Disagreement {
  readonly objects: readonly unknown[];
  readonly request: JudgeRequest;
  readonly ours: string;
  readonly theirs: string;
}

/** The requests of a case that are decided differently. */
export function disagreements(asked: JudgeCase, verdicts: readonly JudgeVerdict[]): readonly Disagreement[] {
  let mesh: OsmMesh | undefined;
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
      mesh ??= osmMesh({ objects: asked.objects as readonly KubernetesObject[] });
      // To the judge a source Service that nobody shows is none; here it is somewhere else.
      if (mesh.state.sourcesAssumed) return;
      const verdict = decide(mesh, request);
      ours = describe({ ...verdict, backends: judged.backends && verdict.backends });
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
