import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { type Judge, type JudgeRequest, startJudge } from "..";
import { openIstioJudge } from "../istio-judge";
import { ensureAnalyzer } from "../network-policies/install";
import { randomCaseOptions, runToExitCode, wholeNumber } from "../run-options";
import { differing, ourAnswers, ourChanges, requestOf } from "./compare";
import { arbitraryPeerCase, type PeerCase, type PeerQuestion } from "./generate";

type AnalyzerAnswer =
  | {
      readonly passes: readonly boolean[];
      readonly seconds: number;
      /** `opens` and `closes`, for each pair. */
      readonly changes: readonly (readonly string[])[];
      readonly diffSeconds: number;
    }
  | { readonly error: string };

/** Cases sent at once. */
const batch = 25;

/** Differing requests of a case about which Istio itself is asked, and those that are printed in all. */
const mostAsked = 10;
const mostPrinted = 5;

/**
 * `npm run judge:istio-peer -- --cases N --seed S [--size PODS]`: random AuthorizationPolicies, Sidecars and Gateways, every request between two pods, and
 * what a change opens and closes, by us and by network-config-analyzer. Where they differ Istio's own generators say who is right.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...randomCaseOptions(200),
      /** Pods at most, and policies. */
      size: { type: "string", default: "4" },
      /** File that gets the cases and the analyzer's answers, a line each: test/judge/istio-peer.jsonl. */
      record: { type: "string" },
    },
  });
  const wanted = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const size = wholeNumber(values, "size");
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const python = await ensureAnalyzer(report);
  const istio = await openIstioJudge(report);
  const analyzer = startJudge<PeerCase, AnalyzerAnswer>(python, [
    join(__dirname, "..", "network-policies", "analyzer.py"),
  ]);
  const counts = { cases: 0, refused: 0, questions: 0, passing: 0, byGateway: 0, different: 0, ours: 0, theirs: 0 };
  const changed = { pairs: 0, changes: 0, different: 0, ours: 0, theirs: 0 };
  const seconds = { ours: 0, theirs: 0, ourDiff: 0, theirDiff: 0 };
  try {
    for (let round = 0; counts.cases + counts.refused < wanted; round += 1) {
      const numRuns = Math.min(batch, wanted - counts.cases - counts.refused);
      const cases = fc.sample(arbitraryPeerCase(size), { seed: seed + round, numRuns });
      for (const [index, answer] of (await analyzer.ask(cases)).entries()) {
        const asked = cases[index];
        if (asked === undefined) continue;
        if ("error" in answer) {
          counts.refused += 1;
          if (counts.refused <= mostPrinted) process.stdout.write(`refused by the analyzer: ${answer.error}\n`);
          continue;
        }
        const { passes: ours, seconds: taken } = ourAnswers(asked);
        seconds.ours += taken;
        seconds.theirs += answer.seconds;
        counts.cases += 1;
        counts.questions += asked.questions.length;
        counts.passing += ours.filter(Boolean).length;
        counts.byGateway += asked.questions.filter(
          ([from], place) => from === asked.gateway && answer.passes[place],
        ).length;
        const places = new Set(differing(asked, ours, answer.passes));
        const different = asked.questions.filter((_, place) => places.has(place));
        counts.different += different.length;
        const some = values.record === undefined ? different.slice(0, mostAsked) : different;
        const real = some.length === 0 ? [] : await passing(istio, asked.objects, some.map(requestOf));
        for (const [place, question] of some.entries()) {
          const passes = real[place] === true;
          const our = ours[asked.questions.indexOf(question)] === true;
          if (passes === our) counts.ours += 1;
          else counts.theirs += 1;
          if (counts.ours + counts.theirs <= mostPrinted || passes !== our) print(asked, question, our, passes);
        }
        const { changes, seconds: compared } = ourChanges(asked);
        seconds.ourDiff += compared;
        seconds.theirDiff += answer.diffSeconds;
        changed.pairs += asked.pairs.length;
        const realChanges: (readonly [number, string])[] = [];
        for (const [place, own] of changes.entries()) {
          const kinds = [...new Set(own.map(({ kind }) => kind))].sort().join(" and ");
          const theirs = [...(answer.changes[place] ?? [])].sort().join(" and ");
          if (kinds !== "") changed.changes += 1;
          if (kinds === theirs) continue;
          changed.different += 1;
          const asIstio = await changesOfIstio(
            istio,
            asked,
            place,
            own.flatMap(({ request }) => request ?? []),
          );
          realChanges.push([place, asIstio]);
          if (asIstio === kinds) changed.ours += 1;
          else changed.theirs += 1;
          if (changed.different <= mostPrinted || asIstio !== kinds) {
            const said = `ours ${kinds || "nothing"}, network-config-analyzer ${theirs || "nothing"}, Istio ${asIstio || "nothing"}`;
            process.stdout.write(`\nthe change of ${asked.pairs[place]?.join(" ") ?? ""}: ${said}\n`);
          }
        }
        if (values.record !== undefined) {
          const byMesh = some.map((question, at) => [asked.questions.indexOf(question), real[at]]);
          const line = {
            ...asked,
            passes: answer.passes,
            changes: answer.changes,
            istio: byMesh,
            istioChanges: realChanges,
          };
          appendFileSync(values.record, `${JSON.stringify(line)}\n`);
        }
      }
    }
  } finally {
    await Promise.all([analyzer.close(), istio.close()]);
  }
  process.stdout.write(
    [
      `seed ${String(seed)}: ${String(counts.questions)} requests about ${String(counts.cases)} cases, ${String(counts.passing)} pass; ${String(counts.byGateway)} that the analyzer leads through a gateway; ${String(counts.refused)} cases that the analyzer refuses\n`,
      `time: ours ${seconds.ours.toFixed(2)} s, network-config-analyzer ${seconds.theirs.toFixed(2)} s (reading and the whole relation, without start and questions)\n`,
      `different: ${String(counts.different)}; of those about which Istio was asked it sides with us in ${String(counts.ours)}, with the analyzer in ${String(counts.theirs)}\n`,
      `changes: ${String(changed.changes)} of ${String(changed.pairs)} pairs open or close; ours ${seconds.ourDiff.toFixed(2)} s, network-config-analyzer ${seconds.theirDiff.toFixed(2)} s; ` +
        `different: ${String(changed.different)}, of which Istio sides with us in ${String(changed.ours)}, with the analyzer in ${String(changed.theirs)}\n`,
    ].join(""),
  );
  return counts.theirs + changed.theirs === 0 ? 0 : 1;
}

/** Which of the requests pass, as Istio's own generators say. */
async function passing(
  istio: Judge,
  objects: PeerCase["objects"],
  requests: readonly JudgeRequest[],
): Promise<readonly boolean[]> {
  const [judged] = await istio.ask([{ objects, requests }]);
  if (judged === undefined || "error" in judged) throw new Error(judged?.error ?? "Istio gave no answer");
  return judged.verdicts.map(({ outcome }) => outcome === "allowed");
}

/** What Istio's generators say that the change of a case opens and closes for a pair, by its questions and by some more requests. */
async function changesOfIstio(
  istio: Judge,
  { objects, after, questions, pairs }: PeerCase,
  place: number,
  shown: readonly JudgeRequest[],
): Promise<string> {
  const [from, to, port] = pairs[place] ?? [];
  const own = questions.filter((one) => one[0] === from && one[1] === to && one[3] === port).map(requestOf);
  const requests = [...own, ...shown];
  const [before, now] = [await passing(istio, objects, requests), await passing(istio, after, requests)];
  const kinds = requests.flatMap((_, index) =>
    before[index] === now[index] ? [] : [now[index] === true ? "opens" : "closes"],
  );
  return [...new Set(kinds)].sort().join(" and ");
}

function print({ objects }: PeerCase, question: PeerQuestion, ours: boolean, istio: boolean): void {
  const policies = objects.filter(({ kind }) =>
    ["AuthorizationPolicy", "Sidecar", "VirtualService", "Pod"].includes(kind),
  );
  const lines = policies.map((object) => `  ${JSON.stringify(object)}`);
  const said = (passes: boolean): string => (passes ? "passes" : "fails");
  lines.push(
    `  ${question.join(" ")}: ours ${said(ours)}, network-config-analyzer ${said(!ours)}, Istio ${said(istio)}`,
  );
  process.stdout.write(`\n${lines.join("\n")}\n`);
}

runToExitCode(main);
