import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { openDataPlane } from "../../sandbox/data-plane";
import { type JudgeCase, openJudge } from "../../sandbox/judge";
import { arbitraryCase } from "./generate/case";

/** Requests sent about each policy: its sidecars have to start first. */
const requestsPerPolicy = 40;

/** `tsx test/judge/live.ts --cases N --seed S`: what real Envoys do, beside what the judge says of their configuration. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { cases: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
  });
  const wanted = Number(values.cases);
  const seed = Number(values.seed);
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const judge = await openJudge(report);
  const dataPlane = await openDataPlane(report);
  const started = performance.now();
  let sent = 0;
  let wrong = 0;
  const outcomes = new Map<string, number>();
  try {
    for (let index = 0; sent < wanted; index += 1) {
      const [asked] = fc.sample(arbitraryCase(requestsPerPolicy), { seed: seed + index, numRuns: 1 });
      if (asked === undefined || !canBePlayed(asked)) continue;
      const [[judged], [seen]] = await Promise.all([judge.ask([asked]), dataPlane.ask([asked])]);
      if (judged === undefined || seen === undefined || "error" in judged || "error" in seen) {
        throw new Error(`seed ${String(seed + index)}: ${JSON.stringify([judged, seen])}`);
      }
      asked.requests.forEach((request, at) => {
        const verdict = judged.verdicts[at];
        const real = seen.verdicts[at];
        if (verdict === undefined || real === undefined || verdict.error !== undefined) return;
        sent += 1;
        outcomes.set(real.outcome, (outcomes.get(real.outcome) ?? 0) + 1);
        const possible = verdict.outcome === "varies" ? (verdict.outcomes ?? []) : [verdict.outcome];
        if (possible.includes(real.outcome)) return;
        wrong += 1;
        const lines = [`seed ${String(seed + index)}`, ...asked.objects.map((object) => `  ${JSON.stringify(object)}`)];
        lines.push(`  request ${JSON.stringify(request)}`, `  judge: ${JSON.stringify(verdict)}`);
        lines.push(`  Envoys: ${JSON.stringify(real)}`, "");
        process.stdout.write(`${lines.join("\n")}\n`);
      });
    }
  } finally {
    await Promise.all([judge.close(), dataPlane.close()]);
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `seed ${String(seed)}: ${String(sent)} requests through real Envoys in ${seconds.toFixed(0)} s, ` +
      `${[...outcomes].map(([name, count]) => `${name} ${String(count)}`).join(", ")}; disagreements: ${String(wrong)}\n`,
  );
  return wrong === 0 ? 0 : 1;
}

/**
 * What the data plane cannot play: names outside the cluster, which need a resolver, and mesh-wide egress, where a call may
 * come back to its own pod by way of the node, which is not there.
 */
function canBePlayed({ objects }: JudgeCase): boolean {
  return !objects.some((object) => /"kind":"Egress"|"enableEgress":true/.test(JSON.stringify(object)));
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
