import { type IstioResource } from "./object";

/** Specification of an EnvoyFilter: changes to what Istio writes for Envoy. AKS lets it be, and does not support it. */
export interface EnvoyFilterSpec {
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> };
  readonly configPatches?: readonly Readonly<Record<string, unknown>>[];
  readonly priority?: number;
}

/** A change of Envoy's configuration. */
export type EnvoyFilter = IstioResource<"networking.istio.io/v1alpha3", "EnvoyFilter", EnvoyFilterSpec>;
