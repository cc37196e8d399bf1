import { type AuthorizationPolicy } from "./authorization-policy";
import { type DestinationRule } from "./destination-rule";
import { type EnvoyFilter } from "./envoy-filter";
import { type Gateway } from "./gateway";
import { type PeerAuthentication } from "./peer-authentication";
import { type RequestAuthentication } from "./request-authentication";
import { type ServiceEntry } from "./service-entry";
import { type Sidecar } from "./sidecar";
import { type VirtualService } from "./virtual-service";

export * from "./authorization-policy";
export * from "./destination-rule";
export * from "./envoy-filter";
export * from "./gateway";
export * from "./object";
export * from "./peer-authentication";
export * from "./request-authentication";
export * from "./service-entry";
export * from "./sidecar";
export * from "./traffic-policy";
export * from "./virtual-service";

/** Any object of the kinds that decide who may call whom, and how. */
export type IstioObject =
  | AuthorizationPolicy
  | PeerAuthentication
  | RequestAuthentication
  | VirtualService
  | DestinationRule
  | ServiceEntry
  | Sidecar
  | Gateway
  | EnvoyFilter;

/** Name of one of these kinds. */
export type IstioKind = IstioObject["kind"];

/** The kinds with the version that is written here, the plural in REST paths, and the versions that Istio 1.28 to 1.31 serve. */
export const istioKinds = {
  AuthorizationPolicy: {
    apiVersion: "security.istio.io/v1",
    plural: "authorizationpolicies",
    served: ["v1", "v1beta1"],
  },
  PeerAuthentication: { apiVersion: "security.istio.io/v1", plural: "peerauthentications", served: ["v1", "v1beta1"] },
  RequestAuthentication: {
    apiVersion: "security.istio.io/v1",
    plural: "requestauthentications",
    served: ["v1", "v1beta1"],
  },
  VirtualService: {
    apiVersion: "networking.istio.io/v1",
    plural: "virtualservices",
    served: ["v1", "v1beta1", "v1alpha3"],
  },
  DestinationRule: {
    apiVersion: "networking.istio.io/v1",
    plural: "destinationrules",
    served: ["v1", "v1beta1", "v1alpha3"],
  },
  ServiceEntry: {
    apiVersion: "networking.istio.io/v1",
    plural: "serviceentries",
    served: ["v1", "v1beta1", "v1alpha3"],
  },
  Sidecar: { apiVersion: "networking.istio.io/v1", plural: "sidecars", served: ["v1", "v1beta1", "v1alpha3"] },
  Gateway: { apiVersion: "networking.istio.io/v1", plural: "gateways", served: ["v1", "v1beta1", "v1alpha3"] },
  EnvoyFilter: { apiVersion: "networking.istio.io/v1alpha3", plural: "envoyfilters", served: ["v1alpha3"] },
} as const satisfies {
  [K in IstioKind]: {
    apiVersion: Extract<IstioObject, { kind: K }>["apiVersion"];
    plural: string;
    served: readonly string[];
  };
};
