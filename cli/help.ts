import { previewUsages } from "./preview-usage";
import { type CommandUsage, commandUsages } from "./usage";

/** Every command, by its name; those about previews have two words. */
export const allUsages: Readonly<Record<string, CommandUsage>> = { ...commandUsages, ...previewUsages };

/** Names of what may come first on the command line. */
export const firstWords: readonly string[] = [
  ...new Set(Object.keys(allUsages).map((name) => name.replace(/ .*/, ""))),
  "help",
];

const files = "FILES are manifests in YAML or JSON, directories of them, or - for standard input.";
const codes = "Exit code: 0 fine, 1 findings or differences, 2 wrong usage or manifests that cannot be read.";

/** The command that words name, which begin a command line: `check`, or `preview up`. */
export function usageNamed([first = "", second = ""]: readonly string[]): CommandUsage | undefined {
  return [`${first} ${second}`, first].flatMap((name) =>
    Object.hasOwn(allUsages, name) ? (allUsages[name] ?? []) : [],
  )[0];
}

/** What `aks-mesh COMMAND --help` prints. */
export function commandHelp({ synopsis, summary, options, example, codes: own }: CommandUsage): string {
  const width = Math.max(0, ...Object.keys(options).map(({ length }) => length)) + 2;
  return [
    `${summary[0]?.toUpperCase() ?? ""}${summary.slice(1)}${summary.endsWith("?") ? "" : "."}`,
    "",
    `Usage: aks-mesh ${synopsis.join("\n           ")}`,
    "",
    ...Object.entries(options).map(([option, meaning]) => `  ${option.padEnd(width)}${meaning}`),
    ...(Object.keys(options).length > 0 ? [""] : []),
    `Example: ${example}`,
    "",
    ...(synopsis.some((line) => line.includes("FILES")) ? [files] : []),
    own ?? codes,
    "",
  ].join("\n");
}

/** What `aks-mesh help` prints. */
export function generalHelp(): string {
  return [
    "Who may call whom in a mesh of Open Service Mesh 1.2 or of Istio, from its manifests alone.",
    "",
    "Usage",
    ...linesOf(commandUsages),
    "  aks-mesh preview up|down|status|reap|comment …",
    "      running copies of pull requests: aks-mesh preview help",
    "",
    "aks-mesh COMMAND --help says more about one of them, aks-mesh --version which this is.",
    files,
    codes,
    "",
  ].join("\n");
}

/** What `aks-mesh preview help` prints. */
export function previewHelp(): string {
  return [
    "Running copies of pull requests, each a Pulumi stack pr-N.",
    "",
    "Usage",
    ...linesOf(previewUsages),
    "",
    "aks-mesh preview COMMAND --help says more about one of them.",
    "The backend is Pulumi's own (PULUMI_BACKEND_URL, or pulumi login). GITHUB_REPOSITORY and GITHUB_TOKEN are needed for comments and",
    "to learn which pull requests are open.",
    "Exit code: 0 fine, 1 something failed, 2 wrong usage.",
    "",
  ].join("\n");
}

function linesOf(usages: Readonly<Record<string, CommandUsage>>): readonly string[] {
  return Object.values(usages).flatMap(({ synopsis, summary }) => [
    `  aks-mesh ${synopsis.join("\n      ")}`,
    `      ${summary}`,
  ]);
}
