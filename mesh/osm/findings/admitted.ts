import { asAdmissionFindings } from "../../analysis/admission-findings";
import { type AdmissionFinding } from "../../analysis/finding";
import { type KubernetesObject, type Manifests, nowhere } from "../../manifests";
import { admit } from "../admission";
import { osmKinds } from "../kinds";

/**
 * What the API server by the kinds' schemas, OSM's validating webhook, or nobody until traffic fails, would refuse of the
 * objects of OSM's kinds. References to objects that are not among these are not checked: there may be more than the files show.
 */
export function admissionFindings({
  objects,
  positions = nowhere,
}: Pick<Manifests, "objects"> & Partial<Manifests>): readonly AdmissionFinding[] {
  const ofMesh = objects.filter(isServed);
  return asAdmissionFindings(ofMesh, positions, admit(ofMesh, { complete: false }).findings, "OSM");
}

/** Objects in another version of their API are said elsewhere, with what to write instead. */
function isServed({ kind, apiVersion }: KubernetesObject): boolean {
  const known: Readonly<Record<string, { readonly apiVersion: string }>> = osmKinds;
  return Object.hasOwn(known, kind) && known[kind]?.apiVersion === apiVersion;
}
