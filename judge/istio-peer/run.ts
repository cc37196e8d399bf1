import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { startJudge } from "..";
import { openIstioJudge } from "../istio-judge";
import { ensureAnalyzer } from "../network-policies/install";
import { randomCaseOptions, runToExitCode, wholeNumber } from "../run-options";
import { ourAnswers, requestOf } from "./compare";
import { arbitraryPeerCase, type PeerCase, type PeerQuestion } from "./generate";

type AnalyzerAnswer = { readonly passes: readonly boolean[]; readonly seconds: number } | { readonly error: string };

/** Cases sent at once. */
const batch = 25;

/** Differing requests of a case about which Istio itself is asked, and those that are printed in all. */
const mostAsked = 10;
const mostPrinted = 5;

/**
 * `npm run judge:istio-peer -- --cases N --seed S [--size PODS]`: random AuthorizationPolicies, every request between two pods, by us and by
 * network-config-analyzer. Where they differ Istio's own generators say who is right.
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
  const counts = { cases: 0, refused: 0, questions: 0, passing: 0, different: 0, ours: 0, theirs: 0 };
  const seconds = { ours: 0, theirs: 0 };
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
        if (values.record !== undefined) {
          appendFileSync(values.record, `${JSON.stringify({ ...asked, passes: answer.passes })}\n`);
        }
        counts.cases += 1;
        counts.questions += asked.questions.length;
        counts.passing += ours.filter(Boolean).length;
        const different = asked.questions.filter((_, place) => ours[place] !== answer.passes[place]);
        counts.different += different.length;
        if (different.length === 0) continue;
        const some = different.slice(0, mostAsked);
        const [judged] = await istio.ask([{ objects: asked.objects, requests: some.map(requestOf) }]);
        if (judged === undefined || "error" in judged) throw new Error(judged?.error ?? "Istio gave no answer");
        for (const [place, question] of some.entries()) {
          const passes = judged.verdicts[place]?.outcome === "allowed";
          const our = ours[asked.questions.indexOf(question)] === true;
          if (passes === our) counts.ours += 1;
          else counts.theirs += 1;
          if (counts.ours + counts.theirs <= mostPrinted || passes !== our) print(asked, question, our, passes);
        }
      }
    }
  } finally {
    await Promise.all([analyzer.close(), istio.close()]);
  }
  process.stdout.write(
    [
      `seed ${String(seed)}: ${String(counts.questions)} requests about ${String(counts.cases)} cases, ${String(counts.passing)} pass; ${String(counts.refused)} cases that the analyzer refuses\n`,
      `time: ours ${seconds.ours.toFixed(2)} s, network-config-analyzer ${seconds.theirs.toFixed(2)} s (reading and the whole relation, without start and questions)\n`,
      `different: ${String(counts.different)}; of those about which Istio was asked it sides with us in ${String(counts.ours)}, with the analyzer in ${String(counts.theirs)}\n`,
    ].join(""),
  );
  return counts.theirs === 0 ? 0 : 1;
}

function print({ objects }: PeerCase, question: PeerQuestion, ours: boolean, istio: boolean): void {
  const policies = objects.filter(({ kind }) => kind === "AuthorizationPolicy" || kind === "Pod");
  const lines = policies.map((object) => `  ${JSON.stringify(object)}`);
  const said = (passes: boolean): string => (passes ? "passes" : "fails");
  lines.push(
    `  ${question.join(" ")}: ours ${said(ours)}, network-config-analyzer ${said(!ours)}, Istio ${said(istio)}`,
  );
  process.stdout.write(`\n${lines.join("\n")}\n`);
}

runToExitCode(main);
