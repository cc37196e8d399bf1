import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fill, label } from "../preview/admit/events";
import { type GitHubServer, startGitHub } from "../preview/github-server";
import { commitOf } from "../preview/github/fill";

const command = resolve(__dirname, "../../cli/bin.js");
let folder: string;
let server: GitHubServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-"));
  server = await startGitHub();
  fill(server);
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the step gave to the next ones. */
  readonly outputs: string;
}

/** As a step of a workflow would run it. */
function admit(event: unknown, ...args: readonly string[]): Promise<Ended> {
  const file = join(folder, "event.json");
  const outputs = join(folder, "outputs");
  writeFileSync(file, typeof event === "string" ? event : JSON.stringify(event));
  writeFileSync(outputs, "");
  const env = { ...process.env, ...server.environment, GITHUB_OUTPUT: outputs, GITHUB_STEP_SUMMARY: "" };
  return new Promise((done) => {
    execFile(
      process.execPath,
      [command, "preview", "admit", "--event", file, ...args],
      { env },
      (error, stdout, stderr) =>
        done({
          status: error === null ? 0 : Number(error.code),
          stdout,
          stderr,
          outputs: readFileSync(outputs, "utf8"),
        }),
    );
  });
}

const labelled = { action: "labeled", pull_request: { number: 12, head: { sha: commitOf(12) } } };

describe("aks-mesh preview admit", () => {
  it("gives the next steps what they need, and no more", async () => {
    label(server);
    const { status, outputs, stderr } = await admit(labelled);
    expect(stderr).toBe("");
    expect(outputs).toBe(`admitted=true\npull-request=12\ncommit=${commitOf(12)}\nowner=octocat\ncluster=shared\n`);
    expect(status).toBe(0);
  });

  it("says that the preview gets a cluster of its own", async () => {
    label(server, "maintainer", "preview-own-cluster");
    label(server);
    const { outputs, stdout } = await admit(labelled);
    expect(outputs).toContain("\ncluster=own\n");
    expect(stdout).toContain(", on a cluster of its own.");
  });

  it("refuses in one line, which is no failure of the workflow", async () => {
    const { status, outputs, stdout } = await admit(labelled);
    expect(outputs).toBe("admitted=false\n");
    expect(stdout).toBe("No preview: The pull request has no label preview.\n");
    expect(status).toBe(0);
  });

  it("fails where another commit was expected", async () => {
    label(server);
    expect((await admit(labelled, "--expect", commitOf(12))).status).toBe(0);
    expect((await admit(labelled, "--expect", commitOf(13))).status).toBe(1);
  });

  it("fails, and admits nothing, where GitHub does not know the token", async () => {
    server.state.tokens.clear();
    const { status, outputs, stderr } = await admit(labelled);
    expect(status).toBe(1);
    expect(outputs).toBe("");
    expect(stderr).toMatch(/^aks-mesh: GitHub: reading pull request 12 failed: 401/);
    expect(stderr).not.toContain("workflow-token");
  });

  it("says what is wrong with the event", async () => {
    const { status, stderr } = await admit("no json");
    expect(status).toBe(2);
    expect(stderr).toContain("--event");
  });
});
