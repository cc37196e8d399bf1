import { type OsmResource } from "./object";

/** A Service of the same namespace that takes traffic from outside the mesh. */
export interface IngressBackendTarget {
  /** Name of the Service. */
  readonly name: string;
  readonly port: {
    /** The pods' port (`targetPort`), not the Service's. 1 to 65535. */
    readonly number: number;
    readonly protocol: "http" | "https";
  };
  /** Read for `https` only. */
  readonly tls?: {
    /** Accepts clients without a certificate of the mesh. Default: false. */
    readonly skipClientCertValidation: boolean;
    /** Server names that clients must ask for. Default: any. */
    readonly sniHosts?: readonly string[];
  };
}

/** Where the traffic may come from. */
export type IngressSource =
  | {
      /** The endpoints of an ingress controller's Service. */
      readonly kind: "Service";
      readonly name: string;
      readonly namespace: string;
    }
  | {
      /** A client certificate's subject alternative name; for `https` backends. */
      readonly kind: "AuthenticatedPrincipal";
      readonly name: string;
    }
  | {
      readonly kind: "IPRange";
      /** IPv4 CIDR. */
      readonly name: string;
    };

/** Specification of an IngressBackend. */
export interface IngressBackendSpec {
  readonly backends: readonly IngressBackendTarget[];
  readonly sources: readonly IngressSource[];
}

/**
 * Lets traffic from outside the mesh, such as an ingress controller's, reach pods. TrafficTargets are not asked.
 *
 * Source: pkg/catalog/ingress.go of OSM 1.2.4.
 */
export type IngressBackend = OsmResource<"policy.openservicemesh.io/v1alpha1", "IngressBackend", IngressBackendSpec>;
