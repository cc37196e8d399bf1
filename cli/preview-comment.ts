import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { renderComment, renderUnreported, runAddress } from "../preview/comment";
import { github, GitHubError } from "../preview/github";
import { readCommit, readPullRequest } from "../preview/inputs";
import { PreviewProblem } from "../preview/problem";
import { readReport, withReview } from "../preview/read-report";
import { type PreviewReport } from "../preview/report";
import { readText } from "./input";
import { readOptions } from "./options";
import { type Known, nothingKnown } from "./preview-files";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { tellWorkflow } from "./workflow-files";

/** `aks-mesh preview comment`: writes what a report holds on the pull request. */
export async function commentCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, {
    pr: { type: "string" },
    report: { type: "string" },
    review: { type: "string" },
    "no-review": { type: "boolean", default: false },
    reports: { type: "string" },
    only: { type: "string" },
    "no-report": { type: "boolean", default: false },
    commit: { type: "string" },
    "dry-run": { type: "boolean", default: false },
  } as const);
  if (values.reports !== undefined) return commentAll(terminal, values.reports, numbersIn(values.only));
  const pullRequest = readPullRequest(values.pr);
  const body = values["no-report"] ? unreported(pullRequest, values.commit) : reported(pullRequest, values);
  if (values["dry-run"]) terminal.out(`${body}\n`);
  else await write(terminal, pullRequest, body);
  return 0;
}

function unreported(pullRequest: number, commit: string | undefined): string {
  const address = runAddress(process.env);
  return renderUnreported({
    pullRequest,
    ...(commit !== undefined && { commit: readCommit(commit) }),
    ...(address !== undefined && { address }),
  });
}

/** The comment on a report: with `review` or `no-review`, one of which only the state is believed. */
function reported(
  pullRequest: number,
  files: { readonly report?: string; readonly review?: string; readonly "no-review": boolean },
): string {
  if (files.report === undefined) {
    throw new UsageError("Say which report: --report FILE, as preview up wrote it, or --no-report.");
  }
  const report = readReport(readText(files.report, `The report ${files.report}`), pullRequest);
  if (files.review === undefined && !files["no-review"]) return renderComment(report);
  const text = files.review === undefined ? undefined : readText(files.review, `The review ${files.review}`);
  return renderComment(withReview(report, text), { apart: true });
}

/** Pull requests whose numbers stand in a JSON list. */
function numbersIn(list: string | undefined): readonly number[] | undefined {
  if (list === undefined) return undefined;
  const texts = /^\[((?:\d+(?:,\d+)*)?)\]$/.exec(list.replace(/\s/g, ""))?.[1];
  if (texts === undefined) throw new UsageError("--only takes a list of numbers, such as [3,12].");
  return texts
    .split(",")
    .filter((text) => text !== "")
    .map(readPullRequest);
}

/**
 * Writes the comments of the reports in a folder; one that fails does not stop the others.
 *
 * @param only the pull requests that there may be reports about, each in a folder that the workflow named by its number: what a
 * report of another says counts for nothing. Default: all files `pr-12.json`.
 */
async function commentAll(terminal: Terminal, folder: string, only?: readonly number[]): Promise<number> {
  // Where nothing was reaped there is no folder.
  const files = only === undefined ? (existsSync(folder) ? readdirSync(folder) : []) : only.map(fileOf);
  let failed = false;
  for (const file of files.filter((name) => name.endsWith(".json") && existsSync(join(folder, name))).sort()) {
    try {
      const pullRequest = readPullRequest(/^(?:report-\d+\/)?pr-(\d+)\.json$/.exec(file)?.[1]);
      await post(terminal, readReport(readFileSync(join(folder, file), "utf8"), pullRequest), nothingKnown);
    } catch (error) {
      if (!(error instanceof PreviewProblem || error instanceof GitHubError)) throw error;
      terminal.err(`aks-mesh: ${file}: ${error.message}\n`);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

/** Where the workflow puts the report about a pull request. */
function fileOf(pullRequest: number): string {
  return `report-${String(pullRequest)}/pr-${String(pullRequest)}.json`;
}

/** Writes what a report holds on its pull request. */
export async function post(terminal: Terminal, report: PreviewReport, { secrets }: Known): Promise<void> {
  await write(terminal, report.pullRequest, renderComment(report, { secrets: [...secrets] }));
}

/** Writes the comment on the pull request, and into the summary of the workflow's step. */
async function write(terminal: Terminal, pullRequest: number, body: string): Promise<void> {
  tellWorkflow("GITHUB_STEP_SUMMARY", `${body}\n`);
  const address = await github(process.env).upsertComment(pullRequest, body);
  terminal.out(`The comment is at ${address}\n`);
}
