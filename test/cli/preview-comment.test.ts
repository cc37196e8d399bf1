import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commentMarker } from "../../preview/comment";
import { rendered } from "../preview/comment/rendered";
import { running } from "../preview/comment/reports";
import { type GitHubServer, startGitHub } from "../preview/github-server";
import { addPullRequest } from "../preview/github/fill";

const command = resolve(__dirname, "../../cli/bin.js");
let folder: string;
let server: GitHubServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-"));
  server = await startGitHub();
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

/** What GitHub Actions says of the run. */
const run = { GITHUB_SERVER_URL: "https://github.com", GITHUB_RUN_ID: "4711" };

function comment(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const env = { ...process.env, ...server.environment, ...run, GITHUB_STEP_SUMMARY: join(folder, "summary.md") };
  return new Promise((done) => {
    execFile(process.execPath, [command, "preview", "comment", ...args], { env }, (error, stdout, stderr) =>
      done({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

function write(name: string, report: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(report));
  return file;
}

describe("aks-mesh preview comment", () => {
  it("writes the comment, and the same into the step's summary", async () => {
    addPullRequest(server, 12);
    const { status, stdout, stderr } = await comment("--pr", "12", "--report", write("report.json", running));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [written] = server.state.comments;
    expect(written?.body.startsWith(commentMarker)).toBe(true);
    expect(readFileSync(join(folder, "summary.md"), "utf8")).toBe(`${written?.body ?? ""}\n`);
    expect(stdout).toContain("issuecomment-");
  });

  it("says in one line which report there is not", async () => {
    const missing = join(folder, "missing.json");
    const { status, stderr } = await comment("--pr", "12", "--report", missing);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `aks-mesh: The report ${missing} cannot be read: there is no such file or folder.\n`,
    });
  });

  it("writes on no other pull request than the one that was named", async () => {
    addPullRequest(server, 13);
    const { status, stderr } = await comment("--pr", "13", "--report", write("report.json", running));
    expect(status).toBe(2);
    expect(stderr).toContain("not one of pull request 13");
    expect(server.requests).toEqual([]);
  });

  it("takes the place of an older one, with its address, where a run had no report", async () => {
    addPullRequest(server, 12);
    await comment("--pr", "12", "--report", write("report.json", running));
    expect(server.state.comments[0]?.body).toContain("pr&#45;12&#46;example&#46;org");
    const { status, stderr } = await comment("--pr", "12", "--no-report", "--commit", running.commit);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [written, ...others] = server.state.comments;
    expect(others).toEqual([]);
    expect(written?.body).not.toContain("example&#46;org");
    const { links, prose } = rendered(written?.body ?? "");
    expect(links.map(({ to }) => to)).toEqual(["https://github.com/octo-org/shop/actions/runs/4711"]);
    expect(prose).toContain("failed before it could say anything");
  });

  it("takes a report that is missing for a mistake, unless it is told so", async () => {
    addPullRequest(server, 12);
    const { status, stderr } = await comment("--pr", "12");
    expect(status).toBe(2);
    expect(stderr).toContain("--report FILE, as preview up wrote it, or --no-report");
    expect((await comment("--pr", "12", "--no-report", "--commit", "main")).status).toBe(2);
    expect(server.state.comments).toEqual([]);
  });

  it("writes all that the reaper left, whatever goes wrong with one", async () => {
    for (const number of [12, 13, 14]) addPullRequest(server, number);
    const removed = (number: number) => ({
      ...running,
      pullRequest: number,
      stack: `pr-${String(number)}`,
      state: { status: "removed" },
    });
    write("pr-12.json", removed(12));
    write("pr-13.json", removed(99));
    write("pr-14.json", removed(14));
    const { status, stderr } = await comment("--reports", folder);
    expect(status).toBe(1);
    expect(stderr).toContain("pr-13.json: The report is not one of pull request 13");
    expect(server.state.comments.map(({ number }) => number)).toEqual([12, 14]);
  });
});
