import { isolationName } from "../../namespace-isolation";
import { type PreviewFenceArgs } from "../args";
import { isolationPolicy, namespacePolicy, roleBindingPolicy } from "./namespaces";
import { amountPolicies, networkPolicy, servicePolicy } from "./network";
import { istioPolicies } from "./istio";
import { placePolicy } from "./place";
import { isolatedPolicies, podPolicy } from "./pods";
import { type FencePolicy } from "./policy";

export { type FencePolicy } from "./policy";

/** The admission policies that hold the previews of one cluster. */
export function fencePolicies(args: PreviewFenceArgs): readonly FencePolicy[] {
  return [
    placePolicy(args),
    namespacePolicy(args),
    isolationPolicy(args),
    roleBindingPolicy(args),
    podPolicy(args),
    ...isolatedPolicies(args, isolationName),
    servicePolicy(),
    networkPolicy(args),
    ...(args.mesh === "istio" ? istioPolicies() : []),
    ...amountPolicies(args),
  ];
}
