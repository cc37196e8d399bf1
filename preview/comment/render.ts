import { unprovedRule } from "../../mesh";
import { type AccessReport, type PreviewReport, type StackOutput } from "../report";
import { accessSection, brokenSection } from "./access";
import { reproduceCommands, teardownCommand } from "./commands";
import { costSection, costText, mergingCostSection, mergingCostText } from "./cost";
import { block, code, counted, link, plainLine } from "./escape";
import { commentMarker } from "./marker";
import { openingCommands } from "./opening";
import { planSections } from "./plan";
import { type Draft, fit, type Section } from "./sections";
import { hidden, hideIn, hideSecrets, namesSecret } from "./secrets";

/** GitHub takes 65,536; the rest is for what it may count otherwise. */
const mostCharacters = 60_000;
/** Addresses, problems and leftovers that are named; more are counted. */
const mostNamed = 8;

/** How a report is read. */
export interface CommentOptions {
  /** Values that are known to be secret. Default: none are, and only what looks like one is hidden. */
  readonly secrets?: readonly string[];
  /** The review was made by a job that ran none of the pull request's code, or not made. Default: who made the report made it too. */
  readonly apart?: boolean;
}

/** The text of the comment on a pull request, in GitHub's Markdown: safe whatever the report says, at most 60,000 characters. */
export function renderComment(report: PreviewReport, { secrets = [], apart = false }: CommentOptions = {}): string {
  return fit(draft(hideSecrets(report, secrets), apart), mostCharacters);
}

function draft(report: PreviewReport, apart: boolean): Draft {
  const { state } = report;
  const head = [commentMarker, `### Preview ${code(report.stack, 60)}: ${titles[state.status]}`, alert(report)];
  let sections: readonly (Section | undefined)[] = [];
  if (state.status === "removed") {
    head.push("Nothing of it is left.");
  } else {
    if (apart) head.push(provenance(report));
    head.push(facts(report));
    sections =
      state.status === "teardown-failed"
        ? [errorSection(state.error)]
        : [...reviewSections(report), ...ownSections(report)];
  }
  return {
    head: head.filter((part) => part !== "").join("\n\n"),
    sections: sections.filter((section) => section !== undefined),
  };
}

/** Which job said what: the one that ran the pull request's code could have said anything. */
function provenance({ access }: PreviewReport): string {
  const said = "State, addresses, health and outputs are what the job `up` says, which ran the pull request's code.";
  return access === undefined
    ? `> [!WARNING]\n> Not reviewed: the job \`review\` came to no end, so that nothing is known of who may call whom. ${said}`
    : `Reviewed by the job \`review\`, which runs none of the pull request's code, from the plans that its program made in the job \`up\`. ${said}`;
}

/** What merging would do: for the reviewer, and so first. */
function reviewSections({ state, access, plan, refused, merging }: PreviewReport): readonly (Section | undefined)[] {
  const error = state.status === "failed" ? errorSection(state.error) : undefined;
  if (access === undefined) return [error];
  // Where nothing could be compared, the error says why.
  const compared = !("unknown" in access.changes);
  return [
    brokenSection(access),
    ...(compared ? [] : [error]),
    accessSection(access),
    ...(refused !== undefined && compared ? [refusalSection(refused, access)] : []),
    ...(plan === undefined ? [] : planSections(plan)),
    mergingCostSection(merging),
    ...(compared ? [error] : []),
  ];
}

/** Why merging would be refused: folded where broken guarantees say it already. */
function refusalSection(refused: string, { broken }: AccessReport): Section {
  return { ...errorSection(refused), title: "Merging would be refused", folded: broken.length > 0 };
}

/** What there is of the preview itself. */
function ownSections(report: PreviewReport): readonly (Section | undefined)[] {
  return [
    openingSection(report),
    differenceSection(report),
    outputSection(report.outputs),
    costSection(report.cost),
    reproduceSection(report),
  ];
}

const titles: Readonly<Record<PreviewReport["state"]["status"], string>> = {
  running: "running",
  failed: "failed",
  removed: "removed",
  "teardown-failed": "could not be removed",
};

/** What nobody may overlook. */
function alert(report: PreviewReport): string {
  const { state, access } = report;
  if (state.status === "teardown-failed") {
    const named = state.left.slice(0, mostNamed).map((one) => `> - ${code(one)}`);
    const more = state.left.length - named.length;
    return [
      "> [!CAUTION]",
      `> ${state.left.length === 0 ? "It is not known what is left." : "This is left, and costs money:"}`,
      ...named,
      ...(more > 0 ? [`> - and ${String(more)} more`] : []),
      ">",
      `> Remove it with ${code(teardownCommand(report))}, or wait for the reaper, which tries again.`,
    ].join("\n");
  }
  if (state.status !== "removed" && access !== undefined && access.broken.length > 0) {
    const breaks = access.broken.some(({ rule }) => rule !== unprovedRule);
    return breaks
      ? "> [!CAUTION]\n> This pull request breaks guarantees: see the requests below."
      : "> [!CAUTION]\n> With this pull request, guarantees cannot be proved any more: see the reasons below.";
  }
  return "";
}

/** The table: one line for each fact. */
function facts({ commit, kind, addresses, health, cost, merging, expires }: PreviewReport): string {
  const rows: (readonly [string, string])[] = [
    ["Commit", commit === "" ? "unknown" : code(commit.slice(0, 7))],
    ["Runs", kind === "shared" ? "in namespaces of its own on the shared cluster" : "on a cluster of its own"],
    ...addresses.slice(0, mostNamed).map(({ name, url }) => ["Address", `${code(name, 60)} ${link(url)}`] as const),
  ];
  if (addresses.length === 0) rows.push(["Address", "none"]);
  if (addresses.length > mostNamed) rows.push(["Address", `and ${String(addresses.length - mostNamed)} more`]);
  if (health !== undefined) {
    const problems = health.problems.slice(0, mostNamed).map((problem) => code(problem));
    rows.push(["Health", [`${String(health.ready)} of ${String(health.total)} ready`, ...problems].join("<br>")]);
  }
  rows.push(["Cost a month", costText(cost, kind)]);
  if (merging !== undefined) rows.push(["Merging, a month", mergingCostText(merging)]);
  if (expires !== undefined) rows.push(["Removed after", expiryText(expires)]);
  return ["| | |", "|---|---|", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
}

function expiryText(expires: string): string {
  const moment = new Date(expires);
  return Number.isNaN(moment.getTime())
    ? code(expires, 40)
    : `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function errorSection(error: string): Section {
  const entries = hideIn(error)
    .split("\n")
    .map((line) => plainLine(line, 400));
  return { title: "Error", entries, language: "text", folded: false, weight: 7 };
}

function openingSection(report: PreviewReport): Section | undefined {
  const commands = openingCommands(report);
  if (commands.length === 0) return undefined;
  return { title: "Look at it", intro: block(commands, "sh"), entries: [], language: "sh", folded: false, weight: 10 };
}

function differenceSection({ differences = [] }: PreviewReport): Section | undefined {
  if (differences.length === 0) return undefined;
  return {
    title: `${counted(differences.length, "difference")} between this preview and what merging makes`,
    entries: differences.map((difference) => plainLine(hideIn(difference), 300)),
    language: "text",
    folded: true,
    weight: 3,
  };
}

function outputSection(outputs: readonly StackOutput[]): Section | undefined {
  if (outputs.length === 0) return undefined;
  const entries = outputs.map((output) => {
    const value = output.secret || namesSecret(output.name) ? hidden : hideIn(output.value);
    return `${plainLine(output.name, 80)} = ${plainLine(value, 400)}`;
  });
  return { title: counted(outputs.length, "output"), entries, language: "text", folded: true, weight: 0 };
}

function reproduceSection(report: PreviewReport): Section {
  const commands = block([...reproduceCommands(report), "# and away with it", teardownCommand(report)], "sh");
  return {
    title: "The same on your machine, and how to remove it",
    intro: commands,
    entries: [],
    language: "sh",
    folded: true,
    weight: 10,
  };
}
