import { type OsmResource } from "./object";

/** Specification of a TCPRoute. */
export interface TcpRouteSpec {
  readonly matches: {
    /** Ports of the **pods** (a Service's `targetPort`, not its `port`), 1 to 65535. Empty: no restriction by port. */
    readonly ports: readonly number[];
  };
}

/**
 * SMI traffic specification: TCP ports that a TrafficTarget of the same namespace opens.
 *
 * Source: pkg/catalog/traffictarget.go (getTCPRouteMatchesFromTrafficTarget) of OSM 1.2.4.
 */
export type TCPRoute = OsmResource<"specs.smi-spec.io/v1alpha4", "TCPRoute", TcpRouteSpec>;
