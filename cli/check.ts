import { formatPosition, formatProblem, parseManifests, type Problem } from "../mesh/manifests";
import {
  checkGuarantees,
  describeRequest,
  type Finding,
  findings,
  osmMesh,
  patternProblems,
  readGuarantees,
} from "../mesh/osm";
import { readManifestFiles } from "./input";
import { readOptions, someFiles } from "./options";
import { type Terminal } from "./terminal";

/** `aks-mesh check`: findings and guarantees. Exit code 1 where there is an error, 2 where something cannot be read. */
export function checkCommand(terminal: Terminal, args: readonly string[]): number {
  const { values, positionals } = readOptions(args, { json: { type: "boolean" } } as const);
  const manifests = parseManifests(readManifestFiles(someFiles(positionals)));
  const mesh = osmMesh(manifests);
  const { guarantees, problems } = readGuarantees(manifests.objects, manifests.positions);
  const unreadable: readonly Problem[] = [...mesh.state.problems, ...patternProblems(mesh), ...problems];
  const found = [...findings(mesh), ...checkGuarantees(mesh, guarantees)];
  const errors = [...unreadable, ...found].filter(({ severity }) => severity === "error").length;
  // What is not read is not checked either: that is no finding.
  const code = manifests.problems.some(({ severity }) => severity === "error") ? 2 : errors > 0 ? 1 : 0;

  if (values.json === true) {
    const report = {
      problems: unreadable,
      findings: found,
      guarantees: guarantees.map(({ name, kind }) => ({
        name,
        kind,
        holds: !found.some((one) => one.rule === "broken-guarantee" && one.object === `Guarantee ${name}`),
      })),
      assumptions: mesh.state.assumptions,
    };
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    return code;
  }
  for (const assumption of mesh.state.assumptions) terminal.err(`note: ${assumption}\n`);
  for (const problem of unreadable) terminal.out(`${formatProblem(problem)}\n`);
  for (const one of found) terminal.out(describeFinding(one, terminal));
  const { paint } = terminal;
  const warnings = found.length + unreadable.length - errors;
  if (guarantees.length > 0) {
    const held = guarantees.length - found.filter(({ rule }) => rule === "broken-guarantee").length;
    terminal.out(`${String(Math.max(held, 0))} of ${String(guarantees.length)} guarantees proved.\n`);
  }
  terminal.out(
    errors === 0 && warnings === 0
      ? `${paint.good("No findings.")}\n`
      : `${errors > 0 ? paint.bad(plural(errors, "error")) : "0 errors"}, ${plural(warnings, "warning")}.\n`,
  );
  return code;
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function describeFinding(one: Finding, { paint }: Terminal): string {
  const severity = one.severity === "error" ? paint.bad("error") : paint.warn("warning");
  const place = one.position === undefined ? "" : `${formatPosition(one.position)}: `;
  const subject = one.object === undefined ? "" : `${paint.bold(one.object)}: `;
  const lines = [`${place}${severity}: ${subject}${one.message} ${paint.dim(`[${one.rule}]`)}`];
  if (one.request !== undefined) lines.push(`    shown by  ${describeRequest(one.request)}`);
  lines.push(`    remedy    ${one.remedy}`);
  return `${lines.join("\n")}\n`;
}
