import { formatPosition } from "../../mesh/manifests";
import { describeRequest } from "../../mesh";
import { accessSection, brokenSection } from "../../preview/comment/access";
import { code, counted, plainLine } from "../../preview/comment/escape";
import { reviewMarker } from "../../preview/comment/marker";
import { hideIn } from "../../preview/comment/secrets";
import { fit, type Section } from "../../preview/comment/sections";
import { type AccessReport } from "../../preview/report";
import { type CheckReport, type Notice, noticesOf } from "../check/report";

/** What a review comes to. */
export interface Review {
  /** Tells several reviews of one pull request apart; empty for the only one. */
  readonly name: string;
  readonly check: CheckReport;
  /** Who may call whom, against the base; absent where there is none. */
  readonly access?: AccessReport;
}

/** GitHub takes 65,536 characters; the rest is for what it may count otherwise. */
const mostCharacters = 60_000;

/** Findings that are named; more are in the log, and in the SARIF file. */
const mostFindings = 100;

/** The text of the comment, in GitHub's Markdown: safe whatever manifests say. Its first line is the marker of the review. */
export function reviewComment(review: Review): string {
  const { name, check, access } = review;
  const title = name === "" ? "Who may call whom" : `Who may call whom in ${code(name, 60)}`;
  const head = [reviewMarker(name), `### ${title}`, summaryLine(check)];
  if (check.incomplete)
    head.push("> [!WARNING]\n> Not everything could be read, and what was not read was not checked.");
  if (access !== undefined && access.broken.length > 0) {
    head.push("> [!CAUTION]\n> Guarantees are broken or not proved: see the requests below.");
  }
  const sections = [
    ...(access === undefined ? [] : [brokenSection(access), accessSection(access, check.extent)]),
    findingSection(check, access !== undefined),
  ];
  return fit({ head: head.join("\n\n"), sections: sections.filter((one) => one !== undefined) }, mostCharacters);
}

/** Whether there is anything that somebody should see. */
export function saysSomething({ check, access }: Review): boolean {
  if (noticesOf(check).length > 0) return true;
  return access !== undefined && ("unknown" in access.changes || access.changes.length > 0);
}

/** Counts of errors, warnings and guarantees. */
function summaryLine(check: CheckReport): string {
  const notices = noticesOf(check);
  const errors = notices.filter(({ severity }) => severity === "error").length;
  const proved = check.guarantees.filter(({ state }) => state === "proved").length;
  const parts = [counted(errors, "error"), counted(notices.length - errors, "warning")];
  if (check.guarantees.length > 0) {
    parts.push(`${String(proved)} of ${counted(check.guarantees.length, "guarantee")} proved`);
  }
  return `${parts.join(", ")}.`;
}

function findingSection(check: CheckReport, withGuarantees: boolean): Section | undefined {
  // Guarantees that do not hold have a section of their own where there is a comparison.
  const notices = noticesOf(check).filter(({ rule }) => !withGuarantees || !rule.endsWith("-guarantee"));
  if (notices.length === 0) return undefined;
  return {
    title: counted(notices.length, "finding"),
    entries: notices.slice(0, mostFindings).map(entry),
    language: "text",
    folded: notices.length > 10,
    weight: 4,
  };
}

function entry({ severity, rule, object, message, request, remedy, position }: Notice): string {
  const place = position === undefined ? "" : `${formatPosition(position)}: `;
  const subject = object === undefined ? "" : `${object}: `;
  const lines = [`${severity}: ${place}${subject}${message} [${rule}]`];
  if (request !== undefined) lines.push(`shown by ${describeRequest(request)}`);
  if (remedy !== undefined) lines.push(`remedy: ${remedy}`);
  return lines.map((text, index) => `${index === 0 ? "" : "    "}${plainLine(hideIn(text), 500)}`).join("\n");
}
