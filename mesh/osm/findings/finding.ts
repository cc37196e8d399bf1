import { formatPath, type Position, type Severity, type ValuePath } from "../../manifests";
import { type OsmMesh } from "../mesh";
import { type CallRequest } from "../request/request";
import { describeObject, type KubernetesObject } from "../../manifests";

/** Where what the mesh will do differs from what was probably meant. */
export interface Finding {
  readonly severity: Severity;
  /** Stable name of the rule, such as `order-dependent-routes`. */
  readonly rule: string;
  /** The object that it is about, `TrafficTarget shop/buyers`. */
  readonly object?: string;
  readonly property?: string;
  readonly position?: Position;
  /** What the mesh does, in one sentence. */
  readonly message: string;
  /** A call that shows it, where a call can. */
  readonly request?: CallRequest;
  /** What to write instead. */
  readonly remedy: string;
}

/** Makes findings about objects of one mesh. */
export function finding(
  mesh: OsmMesh,
  about: { readonly object: KubernetesObject } | undefined,
  path: ValuePath,
  rest: Omit<Finding, "object" | "property" | "position">,
): Finding {
  if (about === undefined) return rest;
  const position = mesh.state.positions.of(about.object, path);
  return {
    ...rest,
    object: describeObject(about.object),
    ...(path.length > 0 && { property: formatPath(path) }),
    ...(position && { position }),
  };
}
