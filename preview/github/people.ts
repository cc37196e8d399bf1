import { type Client } from "./client";
import { calling, isNotFound } from "./error";
import { type GitHubSettings } from "./settings";

/**
 * Whether an account may push to the repository now. Asked from GitHub every time: a label or comment may be older than
 * the loss of that right, and the role "triage" sets labels without it.
 */
export async function mayWrite(client: Client, { owner, name }: GitHubSettings, login: string): Promise<boolean> {
  return calling(`asking for the permission of ${login}`, async () => {
    try {
      const { data } = await client.rest.repos.getCollaboratorPermissionLevel({ owner, repo: name, username: login });
      return data.permission === "admin" || data.permission === "write";
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  });
}

/** Who set a label last; undefined where nobody did, or has removed it since. */
export async function labelledBy(
  client: Client,
  { owner, name }: GitHubSettings,
  number: number,
  label: string,
): Promise<string | undefined> {
  return calling(`reading who labelled pull request ${String(number)}`, async () => {
    const options = { owner, repo: name, issue_number: number, per_page: 100 };
    const events = await client.paginate(client.rest.issues.listEvents, options);
    const last = events
      .filter((event) => "label" in event && event.label?.name === label)
      .sort((a, b) => a.id - b.id)
      .at(-1);
    return last?.event === "labeled" ? last.actor?.login : undefined;
  });
}

/** The commit that a branch of the repository had at a moment, by GitHub's own record of pushes: dates in commits can be forged. */
export async function commitAt(
  client: Client,
  { owner, name }: GitHubSettings,
  branch: string,
  moment: Date,
): Promise<string | undefined> {
  return calling(`reading the pushes to ${branch}`, async () => {
    const options = { owner, repo: name, ref: `refs/heads/${branch}`, direction: "desc", per_page: 100 } as const;
    for await (const { data } of client.paginate.iterator(client.rest.repos.listActivities, options)) {
      const found = data.find(({ timestamp }) => Date.parse(timestamp) <= moment.getTime());
      if (found !== undefined) return found.after;
    }
    return undefined;
  });
}
