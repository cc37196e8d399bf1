import * as fc from "fast-check";
import { type Verdict } from "../mesh";
import { type EnvoyVersion, type Judge, type JudgeCase, type JudgeRequest, type JudgeVerdict } from ".";
import { describe } from "./compare";
import { type DataPlane, type LiveVerdict } from "./data-plane";
import { KindCounts } from "./kinds";
import { type JudgedMesh } from "./meshes";

/** Requests sent about each policy: its sidecars have to start first. */
const requestsPerPolicy = 40;

/** How the data plane says that an Envoy takes a listener for none, and the judge of requests to one. */
const refusedByEnvoy = "Envoy refuses";
const clashing = "a listener that Envoy refuses";

/** A request that ended otherwise than one of the two said. */
export interface LiveDisagreement {
  readonly name: string;
  readonly objects: readonly unknown[];
  readonly request: JudgeRequest;
  /** What our analysis and the judge of the generators hold possible, and what real Envoys did. */
  readonly ours: readonly string[];
  readonly judge: readonly string[];
  readonly envoys: string;
}

/** What came of sending requests through real Envoys. */
export interface LiveRun {
  readonly sent: number;
  readonly policies: number;
  /** Policies that the mesh's admission refuses, or Envoy, as two filter chains of a listener take the same connections. */
  readonly refused: number;
  /** How often each outcome was seen. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Requests that Envoys of another age answer otherwise. */
  readonly byVersion: number;
  /** Of these those that it answers because it takes a pattern that the others refuse: the analysis goes by the stricter. */
  readonly lenient: number;
  /** Requests that the mesh's own sidecars answer otherwise than upstream Envoys, which the judge alone was asked about. */
  readonly upstreamOnly: number;
  /** Requests of objects that our analysis and the judge complete differently, which the judge alone was asked about. */
  readonly notAnalysed: number;
  readonly kinds: KindCounts;
  readonly different: readonly LiveDisagreement[];
}

/** A case with a name for a person. */
export type NamedCase = readonly [name: string, asked: JudgeCase];

/** Random policies, forever: each has the next seed. */
export function* randomPolicies({ arbitraryCase }: JudgedMesh, firstSeed: number): Generator<NamedCase> {
  for (let seed = firstSeed; ; seed += 1) {
    const [asked] = fc.sample(arbitraryCase(requestsPerPolicy), { seed, numRuns: 1 });
    if (asked !== undefined) yield [`seed ${String(seed)}`, asked];
  }
}

/**
 * Plays cases until so many requests were sent, and compares how they ended with our analysis and with the judge.
 * @param version of the data plane's Envoys.
 */
export async function playLive(
  { analysis, ownFilters }: JudgedMesh,
  judge: Judge,
  dataPlane: DataPlane,
  cases: Iterable<NamedCase>,
  wanted: number,
  version: EnvoyVersion = "1.39",
): Promise<LiveRun> {
  const outcomes = new Map<string, number>();
  const different: LiveDisagreement[] = [];
  const kinds = new KindCounts();
  let [sent, policies, refused, byVersion, lenient, upstreamOnly, notAnalysed] = [0, 0, 0, 0, 0, 0, 0];
  for (const [name, asked] of cases) {
    const [[judged, upstream = judged], [seen]] = await Promise.all([
      judge.ask(ownFilters ? [asked, { ...asked, upstreamEnvoy: true }] : [asked]),
      dataPlane.ask([asked]),
    ]);
    if (judged === undefined || upstream === undefined || seen === undefined) throw new Error(`${name}: no answer`);
    if ("error" in judged && "error" in seen && judged.error === seen.error) {
      refused += 1;
      continue;
    }
    if (!("error" in judged) && "error" in seen && seen.error.startsWith(refusedByEnvoy)) {
      // The judge has to know of it.
      if (!judged.verdicts.some(({ error }) => error?.includes(clashing) === true)) {
        throw new Error(`${name}: ${seen.error}`);
      }
      refused += 1;
      continue;
    }
    if ("error" in judged || "error" in upstream || "error" in seen) {
      throw new Error(`${name}: ${JSON.stringify([judged, seen])}`);
    }
    policies += 1;
    kinds.add(asked, judged.verdicts);
    const analysed = analysis(asked);
    asked.requests.forEach((request, at) => {
      const verdict = upstream.verdicts[at];
      const own = judged.verdicts[at];
      const real = seen.verdicts[at];
      if (verdict === undefined || own === undefined || real === undefined || verdict.error !== undefined) return;
      if (real.error !== undefined) throw new Error(`${name}: ${JSON.stringify(request)}: ${real.error}`);
      sent += 1;
      outcomes.set(real.outcome, (outcomes.get(real.outcome) ?? 0) + 1);
      const theirs = verdict["by-version"]?.[version];
      if (theirs !== undefined) byVersion += 1;
      const isTheirs = theirs?.includes(real.outcome) ?? agrees(verdict, real);
      const takesMore = theirs?.includes(real.outcome) === true && !agrees(verdict, real);
      if (takesMore) lenient += 1;
      const isUpstreamOnly = describe(own) !== describe(verdict);
      if (isUpstreamOnly) upstreamOnly += 1;
      if (analysed === undefined) notAnalysed += 1;
      const ours = isUpstreamOnly ? undefined : analysed?.(request);
      if (isTheirs && (ours === undefined || takesMore || agrees(ours, real))) return;
      different.push({
        name,
        objects: asked.objects,
        request,
        ours: ours === undefined ? [] : possible(ours),
        judge: theirs ?? possible(verdict),
        envoys: `${real.outcome} ${String(real.status)} ${(real["answered-by"] ?? []).join(" or ")}`,
      });
    });
    if (sent >= wanted) break;
  }
  return { sent, policies, refused, outcomes, byVersion, lenient, upstreamOnly, notAnalysed, kinds, different };
}

type Said = Pick<JudgeVerdict, "outcome" | "outcomes" | "status"> & { readonly backends: Verdict["backends"] | null };

/** Whether a call may end as one did: in its outcome, and where there is one only, in its status and in whose pod answers. */
function agrees(said: Said, real: LiveVerdict): boolean {
  const { status, "answered-by": answeredBy = [] } = real;
  if (said.outcome === "varies") return mayStandFor(real).some((outcome) => said.outcomes?.includes(outcome) === true);
  if (!mayStandFor(real).includes(said.outcome)) return false;
  // A status of null is one that the outcome does not tell, or that TCP has not.
  if (said.status !== null && status !== null && said.status !== status) return false;
  const backends = said.backends;
  return backends === null || answeredBy.length === 0 || answeredBy.some((name) => (backends[name] ?? 0) > 0);
}

/** The outcomes that an answer may be: rules have sidecars themselves give any status, of which nobody sees why. */
function mayStandFor({ outcome, status, "answered-by": answeredBy = [] }: LiveVerdict): readonly string[] {
  return status === null || answeredBy.length > 0 ? [outcome] : [outcome, "no-route", "unavailable"];
}

function possible(said: Said): readonly string[] {
  return said.outcome === "varies" ? (said.outcomes ?? []) : [describe(said)];
}
