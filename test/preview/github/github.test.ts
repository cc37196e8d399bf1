import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commentMarker } from "../../../preview/comment";
import { github, type GitHub, GitHubError } from "../../../preview/github";
import { type GitHubServer, startGitHub, workflowLogin } from "../github-server";
import { addComment, addPullRequest, commitOf } from "./fill";

let server: GitHubServer;
let api: GitHub;

beforeEach(async () => {
  server = await startGitHub();
  api = github(server.environment, 10);
});
afterEach(() => server.stop());

const body = `${commentMarker}\nfirst`;

describe("the one comment", () => {
  beforeEach(() => addPullRequest(server, 12));

  it("is written once and edited from then on", async () => {
    const address = await api.upsertComment(12, body);
    expect(await api.upsertComment(12, `${commentMarker}\nsecond`)).toBe(address);
    expect(server.state.comments.map((one) => [one.login, one.body])).toEqual([
      [workflowLogin, `${commentMarker}\nsecond`],
    ]);
  });

  it("is not written again where it says the same", async () => {
    await api.upsertComment(12, body);
    server.requests.length = 0;
    await api.upsertComment(12, body);
    expect(server.requests.filter((one) => !one.startsWith("GET "))).toEqual([]);
  });

  it("is found among hundreds, behind somebody else's with our marker", async () => {
    const others = Array.from({ length: 350 }, (_, index) =>
      addComment(server, 12, "mallory", index === 3 ? `${body} by mallory` : `comment ${String(index)}`),
    );
    const ours = addComment(server, 12, workflowLogin, body);
    addComment(server, 12, "mallory", body);
    await api.upsertComment(12, `${commentMarker}\nedited`);
    expect(ours.body).toBe(`${commentMarker}\nedited`);
    expect(others[3]?.body).toBe(`${body} by mallory`);
    expect(server.state.comments).toHaveLength(352);
    expect(server.requests.filter((one) => one.includes("/comments?"))).toHaveLength(4);
  });

  it("is its own where somebody else's with our marker came first", async () => {
    const theirs = addComment(server, 12, "mallory", body);
    await api.upsertComment(12, `${commentMarker}\nours`);
    expect(theirs.body).toBe(body);
    expect(server.state.comments.map(({ login }) => login)).toEqual(["mallory", workflowLogin]);
  });

  it("is not one of the same account that only quotes the marker", async () => {
    const quoting = addComment(server, 12, workflowLogin, `> ${commentMarker}\nanother workflow's`);
    await api.upsertComment(12, body);
    expect(quoting.body).toContain("another workflow's");
    expect(server.state.comments).toHaveLength(2);
  });

  it("stays one: later ones of ours are removed", async () => {
    const oldest = addComment(server, 12, workflowLogin, body);
    addComment(server, 12, workflowLogin, body);
    await api.upsertComment(12, `${commentMarker}\nnew`);
    expect(server.state.comments).toEqual([
      { ...oldest, body: `${commentMarker}\nnew`, updatedAt: expect.any(String) },
    ]);
  });

  it("belongs to the token's account where that is a person", async () => {
    server.state.tokens.set("personal", "octocat");
    addComment(server, 12, workflowLogin, body);
    await github({ ...server.environment, GITHUB_TOKEN: "personal" }, 10).upsertComment(12, body);
    expect(server.state.comments.map(({ login }) => login)).toEqual([workflowLogin, "octocat"]);
  });

  it("is created once, also where GitHub creates it and answers 502", async () => {
    server.faults.push({ kind: "lost-answer", on: "POST", times: 1 });
    await api.upsertComment(12, body);
    expect(server.state.comments.map((one) => one.body)).toEqual([body]);
  });

  it("is created where GitHub answers 502 and has done nothing", async () => {
    server.faults.push({ kind: "error", status: 502, on: "POST", times: 1 });
    await api.upsertComment(12, body);
    expect(server.state.comments).toHaveLength(1);
  });

  it("is written without a marker never", async () => {
    await expect(api.upsertComment(12, "hello")).rejects.toThrow(/marker/);
    expect(server.state.comments).toEqual([]);
  });

  it("is asked for on a pull request that there is not", async () => {
    await expect(api.upsertComment(99, body)).rejects.toThrow(/pull request 99 failed: 404/);
  });
});

describe("faults on GitHub's side", () => {
  beforeEach(() => addPullRequest(server, 12));

  it.each([
    { kind: "secondary-limit", seconds: 3, status: 403, times: 2 },
    { kind: "secondary-limit", seconds: 3, status: 429, times: 2 },
    { kind: "rate-limit", seconds: 4, times: 1 },
    { kind: "error", status: 500, times: 2 },
    { kind: "error", status: 503, times: 3 },
    { kind: "hang-up", times: 2 },
  ] as const)("is waited for: $kind, $times times", async (fault) => {
    server.faults.push({ ...fault });
    const start = performance.now();
    expect(await api.pullRequest(12)).toMatchObject({ number: 12, open: true });
    expect(server.requests).toHaveLength(fault.times + 1);
    // A second lasts 10 ms here.
    if ("seconds" in fault && fault.seconds !== undefined) {
      expect(performance.now() - start).toBeGreaterThan(fault.seconds * fault.times * 10 * 0.9);
    }
  });

  it("ends in an error that says what was asked, where it lasts", async () => {
    server.faults.push({ kind: "error", status: 502, times: 100 });
    const error = await api.pullRequest(12).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GitHubError);
    expect(String(error)).toMatch(/reading pull request 12 failed: 502/);
    expect(String(error)).not.toContain("<html>");
    expect(server.requests).toHaveLength(4);
  });

  it("does not wait an hour for the next window", async () => {
    server.faults.push({ kind: "rate-limit", seconds: 3000, times: 100 });
    await expect(api.pullRequest(12)).rejects.toThrow(/rate limit is used up/);
    expect(server.requests).toHaveLength(1);
  });

  it("has no token in its errors", async () => {
    const token = "ghs_secretsecretsecret";
    const error: unknown = await github({ ...server.environment, GITHUB_TOKEN: token }, 10)
      .pullRequest(12)
      .catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/401, the token is not valid/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(token);
  });
});

describe("what is asked", () => {
  it("gives all open pull requests, page by page", async () => {
    for (let number = 1; number <= 230; number++) addPullRequest(server, number).state = number % 2 ? "open" : "closed";
    expect(await api.openPullRequests()).toHaveLength(115);
  });

  it("knows a fork, and one that is gone", async () => {
    addPullRequest(server, 1);
    addPullRequest(server, 2).from = 77;
    addPullRequest(server, 3).from = null;
    const forks = await Promise.all([1, 2, 3].map(async (number) => (await api.pullRequest(number))?.fork));
    expect(forks).toEqual([false, true, true]);
    expect(await api.pullRequest(4)).toBeUndefined();
  });

  it("gives former names of files, and nothing where there are too many", async () => {
    addPullRequest(server, 1).files = [{ filename: "b", previous_filename: "a" }, { filename: "c" }];
    expect(await api.changedFiles(1)).toEqual(["b", "a", "c"]);
    addPullRequest(server, 2).files = Array.from({ length: 3000 }, (_, index) => ({ filename: String(index) }));
    expect(await api.changedFiles(2)).toBeUndefined();
  });

  it("takes admins and writers for people who may write, nobody else", async () => {
    for (const level of ["admin", "write", "read", "none"] as const) server.state.permissions.set(level, level);
    const answers = ["admin", "write", "read", "none", "stranger"].map((login) => api.mayWrite(login));
    expect(await Promise.all(answers)).toEqual([true, true, false, false, false]);
  });

  it("gives the commit of a branch at a moment", async () => {
    const push = (hour: number, after: string) =>
      server.state.pushes.push({
        branch: "feature",
        after,
        timestamp: `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`,
      });
    push(10, commitOf(1));
    push(12, commitOf(2));
    const at = (time: string) => api.commitAt("feature", new Date(time));
    expect(await at("2026-01-01T09:59:59Z")).toBeUndefined();
    expect(await at("2026-01-01T10:00:00Z")).toBe(commitOf(1));
    expect(await at("2026-01-01T11:59:59Z")).toBe(commitOf(1));
    expect(await at("2026-01-01T13:00:00Z")).toBe(commitOf(2));
  });
});

describe("settings", () => {
  it.each([
    [{ GITHUB_REPOSITORY: undefined }, /GITHUB_REPOSITORY/],
    [{ GITHUB_REPOSITORY: "octo-org" }, /OWNER\/NAME/],
    [{ GITHUB_REPOSITORY: "octo-org/../x" }, /OWNER\/NAME/],
    [{ GITHUB_REPOSITORY: "octo-org/.." }, /OWNER\/NAME/],
    [{ GITHUB_TOKEN: "" }, /GITHUB_TOKEN/],
    [{ GITHUB_API_URL: "http://api.github.example" }, /https/],
    [{ GITHUB_API_URL: "github" }, /GITHUB_API_URL/],
  ])("%o is refused", (change, message) => {
    expect(() => github({ ...server.environment, ...change })).toThrow(message);
  });
});
