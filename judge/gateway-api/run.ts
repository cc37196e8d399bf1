import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { startJudge } from "..";
import { ensureIstioJudge, sourceTree } from "../istio-judge";
import { randomCaseOptions, runToExitCode, wholeNumber } from "../run-options";
import { difference, type Made } from "./compare";
import { arbitraryGatewayCase, type GatewayCase } from "./generate";

/** Cases sent at once. */
const batch = 10;

/** Differences that are printed. */
const mostPrinted = 5;

/**
 * `npm run judge:gateway-api -- --cases N --seed S`: random Gateways and routes of the Gateway API, converted by us and by istiod. A case takes a second or
 * so: istiod does not say when it is done.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...randomCaseOptions(200),
      /** File that gets the cases and istiod's answers, a line each: test/judge/gateway-api.jsonl. */
      record: { type: "string" },
    },
  });
  const wanted = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const binaries = await ensureIstioJudge((message) => void process.stderr.write(`${message}\n`));
  const judge = startJudge<GatewayCase, Made | { readonly error: string }>(
    join(binaries, "gateway-api"),
    [],
    sourceTree,
  );
  const counts = { cases: 0, gateways: 0, virtualServices: 0, different: 0 };
  try {
    for (let round = 0; counts.cases < wanted; round += 1) {
      const numRuns = Math.min(batch, wanted - counts.cases);
      const cases = fc.sample(arbitraryGatewayCase(), { seed: seed + round, numRuns });
      for (const [index, made] of (await judge.ask(cases)).entries()) {
        const asked = cases[index];
        if (asked === undefined) continue;
        if ("error" in made) throw new Error(`seed ${String(seed + round)}, case ${String(index)}: ${made.error}`);
        counts.cases += 1;
        counts.gateways += made.gateways.length;
        counts.virtualServices += made.virtualServices.length;
        if (values.record !== undefined) appendFileSync(values.record, `${JSON.stringify({ ...asked, ...made })}\n`);
        const different = difference(asked, made);
        if (different === undefined) continue;
        counts.different += 1;
        if (counts.different > mostPrinted) continue;
        process.stdout.write(
          `\nseed ${String(seed + round)}, case ${String(index)}: ${JSON.stringify({ ...different, ...asked }, undefined, 1)}\n`,
        );
      }
      process.stderr.write(`${String(counts.cases)} of ${String(wanted)} cases\n`);
    }
  } finally {
    await judge.close();
  }
  process.stdout.write(
    `${String(counts.cases)} cases, ${String(counts.gateways)} Gateways and ${String(counts.virtualServices)} VirtualServices of istiod: ${String(counts.different)} cases differ\n`,
  );
  return counts.different === 0 ? 0 : 1;
}

runToExitCode(main);
