import { parseArgs } from "node:util";
import { openDataPlane } from "./data-plane";
import { type JudgeCase, openJudge } from ".";
import { readCases, requestOf } from "./case-file";
import { type LiveDisagreement, playLive, randomPolicies } from "./play";

/** `tsx judge/live.ts --cases N --seed S`, or `--named`: what real Envoys do, beside what our analysis and the judge say. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "2000" },
      seed: { type: "string", default: "1" },
      /** Plays test/judge/cases in place of random policies. */
      named: { type: "boolean", default: false },
    },
  });
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const judge = await openJudge(report);
  const dataPlane = await openDataPlane(report);
  const started = performance.now();
  try {
    const { sent, policies, outcomes, different } = await playLive(
      judge,
      dataPlane,
      values.named ? namedCases() : randomPolicies(Number(values.seed)),
      values.named ? Infinity : Number(values.cases),
    );
    for (const disagreement of different) process.stdout.write(`${describeDisagreement(disagreement)}\n`);
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(
      `${values.named ? "named cases" : `seed ${values.seed}`}: ${String(sent)} requests about ${String(policies)} policies through real Envoys ` +
        `in ${seconds.toFixed(0)} s, ` +
        `${[...outcomes].map(([name, count]) => `${name} ${String(count)}`).join(", ")}; ` +
        `disagreements: ${String(different.length)}\n`,
    );
    return different.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([judge.close(), dataPlane.close()]);
  }
}

/** Those that a real sidecar can play: one may not share its own port with the application, or be sent a verb that it does not know. */
function namedCases(): readonly (readonly [name: string, asked: JudgeCase])[] {
  const unplayable = ["e2e-multiple-ports-per-service", "quirk-methods"];
  return readCases()
    .filter(({ name, error }) => error === undefined && !unplayable.includes(name))
    .map(({ name, objects, requests }) => [name, { objects, requests: requests.map(requestOf) }]);
}

function describeDisagreement({ name, objects, request, ours, judge, envoys }: LiveDisagreement): string {
  return [
    name,
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
