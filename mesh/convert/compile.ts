import { type IstioObject } from "../istio/kinds";
import { osmMesh } from "../osm";
import { compileOsm } from "../osm/compile";
import { assumedCluster, type Policy, PolicyError } from "../policy";
import { approximationText, convertToIstio } from "./convert";
import { compilePlain } from "./compile-plain";
import { withEveryBackend } from "./every-backend";
import { takenApart } from "../policy/of-istio";
import { type RoutingOptions } from "./routing";

/**
 * Istio's objects that do what the policy says, as OSM does it: what passes is the same. They select pods by the label
 * `aks-mesh/service-account`, which whoever runs the pods has to give to them.
 *
 * @throws {PolicyError} where Istio cannot say it exactly.
 */
export function compileIstio(policy: Policy, options: RoutingOptions = {}): readonly IstioObject[] {
  return compilePlain(policy, options) ?? compileByOsm(policy, options);
}

/** The same for every policy, by way of what OSM's control plane would make of it. */
export function compileByOsm(policy: Policy, options: RoutingOptions = {}): readonly IstioObject[] {
  const { others, callRules } = takenApart(policy);
  const given = [...compileOsm(others), ...assumedCluster(policy)];
  const mesh = osmMesh({ objects: given });
  const answering = withEveryBackend(mesh, given);
  const { objects, open, refused } = convertToIstio(mesh, { ...options, callRules, answering });
  const [refusal] = refused;
  if (refusal !== undefined) throw new PolicyError(`${refusal.place}: Istio cannot do it: ${refusal.text}.`);
  const [first] = open;
  const [gap] = first?.gaps ?? [];
  if (first !== undefined && gap !== undefined) {
    const what = gap.what === "path" ? "path" : `header ${gap.header ?? ""}`;
    const near = (["narrower", "wider"] as const).filter((side) => gap[side] !== undefined);
    const choices = near.map((side) => approximationText(gap, side)).join("; ");
    throw new PolicyError(
      `routes to ${first.account}: Istio knows no patterns, and the ${what} ${JSON.stringify(gap.pattern ?? "of several routes together")} cannot be said by exact values, prefixes, suffixes and templates: ${gap.reason}. Write another one. Nearest are ${choices}.`,
    );
  }
  return objects;
}
