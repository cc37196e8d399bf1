import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CheckovVerdicts } from "../../judge/checkov/ask";
import { checkovCases } from "../../judge/checkov/cases";
import { differences, explanations, unexplained } from "../../judge/checkov/compare";
import { rules } from "../../policy-pack/rules";

interface Recorded {
  readonly name: string;
  readonly verdicts: CheckovVerdicts;
}

/** What checkov says of each case, as `npm run judge:checkov -- --record test/judge/checkov.jsonl` wrote it. */
const recorded = readFileSync(join(__dirname, "checkov.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Recorded);

describe("checkov and the rules of the policy pack, about the same clusters", () => {
  const cases = checkovCases();
  const verdicts = recorded.map((one) => one.verdicts);
  const { compared, different } = differences(cases, verdicts);

  it("have been asked about each case, and about nothing else", () => {
    expect(recorded.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    expect(compared).toBe(cases.length * rules.flatMap(({ ids }) => ids.filter((id) => id.startsWith("CKV"))).length);
  });

  it("both have every rule of checkov about AKS", () => {
    const ids = new Set(verdicts.flatMap((verdict) => Object.keys(verdict)));
    expect([...ids].sort()).toEqual(rules.flatMap(({ ids: own }) => own.filter((id) => id.startsWith("CKV"))).sort());
  });

  it("agree, but where a reason is given", () => {
    expect(unexplained(different)).toEqual([]);
  });

  it("differ wherever a reason says so", () => {
    for (const { id, cases: named, ours, reason } of explanations) {
      const expected = cases.map(({ name }) => name).filter((name) => named.test(name));
      const found = different.filter((one) => one.id === id && one.ours === ours).map(({ name }) => name);
      expect(expected.length, reason).toBeGreaterThan(0);
      expect(found, reason).toEqual(expect.arrayContaining(expected));
    }
  });

  it("see each of checkov's rules both hold and not", () => {
    for (const id of rules.flatMap(({ ids }) => ids.filter((one) => one.startsWith("CKV")))) {
      const seen = new Set(verdicts.map((verdict) => verdict[id]));
      // Its rule for ARM never passes, see the explanation.
      expect([...seen].sort(), id).toEqual(id === "CKV_AZURE_172" ? [false] : [false, true]);
    }
  });
});
