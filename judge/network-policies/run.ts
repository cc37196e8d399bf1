import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { startJudge } from "..";
import { randomCaseOptions, runToExitCode, wholeNumber } from "../run-options";
import { asAnalyzerReads, differentAnswers, type NetworkDisagreement, ourAnswers } from "./compare";
import { arbitraryNetworkCase, type NetworkCase } from "./generate";
import { ensureAnalyzer } from "./install";

/** What the analyzer answers to a case. */
type AnalyzerAnswer = { readonly passes: readonly boolean[]; readonly seconds: number } | { readonly error: string };

/** Cases sent to the analyzer at once. */
const batch = 50;

/** Disagreements that are printed. */
const mostPrinted = 5;

/** `npm run judge:network -- --cases N --seed S`: random NetworkPolicies, every pair of ends, by us and by network-config-analyzer. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...randomCaseOptions(500),
      /** File that gets the cases and the analyzer's answers, a line each: test/judge/network-policies.jsonl. */
      record: { type: "string" },
    },
  });
  const wanted = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const python = await ensureAnalyzer((message) => process.stderr.write(`${message}\n`));
  const analyzer = startJudge<NetworkCase, AnalyzerAnswer>(python, [join(__dirname, "analyzer.py")]);
  const counts = { cases: 0, questions: 0, passing: 0, explained: 0, wrong: 0 };
  const seconds = { ours: 0, theirs: 0 };
  try {
    for (let round = 0; counts.cases < wanted; round += 1) {
      const numRuns = Math.min(batch, wanted - counts.cases);
      const cases = fc.sample(arbitraryNetworkCase(), { seed: seed + round, numRuns });
      const answers = await analyzer.ask(cases);
      for (const [index, answer] of answers.entries()) {
        const asked = cases[index];
        if (asked === undefined) continue;
        if ("error" in answer) throw new Error(`${JSON.stringify(asked.objects)}: ${answer.error}`);
        const started = performance.now();
        const ours = ourAnswers(asked);
        seconds.ours += (performance.now() - started) / 1000;
        seconds.theirs += answer.seconds;
        counts.cases += 1;
        if (values.record !== undefined) {
          appendFileSync(values.record, `${JSON.stringify({ ...asked, passes: answer.passes })}\n`);
        }
        counts.questions += asked.questions.length;
        counts.passing += answer.passes.filter(Boolean).length;
        const different = differentAnswers(asked, ours, answer.passes);
        if (different.length === 0) continue;
        const read = ourAnswers({ ...asked, objects: asAnalyzerReads(asked.objects) });
        const unexplained = differentAnswers(asked, read, answer.passes);
        counts.explained += different.length - unexplained.length;
        counts.wrong += unexplained.length;
        if (unexplained.length > 0 && counts.wrong - unexplained.length < mostPrinted) print(asked, unexplained);
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${String(counts.cases)} cases `);
    }
  } finally {
    await analyzer.close();
  }
  process.stdout.write(
    [
      `seed ${String(seed)}: ${String(counts.questions)} questions about ${String(counts.cases)} cases, ${String(counts.passing)} connections pass\n`,
      `time: ours ${seconds.ours.toFixed(2)} s, network-config-analyzer ${seconds.theirs.toFixed(2)} s (its reading and computing, without start and questions)\n`,
      `different only where the analyzer is known to read another thing than Kubernetes: ${String(counts.explained)}\n`,
      `disagreements: ${String(counts.wrong)}\n`,
    ].join(""),
  );
  return counts.wrong === 0 ? 0 : 1;
}

function print({ objects }: NetworkCase, found: readonly NetworkDisagreement[]): void {
  const lines = objects.map((object) => `  ${JSON.stringify(object)}`);
  for (const { question, ours, theirs } of found.slice(0, mostPrinted)) {
    lines.push(`  ${question.join(" ")}: ours ${ours}, network-config-analyzer ${theirs ? "yes" : "no"}`);
  }
  process.stdout.write(`\n${lines.join("\n")}\n`);
}

runToExitCode(main);
