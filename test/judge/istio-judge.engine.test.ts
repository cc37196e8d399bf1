import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Judge } from "../../judge";
import { readCases } from "../../judge/case-file";
import { describe as describeVerdict, disagreements, istioAnalysis } from "../../judge/compare";
import { isEverRefused, ourRefusals, refusalsOfIstio } from "../../judge/istio-admission/compare";
import { admittedKinds, arbitraryObject } from "../../judge/istio-admission/draw";
import { arbitraryIstioCase } from "../../judge/istio-generate/case";
import { arbitraryGatewayCase } from "../../judge/istio-generate/gateway-case";
import { openIstioJudge } from "../../judge/istio-judge";
import { admissionCases } from "../mesh/istio/admission";

/** Small runs of `npm run judge -- --mesh istio` and `istio-gateways`, always the same: what new seeds find becomes a named case. */
const policies = 100;
const seed = 7_000_000;

let judge: Judge;

beforeAll(async () => {
  judge = await openIstioJudge((message) => process.stderr.write(`${message}\n`));
});

afterAll(async () => {
  await judge.close();
});

describe("istiod's generators as a library", () => {
  it("still say what was recorded", async () => {
    const cases = readCases("istio");
    const answers = await judge.ask(cases);
    for (const [index, { name, requests }] of cases.entries()) {
      const answer = answers[index];
      if (answer === undefined || "error" in answer) throw new Error(`${name}: ${answer?.error ?? "no answer"}`);
      expect([name, answer.verdicts.map(describeVerdict)]).toEqual([
        name,
        requests.map(({ verdict }) => verdict && describeVerdict(verdict)),
      ]);
    }
  });

  it.each(Object.entries(admissionCases))("take and refuse what is said of %s", async (_, { taken, refused }) => {
    const all = [...taken, ...refused];
    const theirs = await refusalsOfIstio(
      judge,
      all.map(([, object]) => ({ ...object })),
    );
    const found: [string, boolean][] = [];
    for (const [index, [title, object]] of all.entries()) {
      const isMeant = index >= taken.length;
      found.push([title, theirs[index] !== undefined || (isMeant && (await isEverRefused(judge, { ...object })))]);
    }
    expect(found).toEqual(all.map(([title], index) => [title, index >= taken.length]));
  });

  it.each(admittedKinds)("agree with our admission about random objects of kind %s", async (kind) => {
    const objects = fc.sample(arbitraryObject(kind), { seed, numRuns: 300 });
    const theirs = await refusalsOfIstio(judge, objects);
    const different: unknown[] = [];
    for (const [index, object] of objects.entries()) {
      const ours = ourRefusals(object);
      const refused = theirs[index] !== undefined || (ours.length > 0 && (await isEverRefused(judge, object)));
      if (ours.length > 0 !== refused) different.push({ object, ours, theirs: theirs[index] });
    }
    const count = theirs.filter((one) => one !== undefined).length;
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(280);
    expect({ seed, different }).toEqual({ seed, different: [] });
  });

  it.each([
    ["policies", arbitraryIstioCase],
    ["gateways", arbitraryGatewayCase],
  ])("agree with our analysis about random %s", async (_, arbitraryCase) => {
    const cases = fc.sample(arbitraryCase(20), { seed, numRuns: policies });
    const answers = await judge.ask(cases);
    let compared = 0;
    const different = cases.flatMap((asked, index) => {
      const answer = answers[index];
      if (answer === undefined) throw new Error("no answer");
      // What the webhook refuses is never in force.
      if ("error" in answer) return [];
      compared += 1;
      return disagreements(asked, answer.verdicts, istioAnalysis);
    });
    expect(compared).toBeGreaterThan(policies / 2);
    expect({ seed, different }).toEqual({ seed, different: [] });
  });
});
