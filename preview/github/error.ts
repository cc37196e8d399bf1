import { RequestError } from "@octokit/request-error";

/** GitHub refused or could not be reached. The message says what was asked and what to do; it holds no token. */
export class GitHubError extends Error {
  override readonly name = "GitHubError";
  /** HTTP status, 0 where there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Runs a call to GitHub and says in its errors what was meant: `asking`, such as "reading pull request 12". */
export async function calling<T>(asking: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const answered = error.response === undefined ? 0 : error.status;
    throw new GitHubError(`GitHub: ${asking} failed: ${reasonOf(error, answered)}`, answered);
  }
}

function reasonOf(error: RequestError, status: number): string {
  if (status === 0) return "no answer. Is GITHUB_API_URL right, and GitHub up?";
  if (error.response?.headers["x-ratelimit-remaining"] === "0") return "the rate limit is used up. Try again later.";
  if (status >= 500) return `${String(status)}, GitHub has trouble of its own. Try again later.`;
  switch (status) {
    case 401:
      return "401, the token is not valid. Set GITHUB_TOKEN to one that is.";
    case 403:
      return `403, ${firstLine(error.message)}. The job needs the permission in its "permissions:".`;
    case 404:
      return "404, there is no such thing, or the token may not see it.";
    default:
      return `${String(status)}, ${firstLine(error.message)}.`;
  }
}

/** GitHub's own words, short. */
function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "")
    .replace(/ - https:\/\/\S*$/, "")
    .replace(/\.$/, "")
    .slice(0, 200);
}

/** Whether it is the answer "there is no such thing". */
export function isNotFound(error: unknown): boolean {
  return error instanceof RequestError && error.status === 404;
}
