import { type RestEndpointMethodTypes } from "@octokit/plugin-rest-endpoint-methods";
import { type Client } from "./client";
import { calling, isNotFound } from "./error";
import { type GitHubSettings } from "./settings";

/** What previews need to know of a pull request. The texts are what its author wrote: never trust them. */
export interface PullRequest {
  readonly number: number;
  readonly open: boolean;
  readonly title: string;
  readonly author: string;
  /** The newest commit, 40 hexadecimal digits. */
  readonly commit: string;
  /** The branch that it comes from. */
  readonly branch: string;
  /** Whether it comes from another repository, be it one that is gone. */
  readonly fork: boolean;
  readonly labels: readonly string[];
}

/** @returns undefined where there is no such pull request. */
export async function pullRequest(
  client: Client,
  { owner, name }: GitHubSettings,
  number: number,
): Promise<PullRequest | undefined> {
  return calling(`reading pull request ${String(number)}`, async () => {
    try {
      return readPullRequest((await client.rest.pulls.get({ owner, repo: name, pull_number: number })).data);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });
}

/** All that are open. */
export async function openPullRequests(
  client: Client,
  { owner, name }: GitHubSettings,
): Promise<readonly PullRequest[]> {
  return calling("listing the open pull requests", async () => {
    const options = { owner, repo: name, state: "open", per_page: 100 } as const;
    return (await client.paginate(client.rest.pulls.list, options)).map(readPullRequest);
  });
}

/** The most files that GitHub lists of one pull request. */
const mostFiles = 3000;

/** The files that a pull request touches, former names included; undefined where they are more than GitHub lists. */
export async function changedFiles(
  client: Client,
  { owner, name }: GitHubSettings,
  number: number,
): Promise<readonly string[] | undefined> {
  return calling(`listing the files of pull request ${String(number)}`, async () => {
    const options = { owner, repo: name, pull_number: number, per_page: 100 };
    const files = await client.paginate(client.rest.pulls.listFiles, options);
    if (files.length >= mostFiles) return undefined;
    return files.flatMap(({ filename, previous_filename: former }) =>
      former === undefined ? [filename] : [filename, former],
    );
  });
}

type Data =
  | RestEndpointMethodTypes["pulls"]["get"]["response"]["data"]
  | RestEndpointMethodTypes["pulls"]["list"]["response"]["data"][number];

function readPullRequest({ number, state, title, user, head, base, labels }: Data): PullRequest {
  // GitHub's types do not say it, but the repository of a deleted fork is null.
  const from: { readonly id: number | bigint } | null = head.repo;
  return {
    number,
    open: state === "open",
    title,
    author: user?.login ?? "ghost",
    commit: head.sha,
    branch: head.ref,
    fork: from?.id !== base.repo.id,
    labels: labels.map((label) => label.name),
  };
}
