import { client } from "./client";
import { updateComment, upsertComment } from "./comments";
import { type IssueComment, issueComment } from "./issue-comment";
import { commitAt, labelledBy, mayWrite } from "./people";
import { changedFiles, openPullRequests, type PullRequest, pullRequest } from "./pull-requests";
import { readGitHubSettings } from "./settings";

export { GitHubError } from "./error";
export type { IssueComment } from "./issue-comment";
export type { PullRequest } from "./pull-requests";

/** One repository on GitHub. All calls wait for rate limits, repeat what failed on GitHub's side and throw GitHubError. */
export interface GitHub {
  /** Undefined where there is none with that number. */
  pullRequest(number: number): Promise<PullRequest | undefined>;
  openPullRequests(): Promise<readonly PullRequest[]>;
  /** Files that a pull request touches, former names included; undefined where they are more than GitHub lists. */
  changedFiles(number: number): Promise<readonly string[] | undefined>;
  /** Whether an account may push to the repository now. */
  mayWrite(login: string): Promise<boolean>;
  /** Who set a label that is still there. */
  labelledBy(number: number, label: string): Promise<string | undefined>;
  /** The commit that a branch had at a moment, by the record of pushes; undefined where there is none. */
  commitAt(branch: string, moment: Date): Promise<string | undefined>;
  /** A comment as it is now; undefined where it is gone. */
  issueComment(id: number): Promise<IssueComment | undefined>;
  /** Writes our one comment with the body's marker on a pull request, or edits it. @returns its address. */
  upsertComment(number: number, body: string): Promise<string>;
  /** Edits that comment where there is one. @returns its address. */
  updateComment(number: number, body: string): Promise<string | undefined>;
}

/**
 * The repository of a workflow run, from the variables that GitHub Actions sets.
 *
 * @param second length of a second in milliseconds, for all waiting; tests shorten it.
 * @throws {GitHubError} where GITHUB_REPOSITORY or GITHUB_TOKEN are missing.
 */
export function github(environment: Readonly<Record<string, string | undefined>>, second?: number): GitHub {
  const settings = readGitHubSettings(environment);
  const api = client(settings, second);
  return {
    pullRequest: (number) => pullRequest(api, settings, number),
    openPullRequests: () => openPullRequests(api, settings),
    changedFiles: (number) => changedFiles(api, settings, number),
    mayWrite: (login) => mayWrite(api, settings, login),
    labelledBy: (number, label) => labelledBy(api, settings, number, label),
    commitAt: (branch, moment) => commitAt(api, settings, branch, moment),
    issueComment: (id) => issueComment(api, settings, id),
    upsertComment: (number, body) => upsertComment(api, settings, number, body),
    updateComment: (number, body) => updateComment(api, settings, number, body),
  };
}
