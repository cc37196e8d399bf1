import { unprovedRule } from "../../mesh";
import { type MonthlyCost, type PreviewReport, type StackOutput } from "../report";
import { accessSection, brokenSection } from "./access";
import { reproduceCommands, teardownCommand } from "./commands";
import { block, code, counted, link, plainLine } from "./escape";
import { commentMarker } from "./marker";
import { planSections } from "./plan";
import { type Draft, fit, type Section } from "./sections";
import { hidden, hideIn, hideSecrets, namesSecret } from "./secrets";

/** GitHub takes 65,536; the rest is for what it may count otherwise. */
const mostCharacters = 60_000;
/** Addresses, problems and leftovers that are named; more are counted. */
const mostNamed = 8;

/**
 * The text of the comment on a pull request, in GitHub's Markdown: safe whatever the report says, at most 60,000 characters.
 *
 * @param secrets values that are known to be secret. Default: none are, and only what looks like one is hidden.
 */
export function renderComment(report: PreviewReport, secrets: readonly string[] = []): string {
  return fit(draft(hideSecrets(report, secrets)), mostCharacters);
}

function draft(report: PreviewReport): Draft {
  const { state } = report;
  const head = [commentMarker, `### Preview ${code(report.stack, 60)}: ${titles[state.status]}`, alert(report)];
  const sections: (Section | undefined)[] = [];
  if (state.status === "removed") {
    head.push("Nothing of it is left.");
  } else {
    head.push(facts(report));
    if (state.status !== "running") sections.push(errorSection(state.error));
    const { access, plan } = report;
    if (state.status !== "teardown-failed") {
      if (access !== undefined) sections.push(brokenSection(access), accessSection(access));
      if (plan !== undefined) sections.push(...planSections(plan));
      sections.push(outputSection(report.outputs), costSection(report.cost), reproduceSection(report));
    }
  }
  return {
    head: head.filter((part) => part !== "").join("\n\n"),
    sections: sections.filter((section) => section !== undefined),
  };
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
  if (state.status === "running" && access !== undefined && access.broken.length > 0) {
    const breaks = access.broken.some(({ rule }) => rule !== unprovedRule);
    return breaks
      ? "> [!CAUTION]\n> This pull request breaks guarantees: see the requests below."
      : "> [!CAUTION]\n> With this pull request, guarantees cannot be proved any more: see the reasons below.";
  }
  return "";
}

/** The table: one line for each fact. */
function facts({ commit, kind, addresses, health, cost, expires }: PreviewReport): string {
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
  if (expires !== undefined) rows.push(["Removed after", expiryText(expires)]);
  return ["| | |", "|---|---|", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n");
}

function expiryText(expires: string): string {
  const moment = new Date(expires);
  return Number.isNaN(moment.getTime())
    ? code(expires, 40)
    : `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function costText(cost: MonthlyCost | undefined, kind: PreviewReport["kind"]): string {
  if (cost === undefined) return "unknown";
  if (cost.parts.length === 0)
    return cost.total === 0 && kind === "shared" ? "nothing beside the shared cluster" : "unknown";
  if (cost.total === null) {
    const unknown = cost.parts.filter(({ amount }) => amount === null).map(({ what }) => code(what, 60));
    return `unknown: no price of ${[...unknown.slice(0, 3), ...(unknown.length > 3 ? ["others"] : [])].join(", ")}`;
  }
  return `${money(cost.total)} ${code(cost.currency, 3)} at list prices, for nodes and control plane; traffic and logs come on top`;
}

function money(amount: number): string {
  return amount.toFixed(2);
}

function costSection(cost: MonthlyCost | undefined): Section | undefined {
  if (cost === undefined || cost.parts.length === 0) return undefined;
  const entries = cost.parts.map(
    ({ name, what, amount }) =>
      `${(amount === null ? "unknown" : money(amount)).padStart(10)}  ${plainLine(hideIn(`${name}: ${what}`), 200)}`,
  );
  return { title: "Cost, part by part", entries, language: "text", folded: true, weight: 2 };
}

function errorSection(error: string): Section {
  const entries = hideIn(error)
    .split("\n")
    .map((line) => plainLine(line, 400));
  return { title: "Error", entries, language: "text", folded: false, weight: 7 };
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
