import { writeFileSync } from "node:fs";
import { diff, DiffTooLarge, meshOf } from "../mesh";
import { type ManifestFile, type Manifests, parseManifests } from "../mesh/manifests";
import { reviewName } from "../preview/comment/marker";
import { plainLine } from "../preview/comment/escape";
import { type AccessReport, accessLine } from "../preview/report";
import { annotation, message } from "./check/github";
import { checkReport, type CheckReport, exitCodeOf, failOnNames, noticesOf } from "./check/report";
import { checkSarif } from "./check/sarif";
import { sourcePaths } from "./check/source-path";
import { readManifestFiles, readText, reasonOf } from "./input";
import { meshNameOf } from "./mesh-name";
import { oneOf, readOptions } from "./options";
import { commitNamed, manifestsAt } from "./review/base";
import { type Review, reviewComment, saysSomething } from "./review/comment";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { tellWorkflow } from "./workflow-files";

const options = {
  namespace: { type: "string" },
  mesh: { type: "string" },
  base: { type: "string" },
  name: { type: "string", default: "" },
  sarif: { type: "string" },
  comment: { type: "boolean" },
  "fail-on": { type: "string", default: "error" },
} as const;

/**
 * `aks-mesh review`: what a workflow says of a pull request: annotations on standard output, one comment, the step's summary and a
 * SARIF file. Exit code as that of `check`; differences of access alone are no failure.
 */
export async function reviewCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals: files } = readOptions(args, options);
  const { name, base, namespace } = values;
  const failOn = oneOf(failOnNames, values["fail-on"], "--fail-on");
  if (!reviewName.test(name)) {
    throw new UsageError("--name takes letters, digits, points, dashes and underscores, 40 at most.");
  }
  if (files.length === 0 || files.includes("-")) throw new UsageError("Name the manifests: files and directories.");
  const parse = (read: readonly ManifestFile[]): Manifests =>
    parseManifests(read, { ...(namespace !== undefined && { namespace }) });
  const read = readManifestFiles(files);
  const after = parse(read);
  if (after.objects.length === 0 && after.problems.length === 0) {
    throw new UsageError(`There is no Kubernetes object in ${files.join(", ")}.`);
  }
  const check = checkReport(after, meshNameOf(after, values.mesh));
  const before = base === undefined || base === "" ? undefined : { base, commit: commitNamed(base) };
  const access =
    before &&
    accessAgainst(before.commit.slice(0, 7), parse(manifestsAt(before.commit, files)), after, check, values.mesh);
  const review: Review = { name, check, ...(access && { access }) };

  const pathOf = sourcePaths(process.env["GITHUB_WORKSPACE"] || process.cwd());
  for (const notice of noticesOf(check)) terminal.out(`${annotation(notice, pathOf)}\n`);
  if (values.sarif !== undefined) {
    const elsewhere = read.map((file) => pathOf(file.name)).find((path) => path !== undefined);
    write(values.sarif, `${JSON.stringify(checkSarif(check, pathOf, elsewhere), null, 2)}\n`);
  }
  const body = reviewComment(review);
  tellWorkflow("GITHUB_STEP_SUMMARY", `${body}\n`);
  tellWorkflow("GITHUB_OUTPUT", outputLines(check, access));
  if (values.comment === true) await comment(terminal, body, saysSomething(review));
  return exitCodeOf(check, failOn);
}

/** Who may call whom, against the base's manifests. */
function accessAgainst(
  comparedWith: string,
  before: Manifests,
  after: Manifests,
  check: CheckReport,
  named: string | undefined,
): AccessReport {
  const rest = {
    comparedWith,
    guarantees: check.guarantees.length,
    broken: check.findings.filter(({ rule }) => rule.endsWith("-guarantee")),
    ...(check.unmetAssumptions.length > 0 && { unmetAssumptions: check.unmetAssumptions }),
  };
  const unknown = (why: string): AccessReport => ({ ...rest, changes: { unknown: why } });
  if (check.incomplete) return unknown("Not everything can be read.");
  if (before.objects.length === 0) return unknown(`There are no manifests in ${comparedWith}.`);
  if (before.problems.some(({ severity }) => severity === "error")) {
    return unknown(`Not everything can be read in ${comparedWith}.`);
  }
  try {
    const earlier = meshOf(before, [], meshNameOf(before, named));
    return { ...rest, changes: diff(earlier, meshOf(after, [], meshNameOf(after, named))).map(accessLine) };
  } catch (error) {
    if (error instanceof DiffTooLarge || error instanceof UsageError) return unknown(error.message);
    throw error;
  }
}

/** Numbers for the workflow's next steps. */
function outputLines(check: CheckReport, access: AccessReport | undefined): string {
  const notices = noticesOf(check);
  const errors = notices.filter(({ severity }) => severity === "error").length;
  const changes = access === undefined || "unknown" in access.changes ? undefined : access.changes;
  const count = (kind: string) => changes?.filter((change) => change.kind === kind).length ?? "unknown";
  const numbers = { errors, warnings: notices.length - errors, opens: count("opens"), closes: count("closes") };
  return Object.entries(numbers)
    .map(([name, value]) => `${name}=${String(value)}\n`)
    .join("");
}

/**
 * Writes the comment; where there is nothing to say, only one that is there is brought up to date. What stands in the way of that is said and
 * is no failure: a pull request from a fork gets no token that may write, and the summary has the same text.
 */
async function comment(terminal: Terminal, body: string, begin: boolean): Promise<void> {
  const number = pullRequestOf(process.env["GITHUB_EVENT_PATH"]);
  if (number === undefined) {
    terminal.out(message("notice", "There is no comment, as the workflow was not started by a pull request."));
    return;
  }
  // Loaded only here: the client is most of the code.
  const { github, GitHubError } = await import("../preview/github/index.js");
  try {
    const api = github(process.env);
    const address = begin ? await api.upsertComment(number, body) : await api.updateComment(number, body);
    if (address !== undefined) terminal.out(`The comment is at ${plainLine(address)}\n`);
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    const advice =
      error.status === 403 ? " Forks get no token that may write; the step's summary has the same text." : "";
    terminal.out(message("notice", `${error.message}${advice}`));
  }
}

/** The number of the pull request that an event is about. */
function pullRequestOf(file: string | undefined): number | undefined {
  if (file === undefined || file === "") return undefined;
  const event: unknown = JSON.parse(readText(file, "GITHUB_EVENT_PATH"));
  const pull: unknown = typeof event === "object" && event !== null ? Reflect.get(event, "pull_request") : undefined;
  const number: unknown = typeof pull === "object" && pull !== null ? Reflect.get(pull, "number") : undefined;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${reasonOf(error)}.`);
  }
}
