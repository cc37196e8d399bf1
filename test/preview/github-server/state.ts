/** What the server knows of one repository; tests change it as they like. */
export interface GitHubState {
  readonly repository: string;
  /** Who a token belongs to; `null` for the token of a workflow, which belongs to an app's installation. */
  readonly tokens: Map<string, string | null>;
  /** Tokens of workflows that a fork's pull request started: they may only read. */
  readonly readOnly: Set<string>;
  /** Permission by login, as GitHub's old names have it: the role `maintain` is `write` here, `triage` is `read`. */
  readonly permissions: Map<string, "admin" | "write" | "read" | "none">;
  readonly pullRequests: Map<number, ServerPullRequest>;
  readonly comments: ServerComment[];
  readonly labelEvents: { id: number; number: number; event: "labeled" | "unlabeled"; label: string; actor: string }[];
  /** Pushes to branches of the repository. */
  readonly pushes: { branch: string; after: string; timestamp: string }[];
}

export interface ServerPullRequest {
  readonly number: number;
  state: "open" | "closed";
  title: string;
  author: string;
  commit: string;
  branch: string;
  /** Id of the repository that it comes from; 1 is this one, null one that is gone. */
  from: number | null;
  labels: string[];
  files: { filename: string; previous_filename?: string }[];
}

export interface ServerComment {
  readonly id: number;
  readonly number: number;
  readonly login: string;
  readonly type: "User" | "Bot";
  body: string;
  createdAt: string;
  updatedAt: string;
}

/** Login under which the tokens of workflows write. */
export const workflowLogin = "github-actions[bot]";

export function emptyState(repository: string): GitHubState {
  return {
    repository,
    tokens: new Map([
      ["workflow-token", null],
      ["fork-token", null],
    ]),
    readOnly: new Set(["fork-token"]),
    permissions: new Map(),
    pullRequests: new Map(),
    comments: [],
    labelEvents: [],
    pushes: [],
  };
}
