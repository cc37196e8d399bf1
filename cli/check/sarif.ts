import { createHash } from "node:crypto";
import { type Log, type ReportingDescriptor, type Result } from "sarif";
import { describeRequest } from "../../mesh";
import { version } from "../version";
import { type PathOf } from "./source-path";
import { type Notice, noticesOf, type CheckReport, unreadableRule } from "./report";

/** Version of {@link fingerprintOf}: another way of making them gets another name, so that old ones are not compared with new ones. */
const fingerprintName = "aksMesh/v1";

/** The run's folder, which paths in the log are relative to. */
const sourceRoot = "%SRCROOT%";

/**
 * A check as SARIF 2.1.0, for code scanning and editors.
 *
 * @param pathOf a manifest's path below the root of the sources; undefined for what is no file there, such as standard input.
 * @param elsewhere path where findings about the mesh as a whole are shown: without a place code scanning passes them over.
 */
export function checkSarif(report: CheckReport, pathOf: PathOf, elsewhere?: string): Log {
  const notices = noticesOf(report);
  const rules = rulesOf(notices);
  const fingerprints = new Map<string, number>();
  return {
    version: "2.1.0",
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    runs: [
      {
        tool: { driver: { name: "aks-mesh", version, semanticVersion: version, rules: [...rules.values()] } },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { [sourceRoot]: { description: { text: "The root of the checkout." } } },
        invocations: [
          {
            executionSuccessful: !report.incomplete,
            toolConfigurationNotifications: [...report.assumptions, ...report.unmetAssumptions].map((text) => ({
              level: "note",
              message: { text },
            })),
          },
        ],
        results: notices.map((notice): Result => {
          const file = (notice.position && pathOf(notice.position.file)) ?? elsewhere;
          const fingerprint = fingerprintOf(notice, file);
          const count = (fingerprints.get(fingerprint) ?? 0) + 1;
          fingerprints.set(fingerprint, count);
          return {
            ...resultOf(notice, file),
            ruleIndex: [...rules.keys()].indexOf(notice.rule),
            partialFingerprints: { [fingerprintName]: `${fingerprint}:${String(count)}` },
          };
        }),
      },
    ],
  };
}

/** The rules of all notices, each with the first one's remedy: remedies of one rule differ in names alone. */
function rulesOf(notices: readonly Notice[]): ReadonlyMap<string, ReportingDescriptor> {
  const rules = new Map<string, ReportingDescriptor>();
  for (const { rule, severity, remedy } of notices) {
    if (rules.has(rule)) continue;
    const words = rule.replaceAll("-", " ");
    const title = `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}`;
    const help = `${title}. ${remedy ?? "Write the object as its kind wants it."}`;
    rules.set(rule, {
      id: rule,
      shortDescription: { text: rule === unreadableRule ? "What cannot be read as the cluster would read it" : title },
      help: { text: plain(help) },
      defaultConfiguration: { level: severity },
    });
  }
  return rules;
}

function resultOf(
  { rule, severity, object, message, request, remedy, position }: Notice,
  file: string | undefined,
): Result {
  const subject = object === undefined ? "" : `${object}: `;
  const shown = request === undefined ? "" : ` Shown by: ${describeRequest(request)}.`;
  return {
    ruleId: rule,
    level: severity,
    message: { text: plain(`${subject}${message}${shown}${remedy === undefined ? "" : ` Remedy: ${remedy}`}`) },
    locations: [
      {
        ...(file !== undefined && {
          physicalLocation: {
            artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/"), uriBaseId: sourceRoot },
            region:
              position === undefined ? { startLine: 1 } : { startLine: position.line, startColumn: position.column },
          },
        }),
        ...(object !== undefined && { logicalLocations: [{ fullyQualifiedName: object, kind: "object" }] }),
      },
    ],
  };
}

/** Text without links: brackets would make one. */
function plain(text: string): string {
  return text.replace(/[\\[\]]/g, "\\$&");
}

/** Stays the same while lines move and words of messages change. */
function fingerprintOf({ rule, object = "", property = "" }: Notice, file = ""): string {
  const text = JSON.stringify([rule, object, property, file]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
