import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KubernetesObject, parseManifests } from "../mesh/manifests";
import { checkGuarantees, diff, DiffTooLarge, type Guarantee, osmMesh, readGuarantees } from "../mesh/osm";
import { PreviewProblem } from "./problem";
import { type AccessReport, accessLine } from "./report";

/** Where a program keeps what must hold for its mesh, below its directory. */
export const guaranteesFile = join("stacks", "guarantees.yaml");

/**
 * The guarantees of a program; none where it has no such file.
 *
 * @throws {PreviewProblem} where the file cannot be read as guarantees: then nothing would be checked.
 */
export async function readProgramGuarantees(program: string): Promise<readonly Guarantee[]> {
  let text: string;
  try {
    text = await readFile(join(program, guaranteesFile), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  const manifests = parseManifests([{ name: guaranteesFile, text }]);
  const { guarantees, problems } = readGuarantees(manifests.objects, manifests.positions);
  const [problem] = [...manifests.problems, ...problems];
  if (problem !== undefined) throw new PreviewProblem(`${guaranteesFile}: ${problem.message}`);
  return guarantees;
}

/** What a change of objects opens and closes, and which guarantees it breaks. */
export function accessReport(
  comparedWith: string,
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  guarantees: readonly Guarantee[],
): AccessReport {
  const now = osmMesh({ objects: after });
  const broken = checkGuarantees(now, guarantees);
  try {
    const changes = diff(osmMesh({ objects: before }), now).map(accessLine);
    return { comparedWith, changes, guarantees: guarantees.length, broken };
  } catch (error) {
    if (!(error instanceof DiffTooLarge)) throw error;
    return { comparedWith, changes: { unknown: error.message }, guarantees: guarantees.length, broken };
  }
}
