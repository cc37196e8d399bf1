import { describe, expect, it } from "vitest";
import { alternativesOf, plainBeginning } from "../../../mesh/regex/alternatives";

describe("the alternatives of a pattern", () => {
  it.each<[pattern: string, alternatives: readonly string[] | undefined]>([
    ["/books", ["/books"]],
    ["/a|/b", ["/a", "/b"]],
    ["(?:/a|/b(/.*)?)", ["/a", "/b(/.*)?"]],
    ["(?:/a)|(?:/b)", ["(?:/a)", "(?:/b)"]],
    ["/(a|b)", ["/(a|b)"]],
    [String.raw`/a\|b|/c`, [String.raw`/a\|b`, "/c"]],
    ["/[|]|/[^]|]", ["/[|]", "/[^]|]"]],
    ["/[[:alpha:]]|/b", undefined],
    // A flag is for the alternatives after it, too.
    ["/a(?i)|/b", undefined],
    [String.raw`\Q/a|/b\E`, undefined],
    [String.raw`/a\b/x`, undefined],
    ["/a|", undefined],
    ["/a)|/b", undefined],
  ])("%s", (pattern, alternatives) => {
    expect(alternativesOf(pattern)).toEqual(alternatives);
  });

  it.each([
    ["/api/v1", "/api/v1"],
    ["/api/v1(/.*)?", "/api/v1"],
    ["/api/v1+", "/api/v"],
    ["/api/v1{2}", "/api/v"],
    [String.raw`/api/v1\.2`, "/api/v1"],
    [".*", ""],
  ])("%s begins with %s", (pattern, beginning) => {
    expect(plainBeginning(pattern)).toBe(beginning);
  });
});
