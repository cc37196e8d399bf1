import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { answerFault, type Fault, nextFault } from "./faults";
import { answer, type Answer } from "./routes";
import { emptyState, type GitHubState, workflowLogin } from "./state";

export type { Fault } from "./faults";
export { type GitHubState, type ServerComment, type ServerPullRequest, workflowLogin } from "./state";

/** A server on this machine that speaks the part of GitHub's REST API that previews use. */
export interface GitHubServer {
  readonly url: string;
  readonly state: GitHubState;
  /** Faults that hit the next requests. */
  readonly faults: Fault[];
  /** All requests so far, as `METHOD /path?query`. */
  readonly requests: string[];
  /** The variables that GitHub Actions would set, for the token of a workflow. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const repository = "octo-org/shop";
/** GitHub's own limit of a page. */
const largestPage = 100;

/** Starts a server for one repository, `octo-org/shop`. */
export async function startGitHub(): Promise<GitHubServer> {
  const state = emptyState(repository);
  const faults: Fault[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void serve(request, response, { state, faults, requests });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    state,
    faults,
    requests,
    environment: { GITHUB_REPOSITORY: repository, GITHUB_TOKEN: "workflow-token", GITHUB_API_URL: url },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Served = Pick<GitHubServer, "state" | "faults" | "requests">;

async function serve(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const asked = `${method} ${url}`;
  served.requests.push(asked);
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const fault = nextFault(served.faults, asked);
  if (fault !== undefined && fault.kind !== "lost-answer") {
    answerFault(fault, response);
    return;
  }
  const address = new URL(url, "http://127.0.0.1");
  const result = decide(served.state, request, address, text === "" ? undefined : JSON.parse(text));
  if (fault !== undefined) answerFault(fault, response);
  else send(response, address, request.headers.host ?? "", result);
}

function decide({ tokens, ...rest }: GitHubState, request: IncomingMessage, address: URL, body: unknown): Answer {
  const token = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const owner = token === undefined ? undefined : tokens.get(token);
  if (owner === undefined) return { status: 401, json: { message: "Bad credentials" } };
  if (token !== undefined && rest.readOnly.has(token) && request.method !== "GET") {
    return { status: 403, json: { message: "Resource not accessible by integration" } };
  }
  if (address.pathname === "/user") {
    if (owner === null) return { status: 403, json: { message: "Resource not accessible by integration" } };
    return { status: 200, json: { login: owner } };
  }
  const prefix = `/repos/${rest.repository}/`;
  if (!address.pathname.startsWith(prefix)) return { status: 404, json: { message: "Not Found" } };
  const path = address.pathname.slice(prefix.length);
  const login = owner ?? workflowLogin;
  return answer(
    { tokens, ...rest },
    { method: request.method ?? "GET", path, query: address.searchParams, body, login },
  );
}

function send(response: ServerResponse, address: URL, host: string, result: Answer): void {
  const headers: Record<string, string> = { "content-type": "application/json; charset=utf-8" };
  let json: unknown;
  if ("list" in result) {
    const size = Math.min(Number(address.searchParams.get("per_page") ?? 30), largestPage);
    const page = Number(address.searchParams.get("page") ?? 1);
    json = result.list.slice((page - 1) * size, page * size);
    if (page * size < result.list.length) {
      const next = new URL(address);
      next.searchParams.set("page", String(page + 1));
      headers["link"] = `<http://${host}${next.pathname}${next.search}>; rel="next"`;
    }
  } else json = result.json;
  response.writeHead(result.status, headers);
  response.end(json === undefined ? undefined : JSON.stringify(json));
}
