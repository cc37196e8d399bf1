import { describe, expect, it } from "vitest";
import { ownManifest, packageManifest } from "../../scripts/package/manifest";
import { releaseNotes } from "../../scripts/release/notes";

const repository = "https://github.com/shop/mesh";
const changelog = `# Changes

## Unreleased

## 1.2.0 - 2026-11-28

### Added

- The mesh Istio; [docs/istio.md](docs/istio.md), after [Istio's own](https://istio.io).

## 1.1.0

- Older.
`;
const good = { tag: "v1.2.0", version: "1.2.0", changelog, repository };

describe("the notes of a release", () => {
  it("are what CHANGELOG.md says of its version, with links that lead to the tag", () => {
    expect(releaseNotes(good)).toBe(
      "### Added\n\n- The mesh Istio; [docs/istio.md](https://github.com/shop/mesh/blob/v1.2.0/docs/istio.md), after [Istio's own](https://istio.io).\n",
    );
    expect(releaseNotes({ ...good, tag: "v1.1.0", version: "1.1.0" })).toBe("- Older.\n");
  });

  it.each([
    [{ tag: "1.2.0" }, "The tag 1.2.0 names no version: write v and three numbers, such as v1.2.0."],
    [{ tag: "v1.2.0-rc.1" }, "The tag v1.2.0-rc.1 names no version"],
    [
      { version: "1.1.9" },
      "package.json has the version 1.1.9: run `npm version --no-git-tag-version 1.2.0`, or tag as v1.1.9.",
    ],
    [
      { changelog: changelog.replace("## 1.2.0", "## 1.2.00") },
      'CHANGELOG.md has no section "## 1.2.0": write that heading',
    ],
    [{ changelog: changelog.replace("## 1.2.0", "## 1x2.0") }, 'CHANGELOG.md has no section "## 1.2.0"'],
    [{ changelog: "## 1.2.0\n\n## 1.1.0\n\n- Older.\n" }, 'CHANGELOG.md says nothing below "## 1.2.0"'],
    [
      { changelog: changelog.replace("## Unreleased\n", "## Unreleased\n\n- New.\n") },
      'CHANGELOG.md has something below "## Unreleased", which is released too: move it below "## 1.2.0".',
    ],
  ])("are refused for %j", (wrong, says) => {
    expect(() => releaseNotes({ ...good, ...wrong })).toThrow(says);
  });

  it("are refused with all that is wrong at once", () => {
    expect(() => releaseNotes({ ...good, version: "1.1.9", changelog: "# Changes\n" })).toThrow(
      /package\.json has .*\nCHANGELOG\.md has no section .*\nMend it, commit, and tag that commit anew\.$/,
    );
  });
});

describe("the package that is released", () => {
  it("says which repository it comes from, which npm compares with its provenance", () => {
    expect(packageManifest(ownManifest(), repository)).toMatchObject({
      repository: { type: "git", url: "git+https://github.com/shop/mesh.git" },
    });
  });
});
