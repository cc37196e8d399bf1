import { type Egress } from "./egress";
import { type HTTPRouteGroup } from "./http-route-group";
import { type IngressBackend } from "./ingress-backend";
import { type MeshConfig } from "./mesh-config";
import { type MeshRootCertificate } from "./mesh-root-certificate";
import { type Retry } from "./retry";
import { type TCPRoute } from "./tcp-route";
import { type TrafficSplit } from "./traffic-split";
import { type TrafficTarget } from "./traffic-target";
import { type UpstreamTrafficSetting } from "./upstream-traffic-setting";

export * from "./egress";
export * from "./http-route-group";
export * from "./ingress-backend";
export * from "./mesh-config";
export * from "./mesh-root-certificate";
export * from "./object";
export * from "./retry";
export * from "./tcp-route";
export * from "./traffic-split";
export * from "./traffic-target";
export * from "./upstream-traffic-setting";

/** Any object of the eight kinds that say what may be sent to whom, and how. */
export type PolicyObject =
  TrafficTarget | HTTPRouteGroup | TCPRoute | TrafficSplit | Egress | IngressBackend | Retry | UpstreamTrafficSetting;

/** Any object of the ten kinds that OSM reads. */
export type OsmObject = PolicyObject | MeshConfig | MeshRootCertificate;

/** Name of one of the ten kinds. */
export type OsmKind = OsmObject["kind"];

/** The ten kinds with the one version that OSM 1.2 serves and stores, and the plural in REST paths and CRD names. */
export const osmKinds = {
  TrafficTarget: { apiVersion: "access.smi-spec.io/v1alpha3", plural: "traffictargets" },
  HTTPRouteGroup: { apiVersion: "specs.smi-spec.io/v1alpha4", plural: "httproutegroups" },
  TCPRoute: { apiVersion: "specs.smi-spec.io/v1alpha4", plural: "tcproutes" },
  TrafficSplit: { apiVersion: "split.smi-spec.io/v1alpha2", plural: "trafficsplits" },
  MeshConfig: { apiVersion: "config.openservicemesh.io/v1alpha2", plural: "meshconfigs" },
  MeshRootCertificate: { apiVersion: "config.openservicemesh.io/v1alpha2", plural: "meshrootcertificates" },
  Egress: { apiVersion: "policy.openservicemesh.io/v1alpha1", plural: "egresses" },
  IngressBackend: { apiVersion: "policy.openservicemesh.io/v1alpha1", plural: "ingressbackends" },
  Retry: { apiVersion: "policy.openservicemesh.io/v1alpha1", plural: "retries" },
  UpstreamTrafficSetting: { apiVersion: "policy.openservicemesh.io/v1alpha1", plural: "upstreamtrafficsettings" },
} as const satisfies { [K in OsmKind]: { apiVersion: Extract<OsmObject, { kind: K }>["apiVersion"]; plural: string } };

/** Names of the ten CustomResourceDefinitions, `<plural>.<group>`. */
export const osmCustomResourceDefinitions: readonly string[] = Object.values(osmKinds).map(
  ({ apiVersion, plural }) => `${plural}.${apiVersion.slice(0, apiVersion.indexOf("/"))}`,
);
