import { type OsmResource } from "./object";

/** HTTP methods that the CRD accepts; `*` stands for any method, also for those not listed here. */
export const httpMethods = [
  "*",
  "GET",
  "HEAD",
  "PUT",
  "POST",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
] as const;

/** One of {@link httpMethods}. */
export type HttpMethod = (typeof httpMethods)[number];

/** One named kind of request. All its conditions must hold. */
export interface HttpMatch {
  /** What a TrafficTarget's rule calls it by; unique in its group. */
  readonly name: string;
  /** RE2, matched against the whole path without the query string, case-sensitive. Default: any path. */
  readonly pathRegex?: string;
  /** Default: any method. */
  readonly methods?: readonly HttpMethod[];
  /**
   * Header name → RE2 of the whole value. A list of maps with **one key each**; OSM merges them, a later duplicate wins.
   * The name `host` stands for the authority.
   */
  readonly headers?: readonly Readonly<Record<string, string>>[];
}

/** Specification of an HTTPRouteGroup. */
export interface HttpRouteGroupSpec {
  readonly matches: readonly HttpMatch[];
}

/**
 * SMI traffic specification: a group of named HTTP matches, for TrafficTargets and Egresses of the same namespace.
 *
 * Source: pkg/catalog/traffictarget.go (getRoutesFromRules) of OSM 1.2.4.
 */
export type HTTPRouteGroup = OsmResource<"specs.smi-spec.io/v1alpha4", "HTTPRouteGroup", HttpRouteGroupSpec>;
