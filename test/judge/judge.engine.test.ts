import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Judge, openJudge } from "../../judge";
import { readCases } from "../../judge/case-file";
import { describe as describeVerdict, disagreements } from "../../judge/compare";
import { arbitraryCase } from "../../judge/generate/case";

/** A small run of `npm run judge`, always the same: what new seeds find becomes a named case. */
const policies = 300;
const seed = 5_000_000;

let judge: Judge;

beforeAll(async () => {
  judge = await openJudge((message) => process.stderr.write(`${message}\n`));
});

afterAll(async () => {
  await judge.close();
});

describe("the real Open Service Mesh as a library", () => {
  it("still says what was recorded", async () => {
    const cases = readCases();
    const answers = await judge.ask(cases);
    for (const [index, { name, error, requests }] of cases.entries()) {
      const answer = answers[index];
      if (error !== undefined) {
        expect([name, answer]).toEqual([name, { error: expect.stringContaining(error) as string }]);
        continue;
      }
      if (answer === undefined || "error" in answer) throw new Error(`${name}: ${answer?.error ?? "no answer"}`);
      expect([name, answer.verdicts.map(describeVerdict)]).toEqual([
        name,
        requests.map(({ verdict }) => verdict && describeVerdict(verdict)),
      ]);
    }
  });

  it("agrees with our analysis about random policies", async () => {
    const cases = fc.sample(arbitraryCase(10), { seed, numRuns: policies });
    const answers = await judge.ask(cases);
    const different = cases.flatMap((asked, index) => {
      const answer = answers[index];
      if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
      return disagreements(asked, answer.verdicts);
    });
    expect({ seed, different }).toEqual({ seed, different: [] });
  });
});
