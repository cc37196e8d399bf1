import { type IstioKind } from "../../mesh/istio/kinds";
import { type OsmKind } from "../../mesh/osm/kinds";
import { type MeshPoliciesArgs } from "./args";

/** A mesh that policies are made for, checked by and analysed as. */
export type PolicyMesh = "osm" | "istio";

/** A kind of policy object. */
export type PolicyKind = OsmKind | IstioKind;

/** The mesh of the arguments. */
export function meshOfArgs({ istio }: Pick<MeshPoliciesArgs, "istio">): PolicyMesh {
  return istio === undefined ? "osm" : "istio";
}

/**
 * The order in which kinds are applied, and backwards that in which they go: an object after those that it refers to; with Istio
 * encryption and destinations, then who may call, then routes.
 */
export const waves: Readonly<Record<PolicyMesh, readonly (readonly PolicyKind[])[]>> = {
  osm: [
    ["HTTPRouteGroup", "TCPRoute", "UpstreamTrafficSetting", "MeshRootCertificate"],
    ["TrafficTarget", "Egress", "IngressBackend", "Retry"],
    ["TrafficSplit"],
  ],
  istio: [
    [
      "PeerAuthentication",
      "RequestAuthentication",
      "Sidecar",
      "ServiceEntry",
      "DestinationRule",
      "Gateway",
      "EnvoyFilter",
    ],
    ["AuthorizationPolicy"],
    ["VirtualService"],
  ],
};
