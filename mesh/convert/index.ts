import { type Manifests } from "../manifests";
import { istioMesh } from "../istio";
import { osmMesh, type OsmMesh } from "../osm";
import { type Conversion, type ConvertOptions, convertToIstio } from "./convert";

import { migrated } from "./migrated";
import { type Proof, proveBack } from "./proof";

export { approximationText, type Choice, type Conversion, type ConvertOptions } from "./convert";
export { labelled, migrated } from "./migrated";
export { equalExtent, type Proof } from "./proof";
export type { Refusal } from "./routing";

/** A conversion, and the mesh that it is of. */
export interface Converted extends Conversion {
  readonly mesh: OsmMesh;
}

/** The revision that namespaces are given for the proof, where nobody names one: which one it is changes nothing in it. */
const anyRevision = "asm-1-30";

/** Compares the mesh that manifests are of with what the conversion makes of them. */
export function proofOf(manifests: Manifests, converted: Converted, revision = anyRevision): Proof {
  const { mesh, open, chosen, refused } = converted;
  const after = istioMesh({ objects: migrated(manifests.objects, mesh, converted, revision) });
  const accounts = [...open, ...chosen, ...refused].flatMap(({ account }) => account ?? []);
  return proveBack(mesh, after, new Set(accounts));
}

/** Istio's objects for what OSM makes of manifests. */
export function convertManifests(manifests: Manifests, options: ConvertOptions = {}): Converted {
  const mesh = osmMesh(manifests);
  return { mesh, ...convertToIstio(mesh, options) };
}
