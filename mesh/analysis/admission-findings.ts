import { describeObject, type KubernetesObject, type Positions, parsePath } from "../manifests";
import { type AdmissionFinding, type Finding } from "./finding";
import { type Finding as ObjectFinding, type RefusedBy } from "./object-finding";

/**
 * What is wrong with objects by themselves, in sentences and with their places.
 *
 * @param webhook whose validating webhook it is: `OSM`.
 */
export function asAdmissionFindings(
  objects: readonly KubernetesObject[],
  positions: Positions,
  found: readonly ObjectFinding[],
  webhook: string,
): readonly AdmissionFinding[] {
  const refusals: Readonly<Record<RefusedBy, string>> = {
    schema: "The API server refuses the object",
    webhook: `${webhook}'s webhook refuses the object`,
    nobody: "",
  };
  const byName = new Map(objects.map((object) => [describeObject(object), object]));
  return found.map(({ check, severity, refusedBy, object: name, path, problem, remedy }): AdmissionFinding => {
    const object = byName.get(name);
    const position = object && positions.of(object, parsePath(path));
    const refusal = refusals[refusedBy];
    const finding: Finding = {
      severity,
      rule: check,
      object: name,
      ...(path !== "" && { property: path }),
      ...(position && { position }),
      message: refusal === "" ? `${capital(problem)}.` : `${refusal}: ${path === "" ? "" : `${path}: `}${problem}.`,
      remedy: `${capital(remedy)}${remedy.endsWith("?") ? "" : "."}`,
    };
    return { finding, refused: refusedBy !== "nobody" };
  });
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}
