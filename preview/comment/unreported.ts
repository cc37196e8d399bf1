import { teardownCommand } from "./commands";
import { code, link } from "./escape";
import { commentMarker } from "./marker";

/** A run of a workflow that ended before it could say what it did. */
export interface UnreportedRun {
  readonly pullRequest: number;
  /** The commit that it was about, 40 hexadecimal digits; absent for a removal. */
  readonly commit?: string;
  /** Its page on GitHub; absent where the run is not one of GitHub's. */
  readonly address?: string;
}

/**
 * The comment about a run without a report. It takes the place of what an earlier run wrote: an address in there may lead to
 * another commit by now, or nowhere.
 */
export function renderUnreported({ pullRequest, commit, address }: UnreportedRun): string {
  const run = address === undefined ? "The last run" : `The last run, ${link(address)},`;
  const about = commit === undefined ? "" : ` for commit ${code(commit.slice(0, 7))}`;
  return [
    commentMarker,
    `### Preview ${code(`pr-${String(pullRequest)}`)}: not known`,
    "> [!CAUTION]",
    `> ${run}${about} failed before it could say anything.`,
    "",
    "A preview that was there before may be as it was, with an older commit, or half changed. What there is:",
    `${code("npx aks-mesh preview status")}. A new run repairs it; ${code(teardownCommand({ pullRequest }))} removes it.`,
  ].join("\n");
}

/** The page of the workflow run that this process is part of, from the variables that GitHub Actions sets. */
export function runAddress(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { GITHUB_SERVER_URL: server = "", GITHUB_REPOSITORY: repository = "", GITHUB_RUN_ID: run = "" } = environment;
  if (!/^https?:\/\/[\w.:-]+$/.test(server) || !/^[\w.-]+\/[\w.-]+$/.test(repository) || !/^\d+$/.test(run)) {
    return undefined;
  }
  return `${server}/${repository}/actions/runs/${run}`;
}
