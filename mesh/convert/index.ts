import { type Manifests } from "../manifests";
import { osmMesh, type OsmMesh } from "../osm";
import { type Conversion, type ConvertOptions, convertToIstio } from "./convert";

export { approximationText, type Choice, type Conversion, type ConvertOptions } from "./convert";
export { labelled, migrated } from "./migrated";
export type { Refusal } from "./routing";

/** A conversion, and the mesh that it is of. */
export interface Converted extends Conversion {
  readonly mesh: OsmMesh;
}

/** Istio's objects for what OSM makes of manifests. */
export function convertManifests(manifests: Manifests, options: ConvertOptions = {}): Converted {
  const mesh = osmMesh(manifests);
  return { mesh, ...convertToIstio(mesh, options) };
}
