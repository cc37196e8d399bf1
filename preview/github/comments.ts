import { RequestError } from "@octokit/request-error";
import { markerOf } from "../comment/marker";
import { type Client } from "./client";
import { calling, isNotFound } from "./error";
import { type GitHubSettings } from "./settings";

/** Who writes with the token of a workflow. */
const workflowAccount = "github-actions[bot]";
/** How often a comment is tried to be created while GitHub answers 5xx. */
const mostTries = 4;

interface OwnComment {
  readonly id: number;
  readonly body: string;
  readonly url: string;
}

/**
 * Writes the comment on a pull request, or edits the one that is there.
 *
 * Ours is what has the marker in its first line *and* was written by our account: the marker alone anybody can write.
 * Where there are several, the oldest stays and the others go. Each marker has a comment of its own.
 *
 * @returns the address of the comment.
 */
export async function upsertComment(
  client: Client,
  settings: GitHubSettings,
  number: number,
  body: string,
): Promise<string> {
  return write(client, settings, number, body, (author) => create(client, settings, number, author, body));
}

/** Edits the comment on a pull request where there is one, see {@link upsertComment}. @returns its address. */
export async function updateComment(
  client: Client,
  settings: GitHubSettings,
  number: number,
  body: string,
): Promise<string | undefined> {
  return write(client, settings, number, body, () => Promise.resolve(undefined));
}

async function write<T>(
  client: Client,
  settings: GitHubSettings,
  number: number,
  body: string,
  begin: (author: string) => Promise<T>,
): Promise<string | T> {
  if (markerOf(body) === undefined) throw new Error("A comment without our marker would never be found again.");
  const author = settings.author ?? (await accountOf(client));
  return calling(`writing the comment on pull request ${String(number)}`, async () => {
    const [first, ...others] = await ownComments(client, settings, number, author, body);
    for (const { id } of others) await remove(client, settings, id);
    if (first === undefined) return begin(author);
    if (first.body === body) return first.url;
    return (await edit(client, settings, first.id, body)) ?? begin(author);
  });
}

async function accountOf(client: Client): Promise<string> {
  return calling("asking whose token this is", async () => {
    try {
      return (await client.rest.users.getAuthenticated()).data.login;
    } catch (error) {
      // The token of a workflow belongs to an app's installation, and those have no user to be asked for.
      if (error instanceof RequestError && error.status === 403) return workflowAccount;
      throw error;
    }
  });
}

async function ownComments(
  client: Client,
  { owner, name }: GitHubSettings,
  number: number,
  author: string,
  like: string,
): Promise<readonly OwnComment[]> {
  const comments = await client.paginate(client.rest.issues.listComments, {
    owner,
    repo: name,
    issue_number: number,
    per_page: 100,
  });
  return comments
    .map(({ id, body, html_url, user }) => ({ id: Number(id), body: body ?? "", url: html_url, login: user?.login }))
    .filter(({ body, login }) => login === author && markerOf(body) === markerOf(like))
    .sort((a, b) => a.id - b.id);
}

/** Creates a comment once, also where GitHub creates it and then answers with an error. */
async function create(
  client: Client,
  settings: GitHubSettings,
  number: number,
  author: string,
  body: string,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      const { data } = await client.rest.issues.createComment({
        owner: settings.owner,
        repo: settings.name,
        issue_number: number,
        body,
        request: { retries: 0 },
      });
      return data.html_url;
    } catch (error) {
      if (!(error instanceof RequestError) || error.status < 500 || tries === mostTries) throw error;
      const [made] = await ownComments(client, settings, number, author, body);
      if (made !== undefined)
        return made.body === body ? made.url : ((await edit(client, settings, made.id, body)) ?? "");
    }
  }
}

/** @returns the address, or undefined where somebody has deleted the comment meanwhile. */
async function edit(client: Client, settings: GitHubSettings, id: number, body: string): Promise<string | undefined> {
  try {
    const { owner, name } = settings;
    const { data } = await client.rest.issues.updateComment({ owner, repo: name, comment_id: id, body });
    return data.html_url;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function remove(client: Client, { owner, name }: GitHubSettings, id: number): Promise<void> {
  try {
    await client.rest.issues.deleteComment({ owner, repo: name, comment_id: id });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
