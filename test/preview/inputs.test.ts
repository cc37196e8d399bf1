import { describe, expect, it } from "vitest";
import { readCommit, readCount, readDuration, readOwner, readPullRequest, readStack } from "../../preview/inputs";

describe("inputs of preview commands", () => {
  it.each(["1", "12", "999999999"])("takes %s as a pull request", (text) => {
    expect(readPullRequest(text)).toBe(Number(text));
  });

  it.each([undefined, "", "0", "-1", "1.5", "01", "1e3", "12 ", "12;id", "$(id)", "١٢", "9999999999", "pr-1"])(
    "refuses %s as a pull request",
    (text) => {
      expect(() => readPullRequest(text)).toThrow(/--pr/);
    },
  );

  it("takes whole commits only", () => {
    expect(readCommit("a1".repeat(20))).toBe("a1".repeat(20));
    for (const text of ["a1b2c3d", "A1".repeat(20), "main", `${"a1".repeat(20)}\n`, "--upload-pack=x"]) {
      expect(() => readCommit(text)).toThrow(/40 hexadecimal digits/);
    }
  });

  it("takes logins, those of apps too", () => {
    for (const text of ["octocat", "a-b-1", "dependabot[bot]"]) expect(readOwner(text)).toBe(text);
    for (const text of ["", "-a", "a b", "a;b", "`id`", "a".repeat(41), "a\nb", "<b>"]) {
      expect(() => readOwner(text)).toThrow(/no login/);
    }
  });

  it("takes stacks to share, but no preview", () => {
    expect(readStack("dev")).toBe("dev");
    for (const text of ["pr-1", "", "../dev", "a b", "-x"]) expect(() => readStack(text)).toThrow(/--base/);
  });

  it("reads durations up to a month", () => {
    expect([readDuration("90m", "--ttl"), readDuration("72h", "--ttl"), readDuration("7d", "--ttl")]).toEqual([
      5_400_000, 259_200_000, 604_800_000,
    ]);
    for (const text of ["", "0h", "h", "72", "1w", "-1h", "1.5h", "1e9d"]) {
      expect(() => readDuration(text, "--ttl")).toThrow(/no duration/);
    }
    expect(() => readDuration("31d", "--ttl")).toThrow(/at most 30d/);
  });

  it("reads small counts", () => {
    expect(readCount("3", "--attempts")).toBe(3);
    for (const text of ["0", "11", "-1", "x"]) expect(() => readCount(text, "--attempts")).toThrow(/from 1 to 10/);
  });

  it("shows nothing in its messages that a terminal would act on", () => {
    expect(() => readPullRequest("\u001b]0;x\u0007")).toThrow(/--pr "\?\]0;x\?"/);
  });
});
