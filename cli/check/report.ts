import { describeObject, type Manifests, parsePath, type Problem, type Severity } from "../../mesh/manifests";
import {
  checkGuarantees,
  type Finding,
  type Guarantee,
  type Mesh,
  type MeshName,
  meshOf,
  readGuarantees,
  unmetAssumptionsOf,
} from "../../mesh";

/** What a check comes to. */
export interface CheckReport {
  /** What cannot be read as the API server or the mesh would. */
  readonly problems: readonly Problem[];
  /** Guarantees that are not proved included. */
  readonly findings: readonly Finding[];
  readonly guarantees: readonly GuaranteeVerdict[];
  /** What the objects leave open and was assumed, in sentences. */
  readonly assumptions: readonly string[];
  /** What the answers rest on and is not so, in sentences. */
  readonly unmetAssumptions: readonly string[];
  /** Of whom and what "proved" is said. */
  readonly extent: string;
  /** Whether something was not read, so that it was not checked either. */
  readonly incomplete: boolean;
}

/** How a guarantee stands. */
export interface GuaranteeVerdict extends Pick<Guarantee, "name" | "kind"> {
  /** `broken` with a call that shows it, or because it says nothing; `unproved` where it may hold and that is not certain. */
  readonly state: "proved" | "broken" | "unproved";
}

/** Checks objects: what is refused, what the mesh will do that was probably not meant, and guarantees. */
export function checkReport(manifests: Manifests, name: MeshName): CheckReport {
  const mesh = meshOf(manifests, [], name);
  const { guarantees, problems: illWritten } = readGuarantees(manifests.objects, manifests.positions);
  const problems = [...mesh.problems, ...illWritten];
  const known = new Set(problems.map(placeOf));
  const ofMesh = mesh.findings();
  // What is said of the mesh as a whole need not be said of its MeshConfig again.
  const meshWide = new Set(ofMesh.flatMap(({ object, rule }) => (object === undefined ? [rule] : [])));
  const admission = mesh
    .admissionFindings()
    .filter(({ finding }) => !known.has(placeOf(finding)) && !meshWide.has(finding.rule));
  for (const { finding } of admission) known.add(placeOf(finding));
  const refused = new Set(admission.flatMap((one) => (one.refused ? [one.finding.object] : [])));
  const meshes = refused.size === 0 || guarantees.length === 0 ? [mesh] : [mesh, meshWithout(manifests, name, refused)];
  const judged = guarantees.map((guarantee) => judge(meshes, guarantee));
  const place = placesIn(manifests);
  return {
    problems,
    findings: [
      ...admission.map(({ finding }) => finding),
      // An object that is refused does nothing, so that nothing else need be said of it.
      ...ofMesh.filter((one) => !known.has(placeOf(one)) && !refused.has(one.object)),
      ...judged.flatMap(({ finding }) => finding ?? []),
    ].map(place),
    guarantees: judged.map(({ verdict }) => verdict),
    assumptions: mesh.assumptions,
    unmetAssumptions: unmetAssumptionsOf(mesh),
    extent: mesh.extent,
    incomplete: manifests.problems.some(({ severity }) => severity === "error"),
  };
}

/** Gives a finding without a place that of the object that it is about. */
function placesIn({ objects, positions }: Manifests): (finding: Finding) => Finding {
  const named = new Map(objects.map((object) => [describeObject(object), object]));
  return (finding) => {
    if (finding.position !== undefined || finding.object === undefined) return finding;
    const object = named.get(finding.object);
    const path = finding.property === undefined ? [] : parsePath(finding.property);
    const position = object && (positions.of(object, path) ?? positions.of(object));
    return { ...finding, ...(position && { position }) };
  };
}

/** The mesh of all objects but some. */
function meshWithout(manifests: Manifests, name: MeshName, left: ReadonlySet<string | undefined>): Mesh {
  const objects = manifests.objects.filter((object) => !left.has(describeObject(object)));
  return meshOf({ ...manifests, objects }, [], name);
}

/**
 * How a guarantee stands, with what is to be said of it where it is not proved. Of objects that will be refused nobody knows
 * whether they are mended or left out, so that it has to hold with and without them.
 */
function judge(meshes: readonly Mesh[], guarantee: Guarantee): Judged {
  const { name, kind } = guarantee;
  const findings = meshes.flatMap((mesh) => checkGuarantees(mesh, [guarantee]));
  const finding = findings.find(({ rule }) => rule !== "unproved-guarantee") ?? findings[0];
  if (finding === undefined) return { verdict: { name, kind, state: "proved" } };
  return { verdict: { name, kind, state: finding.rule === "unproved-guarantee" ? "unproved" : "broken" }, finding };
}

interface Judged {
  readonly verdict: GuaranteeVerdict;
  readonly finding?: Finding;
}

/** What says of two messages that they are about the same thing. */
function placeOf({ object, property }: Pick<Problem, "object" | "property">): string | undefined {
  return property === undefined ? undefined : `${object ?? ""} ${property}`;
}

/** Something to be said about the objects, whether a finding or what stood in the way of reading them. */
export interface Notice extends Omit<Finding, "remedy"> {
  /** Absent where the message says it. */
  readonly remedy?: string;
}

/** Rule of what cannot be read. */
export const unreadableRule = "unreadable-manifest";

/** All that is to be said, in the order in which it is. */
export function noticesOf({ problems, findings }: Pick<CheckReport, "problems" | "findings">): readonly Notice[] {
  return [
    ...problems.map(({ property, message, ...rest }): Notice => ({
      ...rest,
      rule: unreadableRule,
      ...(property !== undefined && { property }),
      message: property === undefined ? message : `${property}: ${message}`,
    })),
    ...findings,
  ];
}

/** Severities from which on a check fails. */
export const failOnNames = ["error", "warning", "never"] as const;

/** From which severity on a check fails: `warning` for anything at all, `never` only where something could not be read. */
export type FailOn = (typeof failOnNames)[number];

/** Exit code: 0 fine, 1 findings of this severity or worse, 2 where something could not be read and was not checked. */
export function exitCodeOf(report: CheckReport, failOn: FailOn): 0 | 1 | 2 {
  if (report.incomplete) return 2;
  if (failOn === "never") return 0;
  const failing: readonly Severity[] = failOn === "warning" ? ["warning", "error"] : ["error"];
  return noticesOf(report).some(({ severity }) => failing.includes(severity)) ? 1 : 0;
}
