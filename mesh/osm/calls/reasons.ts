import { describeObject } from "../../manifests";
import { type Named, type TargetPolicy } from "../state";
import { type RouteOrigin } from "../proxy/routes";
import { type Reason } from "../../request/request";

/** Names the object as a reason. */
export function describe(policy: Named): Reason {
  return { text: describeObject(policy.object), object: policy.object };
}

/** Names a TrafficTarget as a reason. */
export function targetReason(target: TargetPolicy): Reason {
  return describe(target);
}

/** The rule of a TrafficTarget, and the match in the route group that it names. */
export function routeReasons({ target, rule, group, match }: RouteOrigin): readonly Reason[] {
  return [
    { text: describeObject(target.object), object: target.object, path: ["spec", "rules", rule] },
    {
      text: `${describeObject(group.object)} match ${match.name}`,
      object: group.object,
      path: ["spec", "matches", match.index],
    },
  ];
}
