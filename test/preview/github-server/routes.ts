import { type GitHubState, type ServerComment, type ServerPullRequest, workflowLogin } from "./state";

/** A request, read. */
export interface Asked {
  readonly method: string;
  /** Below the repository, such as `pulls/12`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Login of the caller. */
  readonly login: string;
}

/** An answer: a list is given in pages. */
export type Answer =
  { readonly status: number; readonly json?: unknown } | { readonly status: 200; readonly list: readonly unknown[] };

const missing: Answer = { status: 404, json: { message: "Not Found" } };

type Route = readonly [method: string, path: RegExp, answer: (state: GitHubState, asked: Asked, id: string) => Answer];

const routes: readonly Route[] = [
  [
    "GET",
    /^pulls$/,
    ({ pullRequests }) => list([...pullRequests.values()].filter((one) => one.state === "open").map(pull)),
  ],
  ["GET", /^pulls\/(\d+)$/, ({ pullRequests }, _asked, id) => found(pullRequests.get(Number(id)), pull)],
  ["GET", /^pulls\/(\d+)\/files$/, ({ pullRequests }, _asked, id) => list(pullRequests.get(Number(id))?.files ?? [])],
  [
    "GET",
    /^issues\/(\d+)\/comments$/,
    ({ comments }, _asked, id) => list(comments.filter((one) => one.number === Number(id)).map(comment)),
  ],
  ["POST", /^issues\/(\d+)\/comments$/, createComment],
  [
    "GET",
    /^issues\/comments\/(\d+)$/,
    ({ comments }, _asked, id) =>
      found(
        comments.find((one) => one.id === Number(id)),
        comment,
      ),
  ],
  ["PATCH", /^issues\/comments\/(\d+)$/, editComment],
  ["DELETE", /^issues\/comments\/(\d+)$/, deleteComment],
  ["GET", /^issues\/(\d+)\/events$/, labelEvents],
  ["GET", /^collaborators\/(.+)\/permission$/, permission],
  ["GET", /^activity$/, activity],
];

/** Answers a request about the repository. */
export function answer(state: GitHubState, asked: Asked): Answer {
  for (const [method, path, handle] of routes) {
    const match = method === asked.method ? path.exec(asked.path) : null;
    if (match !== null) return handle(state, asked, match[1] ?? "");
  }
  return missing;
}

function list(items: readonly unknown[]): Answer {
  return { status: 200, list: items };
}

function found<T>(value: T | undefined, shape: (value: T) => unknown): Answer {
  return value === undefined ? missing : { status: 200, json: shape(value) };
}

function pull({ number, state, title, author, commit, branch, from, labels }: ServerPullRequest): unknown {
  return {
    number,
    state,
    title,
    user: { login: author },
    head: { sha: commit, ref: branch, repo: from === null ? null : { id: from } },
    base: { ref: "main", repo: { id: 1 } },
    labels: labels.map((name) => ({ name })),
  };
}

function comment({ id, number, login, type, body, createdAt, updatedAt }: ServerComment): unknown {
  const html_url = `https://github.example/pull/${String(number)}#issuecomment-${String(id)}`;
  return { id, body, html_url, user: { login, type }, created_at: createdAt, updated_at: updatedAt };
}

function bodyOf({ body }: Asked): string {
  const text = typeof body === "object" && body !== null && "body" in body ? body.body : undefined;
  return typeof text === "string" ? text : "";
}

function createComment({ comments, pullRequests }: GitHubState, asked: Asked, id: string): Answer {
  if (!pullRequests.has(Number(id))) return missing;
  const body = bodyOf(asked);
  if (body === "" || body.length > 65_536) {
    return { status: 422, json: { message: "Validation Failed: body is too long (maximum is 65536 characters)" } };
  }
  const now = new Date().toISOString();
  const made: ServerComment = {
    id: Math.max(1000, ...comments.map((one) => one.id)) + 1,
    number: Number(id),
    login: asked.login,
    type: asked.login === workflowLogin ? "Bot" : "User",
    body,
    createdAt: now,
    updatedAt: now,
  };
  comments.push(made);
  return { status: 201, json: comment(made) };
}

function editComment({ comments }: GitHubState, asked: Asked, id: string): Answer {
  const one = comments.find((other) => other.id === Number(id));
  if (one === undefined) return missing;
  if (one.login !== asked.login) return { status: 403, json: { message: "Resource not accessible by integration" } };
  one.body = bodyOf(asked);
  one.updatedAt = new Date().toISOString();
  return { status: 200, json: comment(one) };
}

function deleteComment({ comments }: GitHubState, _asked: Asked, id: string): Answer {
  const at = comments.findIndex((one) => one.id === Number(id));
  if (at < 0) return missing;
  comments.splice(at, 1);
  return { status: 204 };
}

function labelEvents({ labelEvents: events }: GitHubState, _asked: Asked, id: string): Answer {
  return list(
    events
      .filter(({ number }) => number === Number(id))
      .map(({ id: event, event: kind, label, actor }) => ({
        id: event,
        event: kind,
        label: { name: label },
        actor: { login: actor },
      })),
  );
}

function permission({ permissions }: GitHubState, _asked: Asked, login: string): Answer {
  const level = permissions.get(decodeURIComponent(login));
  return level === undefined ? missing : { status: 200, json: { permission: level } };
}

function activity({ pushes }: GitHubState, { query }: Asked): Answer {
  const ref = query.get("ref");
  const matching = pushes.filter(({ branch }) => `refs/heads/${branch}` === ref);
  const newestFirst = [...matching].sort((a, b) => b.timestamp.localeCompare(a.timestamp));
  return list(newestFirst.map(({ after, timestamp }, id) => ({ id, after, timestamp, ref, activity_type: "push" })));
}
