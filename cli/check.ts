import { describeObject, formatPosition, formatProblem, type Manifests, type Problem } from "../mesh/manifests";
import {
  checkGuarantees,
  describeRequest,
  type Finding,
  type Guarantee,
  type Mesh,
  type MeshName,
  meshOf,
  provedExtentOf,
  readGuarantees,
} from "../mesh";
import { loadManifests, meshNameOf, sourceOptions } from "./load";
import { readOptions } from "./options";
import { type Terminal } from "./terminal";

/** `aks-mesh check`: findings and guarantees. Exit code 1 where there is an error, 2 where something cannot be read. */
export async function checkCommand(terminal: Terminal, args: readonly string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { ...sourceOptions, json: { type: "boolean" } } as const);
  const manifests = await loadManifests({ ...values, files: positionals });
  const name = meshNameOf(manifests, values.mesh);
  const mesh = meshOf(manifests, [], name);
  const { guarantees, problems } = readGuarantees(manifests.objects, manifests.positions);
  const unreadable: readonly Problem[] = [...mesh.problems, ...problems];
  const known = new Set(unreadable.map(placeOf));
  const ofMesh = mesh.findings();
  // What is said of the mesh as a whole need not be said of its MeshConfig again.
  const meshWide = new Set(ofMesh.flatMap(({ object, rule }) => (object === undefined ? [rule] : [])));
  const admission = mesh
    .admissionFindings()
    .filter(({ finding }) => !known.has(placeOf(finding)) && !meshWide.has(finding.rule));
  for (const { finding } of admission) known.add(placeOf(finding));
  const refused = new Set(admission.flatMap((one) => (one.refused ? [one.finding.object] : [])));
  const found = [
    ...admission.map(({ finding }) => finding),
    // An object that is refused does nothing, so that nothing else need be said of it.
    ...ofMesh.filter((one) => !known.has(placeOf(one)) && !refused.has(one.object)),
    ...brokenGuarantees(manifests, name, mesh, guarantees, refused),
  ];
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
      assumptions: mesh.assumptions,
      "unmet-assumptions": [...mesh.unmetAssumptions().values()].flat(),
    };
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    return code;
  }
  for (const assumption of mesh.assumptions) terminal.err(`note: ${assumption}\n`);
  for (const problem of unreadable) terminal.out(`${formatProblem(problem)}\n`);
  for (const one of found) terminal.out(describeFinding(one, terminal));
  const { paint } = terminal;
  const warnings = found.length + unreadable.length - errors;
  if (guarantees.length > 0) {
    const held = guarantees.length - found.filter(({ rule }) => rule === "broken-guarantee").length;
    terminal.out(
      `${String(Math.max(held, 0))} of ${String(guarantees.length)} guarantees proved, ${provedExtentOf(mesh)}\n`,
    );
  }
  terminal.out(
    errors === 0 && warnings === 0
      ? `${paint.good("No findings.")}\n`
      : `${errors > 0 ? paint.bad(plural(errors, "error")) : "0 errors"}, ${plural(warnings, "warning")}.\n`,
  );
  return code;
}

/**
 * Guarantees that do not hold. Of objects that will be refused nobody knows whether they are mended or left out, so that a
 * guarantee has to hold with and without them.
 */
function brokenGuarantees(
  manifests: Manifests,
  name: MeshName,
  mesh: Mesh,
  guarantees: readonly Guarantee[],
  refused: ReadonlySet<string | undefined>,
): readonly Finding[] {
  const broken = checkGuarantees(mesh, guarantees);
  if (refused.size === 0) return broken;
  const objects = manifests.objects.filter((object) => !refused.has(describeObject(object)));
  const known = new Set(broken.map(({ object }) => object));
  const without = checkGuarantees(meshOf({ ...manifests, objects }, [], name), guarantees);
  return [...broken, ...without.filter(({ object }) => !known.has(object))];
}

/** What says of two messages that they are about the same thing. */
function placeOf({ object, property }: Pick<Problem, "object" | "property">): string | undefined {
  return property === undefined ? undefined : `${object ?? ""} ${property}`;
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
