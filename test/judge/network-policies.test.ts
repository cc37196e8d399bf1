import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asAnalyzerReads, differentAnswers, ourAnswers } from "../../judge/network-policies/compare";
import { type NetworkCase } from "../../judge/network-policies/generate";

/** Cases with the answers of network-config-analyzer, recorded by `npm run judge:network -- --record FILE`. */
const recorded = readFileSync(join(__dirname, "network-policies.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as NetworkCase & { readonly passes: readonly boolean[] });

describe("network policies", () => {
  it("are decided as network-config-analyzer decided them", () => {
    expect(recorded.length).toBeGreaterThan(5);
    for (const { passes, ...asked } of recorded) {
      const read = { ...asked, objects: asAnalyzerReads(asked.objects) };
      expect(differentAnswers(asked, ourAnswers(read), passes)).toEqual([]);
    }
  });

  it("stop some of the recorded connections and let others pass", () => {
    const all = recorded.flatMap(({ passes }) => passes);
    expect(all).toContain(true);
    expect(all).toContain(false);
  });
});
