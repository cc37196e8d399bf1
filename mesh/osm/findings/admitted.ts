import { describeObject, type KubernetesObject, type Manifests, nowhere, parsePath } from "../../manifests";
import { admit, type RefusedBy } from "../admission";
import { osmKinds } from "../kinds";
import { type AdmissionFinding, type Finding } from "../../analysis/finding";

const refusals: Readonly<Record<RefusedBy, string>> = {
  schema: "The API server refuses the object",
  webhook: "OSM's webhook refuses the object",
  nobody: "",
};

/**
 * What the API server by the kinds' schemas, OSM's validating webhook, or nobody until traffic fails, would refuse of the
 * objects of OSM's kinds. References to objects that are not among these are not checked: there may be more than the files show.
 */
export function admissionFindings({
  objects,
  positions = nowhere,
}: Pick<Manifests, "objects"> & Partial<Manifests>): readonly AdmissionFinding[] {
  const ofMesh = objects.filter(isServed);
  const byName = new Map(ofMesh.map((object) => [describeObject(object), object]));
  return admit(ofMesh, { complete: false }).findings.map(
    ({ check, severity, refusedBy, object: name, path, problem, remedy }): AdmissionFinding => {
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
    },
  );
}

/** Objects in another version of their API are said elsewhere, with what to write instead. */
function isServed({ kind, apiVersion }: KubernetesObject): boolean {
  const known: Readonly<Record<string, { readonly apiVersion: string }>> = osmKinds;
  return Object.hasOwn(known, kind) && known[kind]?.apiVersion === apiVersion;
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}
