import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { disagreements, type Disagreement } from "./compare";
import { judgedMesh } from "./meshes";
import { reduce } from "./reduce";
import { randomCaseOptions, runToExitCode, wholeNumber } from "./run-options";

/** Requests asked about each policy. */
const requestsPerPolicy = 10;
/** Policies sent to the judge at once. */
const batch = 200;

/** `npm run judge -- [--mesh istio] --cases N --seed S [--keep FOLDER]`: random policies and requests, decided by us and by the real mesh. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...randomCaseOptions(10_000),
      /** `osm`, `istio`, or `istio-gateways` for random cases with gateways. */
      mesh: { type: "string", default: "osm" },
      /** Where disagreements are written, as files for test/judge/cases. */
      keep: { type: "string" },
      /** How many different disagreements end the run. */
      limit: { type: "string", default: "20" },
    },
  });
  const wanted = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const limit = wholeNumber(values, "limit");
  const { title, open, arbitraryCase, analysis, refuses, counts: kinds } = judgedMesh(values.mesh);
  const judge = await open((message) => process.stderr.write(`${message}\n`));
  const started = performance.now();
  const outcomes = new Map<string, number>();
  const found = new Map<string, Disagreement>();
  let policies = 0;
  let requests = 0;
  let unjudged = 0;
  let refused = 0;
  let wrong = 0;
  try {
    for (let round = 0; requests < wanted && found.size < limit; round += 1) {
      const cases = fc.sample(arbitraryCase(requestsPerPolicy), { seed: seed + round, numRuns: batch });
      const answers = await judge.ask(cases);
      for (const [index, answer] of answers.entries()) {
        const asked = cases[index];
        if (asked === undefined) continue;
        const place = `seed ${String(seed + round)}, policy ${String(index)}`;
        const ours = refuses?.(asked) ?? [];
        if ("error" in answer) {
          if (refuses === undefined) throw new Error(`${place}: ${answer.error}`);
          refused += 1;
          if (ours.length > 0) continue;
          wrong += 1;
          process.stdout.write(`\n${place}: taken by ours, refused by ${title}: ${answer.error}\n`);
          continue;
        }
        if (ours.length > 0) {
          wrong += 1;
          process.stdout.write(`\n${place}: refused by ours, taken by ${title}: ${ours.join("; ")}\n`);
        }
        policies += 1;
        kinds?.add(asked, answer.verdicts);
        for (const { outcome, error } of answer.verdicts) {
          if (error !== undefined) unjudged += 1;
          else {
            requests += 1;
            outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          }
        }
        for (const disagreement of disagreements(asked, answer.verdicts, analysis)) {
          wrong += 1;
          if (found.size >= limit) break;
          const small = await reduce(judge, disagreement, analysis);
          const key = JSON.stringify([small.objects, small.ours, small.theirs]);
          if (found.has(key)) continue;
          found.set(key, small);
          process.stdout.write(`\n${describeDisagreement(small, title, seed + round, index)}\n`);
          if (values.keep !== undefined) keepCase(values.keep, small, found.size);
        }
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${String(requests)} requests, ${String(wrong)} disagreements `);
    }
  } finally {
    await judge.close();
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    [
      `seed ${String(seed)}: ${String(requests)} requests about ${String(policies)} policies in ${seconds.toFixed(1)} s`,
      ` (${((60 * policies) / seconds).toFixed(0)} policies a minute); not judged: ${String(unjudged)}; refused by admission: ${String(refused)} policies\n`,
      `outcomes: ${[...outcomes].map(([name, count]) => `${name} ${String(count)}`).join(", ")}\n`,
      kinds?.toString() ?? "",
      `disagreements: ${String(wrong)} (${String(found.size)} different minimal cases)\n`,
    ].join(""),
  );
  return wrong === 0 ? 0 : 1;
}

function describeDisagreement(
  { objects, request, ours, theirs }: Disagreement,
  title: string,
  seed: number,
  index: number,
): string {
  return [
    `seed ${String(seed)}, policy ${String(index)}`,
    ...objects.map((object) => `  ${JSON.stringify(object)}`),
    `  request ${JSON.stringify(request)}`,
    `  ours:     ${ours}`,
    `  ${title}: ${theirs}`,
  ].join("\n");
}

function keepCase(folder: string, { objects, request }: Disagreement, number: number): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `new-${String(number)}.json`);
  writeFileSync(file, `${JSON.stringify({ description: "", objects, requests: [request] }, undefined, 2)}\n`);
}

runToExitCode(main);
