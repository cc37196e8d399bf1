import { type OsmObject } from "../kinds";
import { type Surroundings } from "./context";
import { type Finding } from "./finding";

/** Findings about one object, by its kind. */
export function kindFindings(_object: OsmObject, _around: Surroundings): Finding[] {
  return [];
}
