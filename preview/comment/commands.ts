import { type PreviewReport } from "../report";

/** What a person types to get the same preview, and to remove it. Made from checked values alone: people copy it into a shell. */
export function reproduceCommands({ pullRequest, commit, kind }: PreviewReport): readonly string[] {
  return [
    `git fetch origin pull/${number(pullRequest)}/head && git switch --detach ${commit === "" ? "FETCH_HEAD" : commitOf(commit)}`,
    "npm ci",
    `npx aks-mesh preview up --pr ${number(pullRequest)}${kind === "own" ? " --cluster own" : ""}`,
  ];
}

/** See {@link reproduceCommands}. */
export function teardownCommand({ pullRequest }: Pick<PreviewReport, "pullRequest">): string {
  return `npx aks-mesh preview down --pr ${number(pullRequest)}`;
}

function number(value: number): string {
  if (!Number.isSafeInteger(value) || value < 1) throw new Error("The number of a pull request is a positive integer.");
  return String(value);
}

function commitOf(value: string): string {
  if (!/^[0-9a-f]{40}$/.test(value)) throw new Error("A commit is named by its 40 hexadecimal digits.");
  return value;
}
