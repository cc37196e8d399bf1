import { describe, expect, it } from "vitest";
import { commentMarker, renderUnreported, runAddress } from "../../../preview/comment";
import { rendered } from "./rendered";
import { commit } from "./reports";

const run = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "octo-org/shop", GITHUB_RUN_ID: "4711" };
const address = "https://github.com/octo-org/shop/actions/runs/4711";

describe("the address of a workflow run", () => {
  it("is made of what GitHub Actions sets", () => {
    expect(runAddress(run)).toBe(address);
    expect(runAddress({ ...run, GITHUB_SERVER_URL: "http://127.0.0.1:8080" })).toBe(
      "http://127.0.0.1:8080/octo-org/shop/actions/runs/4711",
    );
  });

  it.each([
    {},
    { ...run, GITHUB_RUN_ID: "" },
    { ...run, GITHUB_RUN_ID: "1)](https://evil.example" },
    { ...run, GITHUB_REPOSITORY: "shop" },
    { ...run, GITHUB_SERVER_URL: "javascript:alert(1)" },
    { ...run, GITHUB_SERVER_URL: "https://me:secret@github.com" },
  ])("is none outside of a workflow, or where one is no such thing: %j", (environment) => {
    expect(runAddress(environment)).toBeUndefined();
  });
});

describe("the comment about a run without a report", () => {
  it("says which run failed, of which commit, and that nothing is known", () => {
    const text = renderUnreported({ pullRequest: 12, commit, address });
    expect(text.startsWith(commentMarker)).toBe(true);
    const { links, prose, code } = rendered(text);
    expect(links).toEqual([{ to: address, text: address }]);
    expect(prose).toContain("not known");
    expect(prose).toContain("failed before it could say anything");
    expect(code).toContain(commit.slice(0, 7));
    expect(code).toContain("npx aks-mesh preview down --pr 12");
  });

  it("does without commit and run", () => {
    const { links, prose } = rendered(renderUnreported({ pullRequest: 12 }));
    expect(links).toEqual([]);
    expect(prose).toContain("The last run failed before it could say anything");
  });
});
