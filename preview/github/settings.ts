import { GitHubError } from "./error";

/** Which repository, and as whom. */
export interface GitHubSettings {
  readonly owner: string;
  readonly name: string;
  readonly token: string;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** Login of the account that the token belongs to; asked from GitHub where it is absent. */
  readonly author?: string;
}

/**
 * Reads what GitHub Actions sets: GITHUB_REPOSITORY, GITHUB_TOKEN, GITHUB_API_URL, and AKS_MESH_COMMENT_AUTHOR where a
 * token of another app writes the comments.
 *
 * @throws {GitHubError} which names the variable that is missing.
 */
export function readGitHubSettings(environment: Readonly<Record<string, string | undefined>>): GitHubSettings {
  const { GITHUB_REPOSITORY: repository = "", GITHUB_TOKEN: token = "" } = environment;
  const [, owner, name] = /^([A-Za-z0-9-]{1,39})\/([\w.-]{1,100})$/.exec(repository) ?? [];
  if (owner === undefined || name === undefined || name === "." || name === "..") {
    throw new GitHubError("GITHUB_REPOSITORY must be set, as OWNER/NAME.", 0);
  }
  if (token === "") throw new GitHubError("GITHUB_TOKEN must be set: a token that may read the pull requests.", 0);
  const author = environment["AKS_MESH_COMMENT_AUTHOR"] || undefined;
  return { owner, name, token, apiUrl: apiUrl(environment["GITHUB_API_URL"]), ...(author && { author }) };
}

function apiUrl(text = "https://api.github.com"): string {
  if (!URL.canParse(text))
    throw new GitHubError("GITHUB_API_URL must be an address, such as https://api.github.com.", 0);
  const url = new URL(text);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) {
    throw new GitHubError("GITHUB_API_URL must begin with https://: the token is sent there.", 0);
  }
  return text.replace(/\/+$/, "");
}
