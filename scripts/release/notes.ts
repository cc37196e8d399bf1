/** What a release is made of, as the repository has it at the tag. */
export interface Tagged {
  /** The tag's name. */
  readonly tag: string;
  /** The version that package.json has. */
  readonly version: string;
  /** The text of CHANGELOG.md. */
  readonly changelog: string;
  /** The repository's address, for links in the notes: a release has no files beside it. */
  readonly repository: string;
}

/** What CHANGELOG.md says below a heading of the second level that begins with these words; undefined where there is no such heading. */
function sectionOf(changelog: string, title: string): string | undefined {
  const [, ...sections] = changelog.split(/^## /m);
  const found = sections.find((section) =>
    new RegExp(`^${title.replaceAll(".", "\\.")}( - \\d{4}-\\d\\d-\\d\\d)?\\n`).test(section),
  );
  return found?.slice(found.indexOf("\n")).trim();
}

/**
 * The notes of a release: what CHANGELOG.md says of its version.
 *
 * @throws Error with all that tag, package.json and CHANGELOG.md do not agree on, and what to write instead.
 */
export function releaseNotes({ tag, version, changelog, repository }: Tagged): string {
  const tagged = /^v(\d+\.\d+\.\d+)$/.exec(tag)?.[1];
  if (tagged === undefined) {
    throw new Error(`The tag ${tag} names no version: write v and three numbers, such as v${version}.`);
  }
  const problems: string[] = [];
  if (tagged !== version) {
    problems.push(
      `package.json has the version ${version}: run \`npm version --no-git-tag-version ${tagged}\`, or tag as v${version}.`,
    );
  }
  const section = sectionOf(changelog, tagged);
  if (section === undefined) {
    problems.push(
      `CHANGELOG.md has no section "## ${tagged}": write that heading below "## Unreleased", and its date if you like: "## ${tagged} - 2026-01-31".`,
    );
  } else if (section === "") {
    problems.push(`CHANGELOG.md says nothing below "## ${tagged}": write there what users notice.`);
  }
  if ((sectionOf(changelog, "Unreleased") ?? "") !== "") {
    problems.push(
      `CHANGELOG.md has something below "## Unreleased", which is released too: move it below "## ${tagged}".`,
    );
  }
  if (problems.length > 0) {
    throw new Error(
      [`The tag ${tag} cannot be released:`, ...problems, "Mend it, commit, and tag that commit anew."].join("\n"),
    );
  }
  return `${(section ?? "").replace(/\]\((?![a-z]+:|#)([^)]+)\)/g, `](${repository}/blob/${tag}/$1)`)}\n`;
}
