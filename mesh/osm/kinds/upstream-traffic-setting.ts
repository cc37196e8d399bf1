import { type ConnectionSettings, type HttpLocalRateLimit, type RateLimit } from "../../policy/settings";
import { type OsmResource } from "./object";

/** Limits of one route of the host. */
export interface UpstreamHttpRoute {
  /** Has to equal the **text** of an HTTPRouteGroup's `pathRegex`: OSM compares, it does not match. */
  readonly path: string;
  readonly rateLimit?: { readonly local?: HttpLocalRateLimit };
}

/** Specification of an UpstreamTrafficSetting. */
export interface UpstreamTrafficSettingSpec {
  /**
   * Full host name of a Service of the same namespace, `<service>.<namespace>.svc.cluster.local`. For one that an Egress
   * refers to any host: there it is found by the object's name.
   */
  readonly host: string;
  readonly connectionSettings?: ConnectionSettings;
  readonly rateLimit?: RateLimit;
  readonly httpRoutes?: readonly UpstreamHttpRoute[];
}

/**
 * Circuit breaking and local rate limits of one upstream host. OSM's webhook has a check for it but never registers it.
 *
 * Source: pkg/policy, pkg/envoy/cds, pkg/envoy/rds/route of OSM 1.2.4.
 */
export type UpstreamTrafficSetting = OsmResource<
  "policy.openservicemesh.io/v1alpha1",
  "UpstreamTrafficSetting",
  UpstreamTrafficSettingSpec
>;
