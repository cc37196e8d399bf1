import { RunError } from "@pulumi/pulumi";
import { describeObject } from "../../mesh/manifests";
import { takenApart } from "../../mesh/policy/of-istio";
import { type MeshPoliciesArgs } from "./args";
import { type ClusterObject, clusterObjects } from "./cluster";
import { isPlain } from "./known";
import { ofPolicy, osmObjects, type WrittenOsmObject } from "./osm-objects";

/** What the arguments say, in the terms of Open Service Mesh. */
export interface OsmView {
  /** The same arguments without what Istio alone has. */
  readonly args: MeshPoliciesArgs;
  readonly policies: readonly WrittenOsmObject[];
  /** What is around them. */
  readonly around: readonly ClusterObject[];
  /** What Istio alone has of the policy. */
  readonly callRules?: ReturnType<typeof takenApart>["callRules"];
}

/**
 * The arguments as Open Service Mesh has them, whichever mesh they are for.
 *
 * @param why why all of it has to be known at once; the end of a sentence goes on with the objects that are not.
 * @throws RunError where parts are not known before the engine runs.
 */
export function asOpenServiceMesh(args: MeshPoliciesArgs, why: string): OsmView {
  const { istio, ...others } = args;
  const { policy } = others;
  const apart = istio && policy && ofPolicy(() => takenApart(policy));
  const asOsm: MeshPoliciesArgs =
    istio === undefined
      ? args
      : { ...others, ...(apart && { policy: apart.others }), mesh: { egress: istio.settings?.egress } };
  const policies = osmObjects(asOsm);
  const around = clusterObjects(asOsm);
  const parts = [...policies.map((value) => ({ title: describeObject(value), value })), ...around];
  const later = parts.filter(({ value }) => !isPlain(value));
  if (later.length > 0) {
    throw new RunError(
      `${why}, and ${later.map(({ title }) => title).join(", ")} have parts that are not known before the engine runs. ` +
        "Write plain values for names, labels, accounts and ports.",
    );
  }
  return { args: asOsm, policies, around, ...(apart && { callRules: apart.callRules }) };
}
