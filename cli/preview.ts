import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { hideIn, hideSecrets } from "../preview/comment";
import { down } from "../preview/down";
import { type Surroundings } from "../preview/engine";
import { github } from "../preview/github";
import { readCommit, readCount, readDuration, readOwner, readPullRequest, readStack, stackOf } from "../preview/inputs";
import { environmentSecrets } from "../preview/known-secrets";
import { PreviewProblem } from "../preview/problem";
import { publish } from "../preview/publish";
import { reap } from "../preview/reap";
import { type PreviewReport } from "../preview/report";
import { review } from "../preview/review";
import { type PreviewPolicy, readPreviewPolicy } from "../preview/settings";
import { status } from "../preview/status";
import { type Deployed, type Reviewing, up, type UpOptions } from "../preview/up";
import { endingSignals } from "./ending-signals";
import { didYouMean, readOptions } from "./options";
import { requireWritable } from "./output-file";
import { admitCommand } from "./preview-admit";
import { commentCommand, post } from "./preview-comment";
import { keep, keepBase, keepPlanned, type Known } from "./preview-files";
import { digestCommand, imagesBrought, imagesCommand, referencesOf, requireBrought } from "./preview-images";
import { sayingProblems } from "./preview-problems";
import { holds, previewReviewCommand, termsOf, unheld } from "./preview-review";
import { describeReport, describeStatus } from "./preview-text";
import { previewUsages } from "./preview-usage";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { tellWorkflow } from "./workflow-files";

const common = {
  program: { type: "string" },
  base: { type: "string" },
  wait: { type: "string", default: "30m" },
  "take-over": { type: "boolean", default: false },
} as const;

/** `aks-mesh preview …`. */
export function previewCommand(terminal: Terminal, words: readonly string[]): Promise<number> {
  return sayingProblems(terminal, () => run(terminal, words));
}

async function run(terminal: Terminal, [command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case "up":
      return upCommand(terminal, rest);
    case "down":
      return downCommand(terminal, rest);
    case "status":
      return statusCommand(terminal, rest);
    case "reap":
      return reapCommand(terminal, rest);
    case "publish":
      return publishCommand(terminal, rest);
    case "images":
      return imagesCommand(terminal, rest);
    case "digest":
      return digestCommand(terminal, rest);
    case "review":
      return previewReviewCommand(terminal, rest);
    case "comment":
      return commentCommand(terminal, rest);
    case "admit":
      return admitCommand(terminal, rest);
    default:
      throw new UsageError(
        `There is no command preview ${command ?? ""}.${didYouMean(`preview ${command ?? ""}`, Object.keys(previewUsages))} aks-mesh preview help lists them.`,
      );
  }
}

/** What the commands that drive the engine have in common. */
async function surroundingsOf(
  terminal: Terminal,
  values: { readonly program?: string; readonly base?: string; readonly wait: string; readonly "take-over": boolean },
): Promise<{ readonly surroundings: Surroundings; readonly policy: PreviewPolicy; readonly base: string }> {
  // What a team allows is read from the checkout that the command belongs to, not from the pull request's.
  const own = resolve(__dirname, "..");
  const policy = await readPreviewPolicy(own);
  const { signal, engineSignal } = endingSignals();
  const secrets = new Set<string>(environmentSecrets(process.env));
  const surroundings = {
    secrets,
    program: values.program === undefined ? own : resolve(values.program),
    project: policy.project,
    environment: process.env,
    say: (message: string) => terminal.err(`${terminal.paint.dim(hideIn(message, [...secrets]))}\n`),
    signal,
    engineSignal,
    lockTimeout: readDuration(values.wait, "--wait"),
    takeOver: values["take-over"],
  };
  return { surroundings, policy, base: values.base === undefined ? policy.base : readStack(values.base) };
}

async function upCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, {
    ...common,
    pr: { type: "string" },
    commit: { type: "string" },
    owner: { type: "string" },
    image: { type: "string", multiple: true, default: [] },
    images: { type: "string" },
    ttl: { type: "string" },
    cluster: { type: "string", default: "shared" },
    report: { type: "string" },
    planned: { type: "string" },
  } as const);
  const pullRequest = readPullRequest(values.pr);
  const { cluster } = values;
  if (cluster !== "shared" && cluster !== "own") throw new UsageError("--cluster is either shared or own.");
  if (values.report !== undefined) requireWritable("The report", values.report);
  const owner = readOwner(values.owner ?? process.env["GITHUB_ACTOR"] ?? "unassigned");
  const { surroundings, policy, base } = await surroundingsOf(terminal, values);
  const commit = readCommit(values.commit ?? headOf(surroundings.program));
  const options = {
    pullRequest,
    commit,
    owner,
    timeToLive: values.ttl === undefined ? policy.timeToLive : readDuration(values.ttl, "--ttl"),
    cluster,
    base,
  } as const;
  const reviewing: Reviewing = (planned, known) => review(planned, known, termsOf(policy));
  let deployed: Deployed;
  try {
    const images = imagesBrought(values, { pullRequest, registries: policy.registries });
    await requireBrought(images, surroundings.signal);
    deployed = await up(
      surroundings,
      policy,
      { ...options, images: referencesOf(images) },
      values.planned === undefined ? reviewing : undefined,
    );
  } catch (error) {
    if (error instanceof PreviewProblem && values.report !== undefined)
      keep(notBegun(options, error), values.report, surroundings);
    throw error;
  }
  const { report, planned } = deployed;
  const isRunning = report.state.status === "running";
  if (values.planned !== undefined) {
    deliver(terminal, report, values.report, surroundings);
    if (keepPlanned(planned, values.planned, surroundings)) return isRunning ? 0 : 1;
    throw new PreviewProblem("The plan was not handed on: a value that is known to be secret stands in a policy.");
  }
  deliver(terminal, report, values.report, surroundings);
  if (!isRunning) return 1;
  return holds(report) ? 0 : unheld;
}

/** The report on a preview that could not be begun. */
function notBegun(
  { pullRequest, commit, cluster }: Pick<UpOptions, "pullRequest" | "commit" | "cluster">,
  { message }: PreviewProblem,
): PreviewReport {
  const state = { status: "failed", error: message } as const;
  return { pullRequest, commit, stack: stackOf(pullRequest), kind: cluster, state, addresses: [], outputs: [] };
}

/** The commit that is checked out. */
function headOf(program: string): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: program,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    throw new UsageError(`${program} is no checkout of git: say which commit it holds, --commit SHA.`);
  }
}

async function downCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, {
    ...common,
    pr: { type: "string" },
    attempts: { type: "string", default: "3" },
    report: { type: "string" },
    comment: { type: "boolean", default: false },
  } as const);
  const pullRequest = readPullRequest(values.pr);
  const attempts = readCount(values.attempts, "--attempts");
  if (values.report !== undefined) requireWritable("The report", values.report);
  const { surroundings, base } = await surroundingsOf(terminal, values);
  const report = await down(surroundings, base, { pullRequest, attempts, pause: firstPause });
  if (report === undefined) {
    terminal.out(`There is no preview of pull request ${String(pullRequest)}.\n`);
    return 0;
  }
  deliver(terminal, report, values.report, surroundings);
  if (values.comment) await post(terminal, report, surroundings);
  return report.state.status === "removed" ? 0 : 1;
}

/** Before a failed teardown is tried again the first time, in milliseconds. */
const firstPause = 10_000;

async function statusCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, { ...common, json: { type: "boolean", default: false } } as const);
  const { surroundings, base } = await surroundingsOf(terminal, values);
  const rows = await status(surroundings, base);
  terminal.out(values.json ? `${JSON.stringify(rows, null, 2)}\n` : describeStatus(rows, new Date(), terminal));
  return 0;
}

async function reapCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, {
    ...common,
    "dry-run": { type: "boolean", default: false },
    comment: { type: "boolean", default: false },
    attempts: { type: "string", default: "3" },
    reports: { type: "string" },
    pr: { type: "string" },
  } as const);
  const attempts = readCount(values.attempts, "--attempts");
  if (values.reports !== undefined) mkdirSync(values.reports, { recursive: true });
  const { surroundings, policy, base } = await surroundingsOf(terminal, values);
  const repository = process.env["GITHUB_TOKEN"] ? github(process.env) : undefined;
  const { outcomes, strangers } = await reap(surroundings, policy, base, {
    dryRun: values["dry-run"],
    attempts,
    pause: firstPause,
    ...(values.pr !== undefined && { only: readPullRequest(values.pr) }),
    ...(repository && { openPullRequests: () => repository.openPullRequests() }),
  });
  for (const { pullRequest, reason, report, error } of outcomes) {
    const title = `pull request ${String(pullRequest)} (${reason})`;
    if (values["dry-run"]) terminal.out(`would remove the preview of ${title}\n`);
    else if (error !== undefined)
      terminal.out(`${terminal.paint.bad("failed")}: ${title}: ${hideIn(error, [...surroundings.secrets])}\n`);
    else terminal.out(`removed the preview of ${title}\n`);
    if (report === undefined) continue;
    if (values.reports !== undefined) {
      keep(report, join(values.reports, `pr-${String(pullRequest)}.json`), surroundings);
    }
    if (values.comment) await post(terminal, report, surroundings);
  }
  for (const stranger of strangers) terminal.out(`${terminal.paint.bad("left")}: ${stranger}\n`);
  if (outcomes.length === 0) terminal.out("Nothing to remove.\n");
  if (values["dry-run"]) {
    const numbers = JSON.stringify(outcomes.map(({ pullRequest }) => pullRequest));
    tellWorkflow("GITHUB_OUTPUT", `pull-requests=${numbers}\n`);
    tellWorkflow("GITHUB_OUTPUT", `left=${JSON.stringify(strangers)}\n`);
  }
  // A dry run only finds out what there is to do: where it failed, nobody would do it.
  const loud = strangers.length > 0 && !values["dry-run"] && values.pr === undefined;
  return loud || outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
}

async function publishCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values } = readOptions(args, { ...common, resources: { type: "string" } } as const);
  const { surroundings, base } = await surroundingsOf(terminal, values);
  const published = await publish(surroundings, base);
  if (values.resources !== undefined) keepBase(published, values.resources);
  return 0;
}

/** Says what came of a command, and keeps it for the job that may write comments. */
function deliver(terminal: Terminal, report: PreviewReport, file: string | undefined, known: Known): void {
  const safe = hideSecrets(report, [...known.secrets]);
  terminal.out(describeReport(safe, terminal));
  if (file !== undefined) keep(report, file, known);
}
