import { formatPath, type Position, type Severity, type ValuePath } from "../manifests";
import { describeObject, type KubernetesObject } from "../manifests";
import { type CallRequest, type Outcome } from "../request/request";
import { decide } from "./decide";
import { type Mesh } from "./mesh";

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

/** A finding about an object by itself. */
export interface AdmissionFinding {
  readonly finding: Finding;
  /** Whether the API server or the webhook refuses the object, so that it never comes to be. */
  readonly refused: boolean;
}

/** Requests that are tried at most in search of one that shows a finding. */
const mostTried = 50;

/** The first of the requests that the mesh answers so: with all of these outcomes possible. */
export function shownBy(
  mesh: Mesh,
  requests: Iterable<CallRequest>,
  ...wanted: readonly Outcome[]
): CallRequest | undefined {
  let tried = 0;
  for (const request of requests) {
    if ((tried += 1) > mostTried) return undefined;
    const { outcome, outcomes } = decide(mesh, request);
    const possible: readonly string[] = outcomes ?? [outcome];
    if (wanted.every((one) => possible.includes(one))) return request;
  }
  return undefined;
}

/** Makes findings about objects of one mesh. */
export function finding(
  mesh: Mesh,
  about: { readonly object: KubernetesObject } | undefined,
  path: ValuePath,
  rest: Omit<Finding, "object" | "property" | "position">,
): Finding {
  if (about === undefined) return rest;
  const position = mesh.positions.of(about.object, path);
  return {
    ...rest,
    object: describeObject(about.object),
    ...(path.length > 0 && { property: formatPath(path) }),
    ...(position && { position }),
  };
}
