import { type OsmObject } from "../../../../mesh/osm/kinds";

/** A demonstration of one ability of the mesh, as objects to apply. */
export interface Sample {
  /** Short name, e.g. `canary-rollout`. */
  readonly name: string;
  /** What it shows. */
  readonly shows: string;
  /** Namespaces that have to be onboarded. */
  readonly namespaces: readonly string[];
  /** Services that have to exist, as `namespace/name`. */
  readonly services: readonly string[];
  /** The objects. */
  readonly objects: readonly OsmObject[];
}
