import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { arbitraryCase } from "./generate/case";
import { randomCaseOptions, runToExitCode, wholeNumber } from "./run-options";
import { roundTrip, shown } from "./round-trip-case";

/** Requests asked about each policy. */
const requestsPerPolicy = 10;
/** Policies drawn at once. */
const batch = 200;

/**
 * `npx tsx judge/round-trip.ts --cases N --seed S`: random policies of OSM, converted to Istio, and the same requests decided by the
 * analysis of both.
 */
function main(): Promise<number> {
  const { values } = parseArgs({
    options: { ...randomCaseOptions(1000), limit: { type: "string", default: "5" } },
  });
  const wanted = wholeNumber(values, "cases");
  const seed = wholeNumber(values, "seed");
  const limit = wholeNumber(values, "limit");
  const refused = new Map<string, number>();
  let policies = 0;
  let asked = 0;
  let passed = 0;
  let wrong = 0;
  for (let round = 0; policies < wanted && wrong < limit; round += 1) {
    for (const one of fc.sample(arbitraryCase(requestsPerPolicy), { seed: seed + round, numRuns: batch })) {
      if (policies >= wanted || wrong >= limit) break;
      policies += 1;
      const result = roundTrip(one);
      if (result.refused !== undefined) refused.set(result.refused, (refused.get(result.refused) ?? 0) + 1);
      asked += result.asked;
      passed += result.passed;
      for (const parting of result.partings.slice(0, 1)) {
        wrong += 1;
        process.stdout.write(`\nseed ${String(seed + round)}\n${shown(parting)}\n`);
      }
    }
  }
  const notClaimed = [...refused].map(([reason, count]) => `${reason} ${String(count)}`).join(", ");
  process.stdout.write(
    `seed ${String(seed)}: ${String(policies)} policies, ${String(asked)} requests, ${String(passed)} pass on both sides; nothing claimed of: ${notClaimed}\ndisagreements: ${String(wrong)}\n`,
  );
  return Promise.resolve(wrong === 0 ? 0 : 1);
}

runToExitCode(main);
