import * as fc from "fast-check";
import { type KubernetesObject } from "../mesh/manifests";
import { decide } from "../mesh";
import { osmMesh } from "../mesh/osm";
import { type EnvoyVersion, type Judge, type JudgeCase, type JudgeRequest } from ".";
import { arbitraryCase } from "./generate/case";
import { KindCounts } from "./kinds";

/** Requests sent about each policy: its sidecars have to start first. */
const requestsPerPolicy = 40;

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
  /** How often each outcome was seen. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Requests that Envoys of another age answer otherwise. */
  readonly byVersion: number;
  /** Of these those that it answers because it takes a pattern that the others refuse: the analysis goes by the stricter. */
  readonly lenient: number;
  readonly kinds: KindCounts;
  readonly different: readonly LiveDisagreement[];
}

/** Random policies, forever: each has the next seed. */
export function* randomPolicies(firstSeed: number): Generator<readonly [name: string, asked: JudgeCase]> {
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
  judge: Judge,
  dataPlane: Judge,
  cases: Iterable<readonly [name: string, asked: JudgeCase]>,
  wanted: number,
  version: EnvoyVersion = "1.39",
): Promise<LiveRun> {
  const outcomes = new Map<string, number>();
  const different: LiveDisagreement[] = [];
  let sent = 0;
  const kinds = new KindCounts();
  let policies = 0;
  let byVersion = 0;
  let lenient = 0;
  for (const [name, asked] of cases) {
    const [[judged], [seen]] = await Promise.all([judge.ask([asked]), dataPlane.ask([asked])]);
    if (judged === undefined || seen === undefined || "error" in judged || "error" in seen) {
      throw new Error(`${name}: ${JSON.stringify([judged, seen])}`);
    }
    policies += 1;
    kinds.add(asked, judged.verdicts);
    const mesh = osmMesh({ objects: asked.objects as readonly KubernetesObject[] });
    asked.requests.forEach((request, at) => {
      const verdict = judged.verdicts[at];
      const real = seen.verdicts[at];
      if (verdict === undefined || real === undefined || verdict.error !== undefined) return;
      if (real.error !== undefined) throw new Error(`${name}: ${JSON.stringify(request)}: ${real.error}`);
      sent += 1;
      outcomes.set(real.outcome, (outcomes.get(real.outcome) ?? 0) + 1);
      const ours = possible(decide(mesh, request));
      const strict = possible(verdict);
      const theirs = verdict["by-version"]?.[version] ?? strict;
      if (verdict["by-version"] !== undefined) byVersion += 1;
      const takesMore = theirs.includes(real.outcome) && !strict.includes(real.outcome);
      if (takesMore) lenient += 1;
      if ((ours.includes(real.outcome) || takesMore) && theirs.includes(real.outcome)) return;
      different.push({ name, objects: asked.objects, request, ours, judge: theirs, envoys: real.outcome });
    });
    if (sent >= wanted) break;
  }
  return { sent, policies, outcomes, byVersion, lenient, kinds, different };
}

function possible({ outcome, outcomes }: { readonly outcome: string; readonly outcomes?: readonly string[] }) {
  return outcome === "varies" ? (outcomes ?? []) : [outcome];
}
