import { type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import { type IstioObject } from "../../mesh/istio/kinds";
import { transformed } from "../transform";
import { type MeshPoliciesArgs } from "./args";
import { istioObjects } from "./istio-objects";
import { osmObjects, type WrittenOsmObject } from "./osm-objects";
import { type Diagnostic } from "./review";
import { type PolicyKind } from "./target";

/** A policy object ready to be applied. Parts of its arguments may not be known yet. */
export interface PendingObject {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  /** For messages, such as `TrafficTarget shop/buyers`. */
  readonly title: string;
  readonly args: CustomResourceArgs;
}

/** All policy objects, and what there is to say of how they came about. */
export interface PendingObjects {
  readonly pending: readonly PendingObject[];
  readonly said: readonly Diagnostic[];
}

/**
 * All policy objects, each with its version and kind.
 *
 * @throws RunError where the mesh cannot do exactly what `policy` and objects say.
 */
export function pendingObjects(args: MeshPoliciesArgs): PendingObjects {
  const { istio } = args;
  if (istio === undefined) return { pending: osmObjects(args).map((object) => pendingOf(object, args)), said: [] };
  const { objects, said } = istioObjects({ ...args, istio });
  return { pending: objects.map((object) => pendingOf(object, args)), said };
}

function pendingOf(
  { apiVersion, kind, metadata, spec }: IstioObject | WrittenOsmObject,
  args: MeshPoliciesArgs,
): PendingObject {
  const { namespace, name } = metadata;
  return {
    kind,
    namespace,
    name,
    title: `${kind} ${namespace}/${name}`,
    args: transformed(args.transform?.policy, { apiVersion, kind, metadata, spec }),
  };
}
