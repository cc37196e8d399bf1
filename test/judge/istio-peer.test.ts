import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ourAnswers } from "../../judge/istio-peer/compare";
import { type PeerCase } from "../../judge/istio-peer/generate";

/** Cases with the answers of network-config-analyzer, recorded by `npm run judge:istio-peer -- --record FILE`. */
const recorded = readFileSync(join(__dirname, "istio-peer.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as PeerCase & { readonly passes: readonly boolean[] });

describe("AuthorizationPolicies", () => {
  it("are decided as network-config-analyzer decided them", () => {
    expect(recorded.length).toBeGreaterThan(5);
    for (const { passes, objects, questions } of recorded) {
      const ours = ourAnswers({ objects, questions }).passes;
      expect(questions.filter((_, index) => ours[index] !== passes[index])).toEqual([]);
    }
  });

  it("stop some of the recorded requests and let others pass", () => {
    const all = recorded.flatMap(({ passes }) => passes);
    expect(all).toContain(true);
    expect(all).toContain(false);
  });
});
