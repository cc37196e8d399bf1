import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { difference, type JudgedPattern } from "../../judge/re2/compare";

/** What Google's RE2 said of some patterns: `npm run judge:re2 -- --cases 1000 --seed 2026 --record test/judge/re2.jsonl`. */
const recorded = readFileSync(join(__dirname, "re2.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as JudgedPattern);

describe("patterns, as RE2 reads them", () => {
  it("are right or wrong, of a size, and match", () => {
    expect(recorded.filter((one) => one.error !== undefined).length).toBeGreaterThan(100);
    expect(recorded.filter((one) => one.error === undefined && one.size > 100).length).toBeGreaterThan(15);
    expect(recorded.filter((one) => one.error === undefined && one.matches.includes(true)).length).toBeGreaterThan(100);
    expect(recorded.map(difference).filter((one) => one !== undefined)).toEqual([]);
  });

  // Sizes that Envoy 1.39.3 itself printed when it refused the pattern, or that it took.
  it.each([
    ["/[A-Za-z0-9_-]{24}", 101],
    ["/[a-zA-Z0-9]{1,40}", 124],
    ["(/[a-z0-9]{1,20}){2}", 128],
    ["/[0-9A-Fa-f]{64}", 133],
    [".{1,40}", 123],
  ])("%s has %i instructions", (pattern, size) => {
    expect(difference({ pattern, texts: [], size, matches: [] })).toBeUndefined();
    expect(difference({ pattern, texts: [], size: size + 1, matches: [] })).toMatch(/we say size/);
  });
});
