import { type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import { RunError } from "@pulumi/pulumi";
import { type IstioObject } from "../../mesh/istio/kinds";
import { type OsmKind, osmKinds, type OsmObject } from "../../mesh/osm/kinds";
import { compile } from "../../mesh";
import { type Policy, PolicyError } from "../../mesh/policy";
import { transformed } from "../transform";
import { type MeshPoliciesArgs, type PolicyArgs } from "./args";
import { istioObjects } from "./istio-objects";
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

/** The objects of a policy, without the MeshConfig, which is OpenServiceMesh's to set. */
function compiled(policy: Policy): readonly OsmObject[] {
  try {
    return compile(policy, "osm").filter(({ kind }) => kind !== "MeshConfig");
  } catch (error) {
    if (error instanceof PolicyError) throw new RunError(`policy: ${error.message}`);
    throw error;
  }
}

function pendingIstio({ apiVersion, kind, metadata, spec }: IstioObject, args: MeshPoliciesArgs): PendingObject {
  const { namespace, name } = metadata;
  return {
    kind,
    namespace,
    name,
    title: `${kind} ${namespace}/${name}`,
    args: transformed(args.transform?.policy, { apiVersion, kind, metadata, spec }),
  };
}

/**
 * All policy objects, each with its version and kind.
 *
 * @throws RunError where the mesh cannot do exactly what `policy` says.
 */
export function pendingObjects(args: MeshPoliciesArgs): readonly PendingObject[] {
  const ofKind = <K extends OsmKind>(kind: K, objects: readonly PolicyArgs<K>[] = []): PendingObject[] =>
    objects.map(({ apiVersion = osmKinds[kind].apiVersion, metadata, spec }) => ({
      kind,
      namespace: metadata.namespace,
      name: metadata.name,
      title: `${kind} ${metadata.namespace}/${metadata.name}`,
      args: transformed(args.transform?.policy, { apiVersion, kind, metadata, spec }),
    }));
  const { istio } = args;
  if (istio !== undefined) return istioObjects({ ...args, istio }).map((object) => pendingIstio(object, args));
  return [
    ...(args.policy === undefined ? [] : compiled(args.policy)).flatMap((object) => ofKind(object.kind, [object])),
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
