import { parseArgs } from "node:util";
import { openDataPlane } from "../../sandbox/data-plane";
import { openJudge } from "../../sandbox/judge";
import { type LiveDisagreement, playLive } from "./play";

/** `tsx test/judge/live.ts --cases N --seed S`: what real Envoys do, beside what our analysis and the judge say. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { cases: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
  });
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const judge = await openJudge(report);
  const dataPlane = await openDataPlane(report);
  const started = performance.now();
  try {
    const { sent, policies, outcomes, different } = await playLive(
      judge,
      dataPlane,
      Number(values.seed),
      Number(values.cases),
    );
    for (const disagreement of different) process.stdout.write(`${describeDisagreement(disagreement)}\n`);
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `seed ${values.seed}: ${String(sent)} requests about ${String(policies)} policies through real Envoys ` +
        `in ${seconds.toFixed(0)} s, ` +
        `${[...outcomes].map(([name, count]) => `${name} ${String(count)}`).join(", ")}; ` +
        `disagreements: ${String(different.length)}\n`,
    );
    return different.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([judge.close(), dataPlane.close()]);
  }
}

function describeDisagreement({ seed, objects, request, ours, judge, envoys }: LiveDisagreement): string {
  return [
    `seed ${String(seed)}`,
    ...objects.map((object) => `  ${JSON.stringify(object)}`),
    `  request ${JSON.stringify(request)}`,
    `  ours:   ${ours.join(", ")}`,
    `  judge:  ${judge.join(", ")}`,
    `  Envoys: ${envoys}`,
    "",
  ].join("\n");
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
