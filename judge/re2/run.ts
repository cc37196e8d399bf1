import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { startJudge } from "..";
import { drawn } from "../generate/draw";
import { randomCaseOptions, runToExitCode, wholeNumber } from "../run-options";
import { ensureRe2 } from "./install";
import { type Answer, difference, type JudgedPattern } from "./compare";
import { drawPatternCase, type PatternCase } from "./pattern";

/** Patterns asked about at once. */
const batch = 1000;

/**
 * `npm run judge:re2 -- --cases N --seed S`: random patterns, read, measured and matched by us and by Google's RE2. The two
 * must agree in everything: whether the pattern is right, what is wrong with it, the size of its program, and each match.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...randomCaseOptions(20_000),
      /** Where the patterns are written with RE2's answers, as test/judge/re2.jsonl is. */
      record: { type: "string" },
    },
  });
  const wanted = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const { command, args, env } = await ensureRe2((message) => process.stderr.write(`${message}\n`));
  const judge = startJudge<Question, Answer>(command, args, env);
  const kinds = { right: 0, refused: 0, tooLarge: 0, texts: 0, matches: 0 };
  const differences: string[] = [];
  const recorded: JudgedPattern[] = [];
  let asked = 0;
  try {
    for (let round = 0; asked < wanted && differences.length < 20; round += 1) {
      const cases = fc.sample(drawn(drawPatternCase), { seed: seed + round, numRuns: Math.min(batch, wanted - asked) });
      const answers = await judge.ask(cases.map(questionOf));
      for (const [index, answer] of answers.entries()) {
        const one = cases[index];
        if (one === undefined) continue;
        asked += 1;
        if (answer.error !== undefined) kinds.refused += 1;
        else {
          kinds.right += 1;
          if (answer.size > 100) kinds.tooLarge += 1;
          kinds.texts += answer.matches.length;
          kinds.matches += answer.matches.filter(Boolean).length;
        }
        const judged = { ...one, ...answer };
        recorded.push(judged);
        const found = difference(judged);
        if (found !== undefined) differences.push(found);
      }
    }
  } finally {
    await judge.close();
  }
  for (const text of differences) process.stdout.write(`${text}\n`);
  if (values.record !== undefined) {
    writeFileSync(values.record, recorded.map((one) => `${JSON.stringify(one)}\n`).join(""));
  }
  process.stdout.write(
    `seed ${String(seed)}: ${String(asked)} patterns (${String(kinds.right)} right, of these ${String(kinds.tooLarge)} too large for ` +
      `Envoy; ${String(kinds.refused)} refused), ${String(kinds.texts)} texts (${String(kinds.matches)} match): ` +
      `${String(differences.length)} differences\n`,
  );
  return differences.length === 0 ? 0 : 1;
}

/** As answer.py reads it: texts in hexadecimal. */
interface Question {
  readonly pattern: string;
  readonly encoding: "LATIN1";
  readonly texts: readonly string[];
}

function questionOf({ pattern, texts }: PatternCase): Question {
  const hex = (text: string): string => Buffer.from(text).toString("hex");
  return { pattern: hex(pattern), encoding: "LATIN1", texts: texts.map(hex) };
}

runToExitCode(main);
