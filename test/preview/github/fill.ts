import { type GitHubServer, type ServerComment, type ServerPullRequest, workflowLogin } from "../github-server";

/** A commit id with a number in it. */
export function commitOf(number: number): string {
  return number.toString(16).padStart(40, "0");
}

/** An open pull request from a branch of the repository, by octocat. */
export function addPullRequest({ state }: GitHubServer, number: number): ServerPullRequest {
  const added: ServerPullRequest = {
    number,
    state: "open",
    title: `Change ${String(number)}`,
    author: "octocat",
    commit: commitOf(number),
    branch: `feature-${String(number)}`,
    from: 1,
    labels: [],
    files: [{ filename: "stacks/dev.ts" }],
  };
  state.pullRequests.set(number, added);
  return added;
}

/** A comment that was written a minute after the one before. */
export function addComment({ state }: GitHubServer, number: number, login: string, body: string): ServerComment {
  const createdAt = new Date(Date.UTC(2026, 0, 1) + state.comments.length * 60_000).toISOString();
  const type = login === workflowLogin ? "Bot" : "User";
  const added = { id: 1 + state.comments.length, number, login, type, body, createdAt, updatedAt: createdAt } as const;
  state.comments.push({ ...added });
  return state.comments[state.comments.length - 1] ?? added;
}
