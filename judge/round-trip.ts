import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { arbitraryCase } from "./generate/case";
import { randomCaseOptions, runToExitCode, wholeNumber } from "./run-options";
import { openDataPlane } from "./data-plane";
import { judgedMesh } from "./meshes";
import { roundTripLive } from "./round-trip-live";
import { roundTrip, shown } from "./round-trip-case";

/** Requests asked about each policy. */
const requestsPerPolicy = 10;
/** Policies drawn at once. */
const batch = 200;

const usage = `npx tsx judge/round-trip.ts [--cases N] [--seed S] [--limit N]
npx tsx judge/round-trip.ts --live [--cases N] [--seed S]

Random policies of OSM are converted to Istio, and the same requests decided by the analysis of both.

  --cases N   policies; with --live requests. Default: 1000
  --seed S    where the random numbers begin. Default: any
  --limit N   differences after which it ends. Default: 5; not with --live
  --live      send the requests through the real sidecars of both meshes; needs Go

Ends with 0 where no request passes in one mesh alone, with 1 where one does, and with 2 where it could not be done.
`;

/**
 * `npx tsx judge/round-trip.ts --cases N --seed S`: random policies of OSM, converted to Istio, and the same requests decided by the
 * analysis of both; with `--live`, N requests sent through the real sidecars of both.
 */
function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...randomCaseOptions(1000),
      limit: { type: "string", default: "5" },
      live: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return Promise.resolve(0);
  }
  if (values.live) return live(wholeNumber(values, "cases"), wholeNumber(values, "seed"));
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

async function live(wanted: number, seed: number): Promise<number> {
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const osm = await openDataPlane(report, judgedMesh("osm").dataPlane);
  const istio = await openDataPlane(report, judgedMesh("istio").dataPlane);
  try {
    const { sent, policies, refused, passed, varying, lost, partings } = await roundTripLive(
      { osm, istio },
      seed,
      wanted,
    );
    for (const parting of partings) process.stdout.write(`\n${shown(parting)}\n`);
    process.stdout.write(
      `seed ${String(seed)}: ${String(sent)} requests about ${String(policies)} policies through real sidecars of both meshes, ` +
        `${String(passed)} passed in both; ${String(varying)} ended differently that do not always end the same way, ${String(lost)} once and not again; ` +
        `nothing claimed of ${String(refused)} policies\ndisagreements: ${String(partings.length)}\n`,
    );
    return partings.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([osm.close(), istio.close()]);
  }
}

runToExitCode(main);
