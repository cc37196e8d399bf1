import { type Client } from "./client";
import { calling, isNotFound } from "./error";
import { type GitHubSettings } from "./settings";

/** A comment on a pull request. */
export interface IssueComment {
  readonly body: string;
  readonly author: string;
  /** Whether an app or a bot wrote it. */
  readonly bot: boolean;
  readonly createdAt: Date;
  readonly edited: boolean;
}

/** A comment as it is now; undefined where it is gone. */
export async function issueComment(
  client: Client,
  { owner, name }: GitHubSettings,
  id: number,
): Promise<IssueComment | undefined> {
  return calling(`reading comment ${String(id)}`, async () => {
    try {
      const { data } = await client.rest.issues.getComment({ owner, repo: name, comment_id: id });
      return {
        body: data.body ?? "",
        author: data.user?.login ?? "ghost",
        bot: data.user?.type !== "User",
        createdAt: new Date(data.created_at),
        edited: data.updated_at !== data.created_at,
      };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });
}
