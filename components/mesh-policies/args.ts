import type * as kubernetes from "@pulumi/kubernetes";
import { type CustomResourceArgs } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { type OsmKind, type OsmObject, type PolicyObject } from "../../mesh/osm/kinds";
import { type NamespaceFenceSettings } from "../namespace-fence";
import { type Transform } from "../transform";

/** A value of which any part may be an Output or a promise. */
export type DeepInput<T> = pulumi.Input<
  T extends string | number | boolean | undefined ? T : { [K in keyof T]: DeepInput<T[K]> }
>;

/** An object of one kind. Its version and kind go without saying, so they may be left out. */
export interface PolicyArgs<K extends OsmKind> {
  apiVersion?: Extract<OsmObject, { kind: K }>["apiVersion"];
  kind?: K;
  metadata: {
    /** Name of the object; also part of the resource's name, so it has to be a plain value. */
    name: string;
    /** Namespace of the object. */
    namespace: string;
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
  };
  spec: DeepInput<Extract<OsmObject, { kind: K }>["spec"]>;
}

/** Objects by kind. */
export interface PolicyObjectArgs {
  /** Who may call whom, and with what. */
  trafficTargets?: PolicyArgs<"TrafficTarget">[];
  /** Named HTTP requests that TrafficTargets and Egresses refer to. */
  httpRouteGroups?: PolicyArgs<"HTTPRouteGroup">[];
  /** TCP ports that TrafficTargets refer to. */
  tcpRoutes?: PolicyArgs<"TCPRoute">[];
  /** Shares of a Service's traffic. */
  trafficSplits?: PolicyArgs<"TrafficSplit">[];
  /** What may be called outside the mesh. */
  egresses?: PolicyArgs<"Egress">[];
  /** What may be called from outside the mesh. */
  ingressBackends?: PolicyArgs<"IngressBackend">[];
  /** Retries by the callers' sidecars. */
  retries?: PolicyArgs<"Retry">[];
  /** Circuit breakers and rate limits. */
  upstreamTrafficSettings?: PolicyArgs<"UpstreamTrafficSetting">[];
  /** Certificate providers; read by a control plane that runs with the flag for it, which the AKS add-on does not. */
  meshRootCertificates?: PolicyArgs<"MeshRootCertificate">[];
}

/** A namespace of the mesh. */
export interface MeshNamespace {
  /** Name, a DNS label. */
  name: string;
  /** The namespace exists and belongs to somebody else: it is onboarded, not created. Default: false. */
  existing?: boolean;
  /** New pods get their sidecar. Default: true. */
  sidecarInjection?: boolean;
  /** Prometheus scrapes the sidecars. Default: true. */
  metrics?: boolean;
  /** Labels besides the mesh's own. */
  labels?: Record<string, string>;
  /** Annotations besides the mesh's own. */
  annotations?: Record<string, string>;
  /** What keeps the namespace within bounds. Default: nothing. */
  fence?: NamespaceFenceSettings;
}

/** Arguments of `MeshPolicies`. */
export interface MeshPoliciesArgs extends PolicyObjectArgs {
  /** Namespaces to onboard, before the first policy, so that the mesh's webhook checks each. */
  namespaces: MeshNamespace[];
  /**
   * Namespaces that are onboarded elsewhere, for policies in them or callers from them. Default: none.
   */
  otherNamespaces?: string[];
  /** Whether the mesh honours Retry objects (MeshConfig `featureFlags.enableRetryPolicy`). Default: true. */
  retryPolicy?: boolean;
  /** Services known to exist, as `namespace/name`: references to others are then errors. Default: not checked. */
  services?: string[];
  /** Namespaces whose Envoy metrics Container insights collects. Default: no ConfigMap for it. */
  containerInsightsNamespaces?: string[];
  /** Changes to the children. */
  transform?: {
    /** Each namespace that is created. */
    namespace?: Transform<kubernetes.types.input.core.v1.Namespace>;
    /** Each policy object. */
    policy?: Transform<CustomResourceArgs>;
  };
}

/** Sorts objects of any kind into the arguments that take them. */
export function policiesByKind(objects: readonly PolicyObject[]): PolicyObjectArgs {
  const ofKind = <K extends PolicyObject["kind"]>(kind: K): Extract<PolicyObject, { kind: K }>[] =>
    objects.filter((object): object is Extract<PolicyObject, { kind: K }> => object.kind === kind);
  return {
    trafficTargets: ofKind("TrafficTarget"),
    httpRouteGroups: ofKind("HTTPRouteGroup"),
    tcpRoutes: ofKind("TCPRoute"),
    trafficSplits: ofKind("TrafficSplit"),
    egresses: ofKind("Egress"),
    ingressBackends: ofKind("IngressBackend"),
    retries: ofKind("Retry"),
    upstreamTrafficSettings: ofKind("UpstreamTrafficSetting"),
  };
}
