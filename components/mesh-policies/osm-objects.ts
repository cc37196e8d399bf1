import { RunError } from "@pulumi/pulumi";
import { compile } from "../../mesh";
import { type OsmKind, osmKinds } from "../../mesh/osm/kinds";
import { type Policy, PolicyError } from "../../mesh/policy";
import { type MeshPoliciesArgs, type PolicyArgs } from "./args";

/** An object of Open Service Mesh with its version and kind. Parts of its spec may not be known yet. */
export type WrittenOsmObject = {
  [K in OsmKind]: { apiVersion: string; kind: K; metadata: PolicyArgs<K>["metadata"]; spec: PolicyArgs<K>["spec"] };
}[OsmKind];

/**
 * The objects of Open Service Mesh that the arguments say: those of the policy, and those given one by one.
 *
 * @throws RunError where the mesh cannot do exactly what `policy` says.
 */
export function osmObjects(args: MeshPoliciesArgs): readonly WrittenOsmObject[] {
  const ofKind = <K extends OsmKind>(kind: K, objects: readonly PolicyArgs<K>[] = []) =>
    objects.map(({ apiVersion = osmKinds[kind].apiVersion, metadata, spec }) => ({ apiVersion, kind, metadata, spec }));
  return [
    ...(args.policy === undefined ? [] : compiled(args.policy)),
    ...ofKind("HTTPRouteGroup", args.httpRouteGroups),
    ...ofKind("TCPRoute", args.tcpRoutes),
    ...ofKind("UpstreamTrafficSetting", args.upstreamTrafficSettings),
    ...ofKind("MeshRootCertificate", args.meshRootCertificates),
    ...ofKind("TrafficTarget", args.trafficTargets),
    ...ofKind("Egress", args.egresses),
    ...ofKind("IngressBackend", args.ingressBackends),
    ...ofKind("Retry", args.retries),
    ...ofKind("TrafficSplit", args.trafficSplits),
  ];
}

/** The objects of a policy, without the MeshConfig, which is OpenServiceMesh's to set. */
function compiled(policy: Policy) {
  return ofPolicy(() => compile(policy, "osm").filter(({ kind }) => kind !== "MeshConfig"));
}

/**
 * What is made of a policy.
 *
 * @throws RunError that names the argument, where the policy cannot be carried out.
 */
export function ofPolicy<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof PolicyError) throw new RunError(`policy: ${error.message}`);
    throw error;
  }
}
