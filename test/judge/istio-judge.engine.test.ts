import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Judge } from "../../judge";
import { readCases } from "../../judge/case-file";
import { describe as describeVerdict, disagreements, istioAnalysis } from "../../judge/compare";
import { arbitraryIstioCase } from "../../judge/istio-generate/case";
import { arbitraryGatewayCase } from "../../judge/istio-generate/gateway-case";
import { openIstioJudge } from "../../judge/istio-judge";

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

  it("refuse what Istio's webhook refuses", async () => {
    const policy = (spec: object): object => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "p", namespace: "a" },
      spec,
    });
    const refused = [
      { action: "DENY" },
      { rules: [{ to: [{ operation: { paths: ["/a/{id}"] } }] }] },
      { rules: [{ to: [{ operation: { paths: ["/{**}/{*}"] } }] }] },
      { rules: [{ to: [{ operation: { ports: ["http"] } }] }] },
      { rules: [{ when: [{ key: "request.path", values: ["/a"] }] }] },
      { action: "REFUSE", rules: [{}] },
    ];
    const answers = await judge.ask(refused.map((spec) => ({ objects: [policy(spec)], requests: [] })));
    expect(answers.map((answer) => "error" in answer)).toEqual(refused.map(() => true));
    expect(await judge.ask([{ objects: [policy({})], requests: [] }])).toEqual([{}]);
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
