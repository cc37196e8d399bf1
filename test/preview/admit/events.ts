import { type PreviewEvent } from "../../../preview/admit";
import { type GitHubServer, type ServerComment } from "../github-server";
import { addComment, addPullRequest, commitOf } from "../github/fill";

/** Somebody who may push, the author of the pull requests, and somebody who may only read or sort. */
export const people = { maintainer: "admin", octocat: "write", triager: "read" } as const;

/** A repository with one open pull request from a branch of its own, number 12 at commit 12. */
export function fill(server: GitHubServer): void {
  for (const [login, level] of Object.entries(people)) server.state.permissions.set(login, level);
  const { branch, commit } = addPullRequest(server, 12);
  server.state.pushes.push({ branch, after: commit, timestamp: "2025-12-31T12:00:00Z" });
}

/** Sets the label, and gives the event of it. */
export function label(server: GitHubServer, actor = "maintainer", name = "preview"): PreviewEvent {
  server.state.pullRequests.get(12)?.labels.push(name);
  const id = server.state.labelEvents.length + 1;
  server.state.labelEvents.push({ id, number: 12, event: "labeled", label: name, actor });
  return pullRequestEvent("labeled");
}

/** Takes the label away. */
export function unlabel(server: GitHubServer, actor = "maintainer"): void {
  const pull = server.state.pullRequests.get(12);
  if (pull !== undefined) pull.labels = pull.labels.filter((one) => one !== "preview");
  const id = server.state.labelEvents.length + 1;
  server.state.labelEvents.push({ id, number: 12, event: "unlabeled", label: "preview", actor });
}

export function pullRequestEvent(action: string, commit = commitOf(12)): PreviewEvent {
  return { kind: "pull-request", action, number: 12, commit };
}

/** Another commit on the branch. */
export function push(server: GitHubServer, number: number, timestamp: string): void {
  const pull = server.state.pullRequests.get(12);
  if (pull === undefined) throw new Error("There is no pull request 12.");
  pull.commit = commitOf(number);
  server.state.pushes.push({ branch: pull.branch, after: pull.commit, timestamp });
}

/** Writes a comment, and gives the event of it. */
export function comment(server: GitHubServer, body: string, author = "maintainer"): PreviewEvent & { kind: "comment" } {
  return commentEvent(addComment(server, 12, author, body));
}

export function commentEvent({ id, body, login }: ServerComment): PreviewEvent & { kind: "comment" } {
  return { kind: "comment", action: "created", number: 12, onPullRequest: true, comment: id, body, author: login };
}
