import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { runToExitCode } from "../run-options";
import { askCheckov } from "./ask";
import { checkovCases } from "./cases";
import { differences, unexplained } from "./compare";

/**
 * `npm run judge:checkov [-- --record FILE]`: the same clusters to checkov and to the rules of the policy pack; where both have a rule,
 * the verdicts have to be the same, or the difference one that is explained. FILE gets checkov's: test/judge/checkov.jsonl.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { record: { type: "string" } } });
  const cases = checkovCases();
  const verdicts = await askCheckov(cases, (message) => process.stderr.write(`${message}\n`));
  if (values.record !== undefined) {
    const lines = cases.map(({ name }, index) => `${JSON.stringify({ name, verdicts: verdicts[index] })}\n`);
    await writeFile(values.record, lines.join(""));
  }
  const found = differences(cases, verdicts);
  for (const { name, id, ours } of unexplained(found.different)) {
    process.stdout.write(`${name}: ${id} ${ours ? "fails" : "passes"} for checkov alone\n`);
  }
  process.stdout.write(
    `${String(found.compared)} verdicts about ${String(cases.length)} clusters, ${String(found.different.length)} different, ` +
      `${String(unexplained(found.different).length)} of them unexplained\n`,
  );
  return unexplained(found.different).length === 0 ? 0 : 1;
}

runToExitCode(main);
