import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { admit, readEvent } from "../../../preview/admit";
import { github, type GitHub } from "../../../preview/github";
import { type GitHubServer, startGitHub } from "../github-server";
import { commitOf } from "../github/fill";
import { comment, fill, label, pullRequestEvent, push } from "./events";

let server: GitHubServer;
let api: GitHub;

beforeEach(async () => {
  server = await startGitHub();
  api = github(server.environment, 10);
  fill(server);
});
afterEach(() => server.stop());

const admitted = { admitted: true, pullRequest: 12, commit: commitOf(12), owner: "octocat", cluster: "shared" };

describe("a preview", () => {
  it("runs because of the label, set by somebody who may push", async () => {
    expect(await admit(api, label(server, "maintainer"))).toEqual(admitted);
    expect(await admit(api, label(server, "octocat"))).toEqual(admitted);
  });

  it("gets a cluster of its own with the label for that, set by somebody who may push", async () => {
    label(server, "maintainer", "preview-own-cluster");
    expect(await admit(api, pullRequestEvent("labeled"))).toMatchObject({
      reason: expect.stringContaining("no label"),
    });
    const own = { ...admitted, cluster: "own" };
    expect(await admit(api, comment(server, "/preview"))).toEqual(own);
    expect(await admit(api, label(server))).toEqual(own);
  });

  it("follows the pushes of a labelled pull request", async () => {
    label(server);
    push(server, 13, "2026-01-01T00:00:00Z");
    expect(await admit(api, pullRequestEvent("synchronize", commitOf(13)))).toEqual({
      ...admitted,
      commit: commitOf(13),
    });
  });

  it("leaves an older commit to the run of the newer", async () => {
    const event = label(server);
    push(server, 13, "2026-01-01T00:00:00Z");
    expect(await admit(api, event)).toMatchObject({ admitted: false, reason: expect.stringContaining("newer run") });
  });

  it("runs because of /preview, for the commit that was the newest then", async () => {
    expect(await admit(api, comment(server, "/preview\n"))).toEqual(admitted);
  });

  it("runs because of /preview with the commit", async () => {
    expect(await admit(api, comment(server, `/preview ${commitOf(12)}`))).toEqual(admitted);
    expect(await admit(api, comment(server, `/preview ${commitOf(11)}`))).toMatchObject({ admitted: false });
  });

  it("does not run where it is not known which commit was meant", async () => {
    server.state.pushes.length = 0;
    expect(await admit(api, comment(server, "/preview"))).toMatchObject({ reason: expect.stringContaining("Name it") });
  });

  it("does not run where GitHub does not answer", async () => {
    const event = label(server);
    server.faults.push({ kind: "error", status: 502, on: "/permission", times: 100 });
    await expect(admit(api, event)).rejects.toThrow(/asking for the permission of maintainer failed/);
  });

  it.each([
    "hello",
    "/previews",
    "please /preview",
    "> /preview",
    "/preview now",
    "/preview\n/preview",
    "/preview 0123456",
  ])("does not run because of the comment %j", async (body) => {
    const event = comment(server, body);
    server.requests.length = 0;
    expect(await admit(api, event)).toEqual({ admitted: false, reason: "Nobody asked for a preview." });
    expect(server.requests).toEqual([]);
  });
});

describe("the payload of an event", () => {
  it("gives what happened", () => {
    const pull = { number: 12, head: { sha: commitOf(12) } };
    expect(readEvent(JSON.stringify({ action: "labeled", pull_request: pull }))).toEqual(pullRequestEvent("labeled"));
    const issue = { number: 12, pull_request: { url: "x" } };
    const written = { id: 7, body: "/preview", user: { login: "maintainer" } };
    expect(readEvent(JSON.stringify({ action: "created", issue, comment: written }))).toEqual({
      kind: "comment",
      action: "created",
      number: 12,
      onPullRequest: true,
      comment: 7,
      body: "/preview",
      author: "maintainer",
    });
  });

  it.each(["", "[]", "{}", "null", '{"action":"push"}'])("is refused where it is another: %j", (text) => {
    expect(() => readEvent(text)).toThrow(/--event/);
  });
});
