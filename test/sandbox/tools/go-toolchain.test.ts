import { describe, expect, it } from "vitest";
import { compareVersions, goProblem } from "../../../sandbox/tools/go-toolchain";

describe("Go's version", () => {
  it("is compared number by number", () => {
    expect(compareVersions("1.9", "1.26")).toBeLessThan(0);
    expect(compareVersions("1.26", "1.26.0")).toBe(0);
    expect(compareVersions("1.26.10", "1.26.8")).toBeGreaterThan(0);
    expect(compareVersions("1.27rc1", "1.26.5")).toBeGreaterThan(0);
  });

  it.each([
    ["new enough", "go1.26.8", "local", false],
    ["newer", "go1.30", "local", false],
    ["older, may fetch a newer one", "go1.24.2", "auto", false],
    ["older, fetches by default", "go1.22.1", "", false],
    ["older, may not fetch", "go1.24.2", "local", true],
    ["older, may not fetch what it has not on the PATH", "go1.24.2", "local+path", true],
    ["too old to fetch", "go1.20.14", "auto", true],
    ["a development version", "devel go1.27-abcdef", "local", false],
  ])("%s", (_, version, toolchain, isProblem) => {
    const problem = goProblem(version, toolchain, "1.26.0");
    expect(problem !== undefined).toBe(isProblem);
    if (problem !== undefined)
      expect(problem).toMatch(/Go 1\.26\.0 or newer; this is Go 1\.2\d.*https:\/\/go\.dev\/dl/);
  });
});
