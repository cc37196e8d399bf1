import { checkJson } from "./check/json";
import { annotation } from "./check/github";
import { checkReport, type CheckReport, exitCodeOf, type FailOn, failOnNames, noticesOf } from "./check/report";
import { checkSarif } from "./check/sarif";
import { sourcePaths } from "./check/source-path";
import { checkText } from "./check/text";
import { loadManifests, sourceOptions } from "./load";
import { meshNameOf } from "./mesh-name";
import { oneOf, readOptions } from "./options";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { watchOption } from "./watch";

const options = {
  ...sourceOptions,
  ...watchOption,
  json: { type: "boolean" },
  format: { type: "string" },
  "fail-on": { type: "string", default: "error" },
} as const;

const formats = ["text", "json", "sarif", "github"] as const;
type Format = (typeof formats)[number];

/** `aks-mesh check`: findings and guarantees. Exit code 1 where there is an error, 2 where something cannot be read. */
export async function checkCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, options);
  if (values.json === true && values.format !== undefined) throw new UsageError("Say either --json or --format.");
  const format: Format = values.json === true ? "json" : oneOf(formats, values.format ?? "text", "--format");
  const failOn: FailOn = oneOf(failOnNames, values["fail-on"], "--fail-on");
  const manifests = await loadManifests({ ...values, files: positionals });
  const report = checkReport(manifests, meshNameOf(manifests, values.mesh));
  if (format === "text") for (const assumption of report.assumptions) terminal.err(`note: ${assumption}\n`);
  terminal.out(textOf(report, format, terminal));
  return exitCodeOf(report, failOn);
}

function textOf(report: CheckReport, format: Format, { paint }: Terminal): string {
  const root = process.env["GITHUB_WORKSPACE"] || process.cwd();
  switch (format) {
    case "text":
      return checkText(report, paint);
    case "json":
      return `${JSON.stringify(checkJson(report), null, 2)}\n`;
    case "sarif":
      return `${JSON.stringify(checkSarif(report, sourcePaths(root)), null, 2)}\n`;
    case "github":
      return noticesOf(report)
        .map((notice) => `${annotation(notice, sourcePaths(root))}\n`)
        .join("");
  }
}
