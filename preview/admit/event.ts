import { isJsonObject } from "../../mesh/manifests";
import { InputProblem } from "../problem";

/** Why a workflow runs, as far as previews care. Everything else about the pull request is asked from GitHub anew. */
export type PreviewEvent =
  | {
      readonly kind: "pull-request";
      readonly action: string;
      readonly number: number;
      /** The newest commit when it happened. */
      readonly commit: string;
    }
  | {
      readonly kind: "comment";
      readonly action: string;
      readonly number: number;
      /** Whether it is on a pull request, not on an issue. */
      readonly onPullRequest: boolean;
      readonly comment: number;
      /** What was written at that time. */
      readonly body: string;
      readonly author: string;
    };

/**
 * Reads the payload of a workflow run (`$GITHUB_EVENT_PATH`).
 *
 * @throws {InputProblem} where it is none of a pull request or comment.
 */
export function readEvent(text: string): PreviewEvent {
  let payload: unknown;
  try {
    payload = JSON.parse(text);
  } catch {
    throw new InputProblem("--event: the file is no JSON. Give it $GITHUB_EVENT_PATH.");
  }
  const event = isJsonObject(payload) ? (commentEvent(payload) ?? pullRequestEvent(payload)) : undefined;
  if (event !== undefined) return event;
  throw new InputProblem("--event: previews know the events pull_request_target and issue_comment alone.");
}

type Payload = Readonly<Record<string, unknown>>;

function pullRequestEvent({ action, pull_request: pull }: Payload): PreviewEvent | undefined {
  if (typeof action !== "string" || !isJsonObject(pull) || !isJsonObject(pull["head"])) return undefined;
  const number = positive(pull["number"]);
  const commit = pull["head"]["sha"];
  if (number === undefined || typeof commit !== "string" || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
  return { kind: "pull-request", action, number, commit };
}

function commentEvent({ action, issue, comment }: Payload): PreviewEvent | undefined {
  if (typeof action !== "string" || !isJsonObject(issue) || !isJsonObject(comment)) return undefined;
  const number = positive(issue["number"]);
  const id = positive(comment["id"]);
  const { body, user } = comment;
  const author = isJsonObject(user) ? user["login"] : undefined;
  if (number === undefined || id === undefined || typeof body !== "string" || typeof author !== "string") {
    return undefined;
  }
  return {
    kind: "comment",
    action,
    number,
    onPullRequest: isJsonObject(issue["pull_request"]),
    comment: id,
    body,
    author,
  };
}

/** A number that GitHub would give: anything else would end up in a name. */
function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
