import { describe, expect, it } from "vitest";
import { readCases, requestOf } from "../../judge/case-file";
import { disagreements, istioAnalysis } from "../../judge/compare";

/** What the real Istio decided was recorded (judge/record.ts --mesh istio); here our analysis must say the same. */
describe("recorded verdicts of the real Istio", () => {
  it.each(readCases("istio"))("$name: $description", ({ objects, requests }) => {
    expect(requests.length).toBeGreaterThan(0);
    const verdicts = requests.map(({ verdict }) => {
      if (verdict === undefined) throw new Error("no verdict is recorded: run judge/record.ts --mesh istio");
      return verdict;
    });
    const different = disagreements({ objects, requests: requests.map(requestOf) }, verdicts, istioAnalysis);
    expect(different.map(({ request, ours, theirs }) => ({ request, ours, theirs }))).toEqual([]);
  });
});
