import { type GitHub, type PullRequest } from "../github";
import { pullRequestOf } from "../../program/previews/settings";
import { type PreviewEvent } from "./event";
import { protectedFile } from "./protected-paths";

/** Whether a preview may run, and of which commit. */
export type Admission =
  | {
      readonly admitted: true;
      readonly pullRequest: number;
      readonly commit: string;
      readonly owner: string;
      /** `own` where the pull request has the label for it. */
      readonly cluster: "shared" | "own";
    }
  /** `reason`: one sentence for whoever asked. It names no text that a stranger wrote. */
  | { readonly admitted: false; readonly reason: string };

/** The label that asks for a preview of every push. */
export const previewLabel = "preview";

/** The label that gives a preview a cluster of its own. By itself it asks for none. */
export const ownClusterLabel = "preview-own-cluster";

/**
 * Decides whether an event may start a preview. The pull request's code will run with the previews' rights in Azure, so that
 * somebody who may push to the repository has to want it: with the label, for every commit of the branch, or with the comment
 * `/preview`, for the one commit that was the newest when it was written.
 *
 * The event is only believed as to what happened; how things stand now is asked from GitHub.
 *
 * @throws {GitHubError} where GitHub does not answer: nothing is admitted then.
 */
export async function admit(github: GitHub, event: PreviewEvent): Promise<Admission> {
  const refused = (reason: string): Admission => ({ admitted: false, reason });
  // The name of the stack is made from it.
  if (pullRequestOf(`pr-${String(event.number)}`) === undefined) return refused("The number is too large for a stack.");
  if (event.kind === "comment" && !isAsking(event)) return refused("Nobody asked for a preview.");
  const pull = await github.pullRequest(event.number);
  if (pull === undefined) return refused("There is no such pull request.");
  if (!pull.open) return refused("The pull request is closed.");
  if (pull.fork) {
    return refused(
      "The pull request comes from a fork. Push its commits to a branch of this repository to preview them.",
    );
  }
  const objection =
    event.kind === "comment" ? await ofComment(github, event, pull) : await ofLabel(github, event, pull);
  if (objection !== undefined) return refused(objection);
  const cluster = pull.labels.includes(ownClusterLabel) ? "own" : "shared";
  if (cluster === "own" && !(await isSetByWriter(github, pull.number, ownClusterLabel))) {
    return refused(`Whoever sets the label ${ownClusterLabel} must have the right to push to this repository.`);
  }
  const files = await github.changedFiles(pull.number);
  if (files === undefined) return refused("The pull request touches more files than GitHub lists.");
  if (protectedFile(files) !== undefined) {
    return refused(
      "The pull request changes what decides over previews. Bring that to the main branch in one of its own.",
    );
  }
  // The files are those of the newest commit, which need not be the one of a moment ago.
  const now = await github.pullRequest(pull.number);
  if (now?.commit !== pull.commit || !now.open) return refused("The pull request has changed meanwhile. Ask again.");
  return { admitted: true, pullRequest: pull.number, commit: pull.commit, owner: pull.author, cluster };
}

/** The whole comment, so that one that quotes or explains it starts nothing. */
const request = /^\/preview(?:\s+([0-9a-f]{40}))?$/;

function isAsking({ action, onPullRequest, body }: PreviewEvent & { kind: "comment" }): boolean {
  return action === "created" && onPullRequest && request.test(body.trim());
}

/** @returns what speaks against a preview because of a comment. */
async function ofComment(
  github: GitHub,
  event: PreviewEvent & { kind: "comment" },
  pull: PullRequest,
): Promise<string | undefined> {
  const comment = await github.issueComment(event.comment);
  if (comment === undefined) return "The comment is gone.";
  if (comment.edited || comment.body !== event.body) return "The comment was edited. Write a new one.";
  if (comment.bot) return "Only people ask for previews.";
  if (comment.author !== event.author || !(await github.mayWrite(comment.author))) {
    return "Whoever asks for a preview must have the right to push to this repository.";
  }
  const named = request.exec(comment.body.trim())?.[1];
  // GitHub counts whole seconds: what was pushed in the same one may have come after the comment.
  const pinned = named ?? (await github.commitAt(pull.branch, new Date(comment.createdAt.getTime() - 1)));
  if (pinned === undefined) return "It is not known which commit was the newest then. Name it: /preview COMMIT.";
  return pinned === pull.commit ? undefined : "There are newer commits than the one that was asked for. Ask again.";
}

/** Actions after which a labelled pull request gets a preview. */
const actions = ["labeled", "synchronize", "reopened", "opened", "ready_for_review"];

/** @returns what speaks against a preview because of the label. */
async function ofLabel(
  github: GitHub,
  event: PreviewEvent & { kind: "pull-request" },
  pull: PullRequest,
): Promise<string | undefined> {
  if (!actions.includes(event.action)) return "Nothing has happened that calls for a preview.";
  if (!pull.labels.includes(previewLabel)) return `The pull request has no label ${previewLabel}.`;
  if (!(await isSetByWriter(github, pull.number, previewLabel))) {
    return "Whoever sets the label must have the right to push to this repository.";
  }
  return event.commit === pull.commit ? undefined : "There are newer commits, and a newer run for them.";
}

/** Whether a label was set by somebody who may push now. */
async function isSetByWriter(github: GitHub, number: number, label: string): Promise<boolean> {
  const actor = await github.labelledBy(number, label);
  return actor !== undefined && (await github.mayWrite(actor));
}
