import { type IstioResource } from "./object";

/** A port of a host. */
export interface ServiceEntryPort {
  readonly number: number;
  /** `HTTP`, `HTTPS`, `HTTP2`, `GRPC`, `TLS`, `TCP`, `MONGO`. Default: told from the name. */
  readonly protocol?: string;
  readonly name: string;
  readonly targetPort?: number;
}

/** Where calls to a host go. */
export interface WorkloadEntrySpec {
  /** An address, a name that is looked up, or `unix://` and a file. */
  readonly address?: string;
  readonly network?: string;
  /** Numbers of the ServiceEntry's ports here, by their names. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [further: string]: unknown;
}

/** Specification of a ServiceEntry. */
export interface ServiceEntrySpec {
  readonly hosts: readonly string[];
  /** Addresses and CIDRs under which it is called. */
  readonly addresses?: readonly string[];
  readonly ports?: readonly ServiceEntryPort[];
  readonly location?: "MESH_EXTERNAL" | "MESH_INTERNAL";
  /** `NONE`: to the address that was called. `DNS`: to what the name resolves to. `STATIC`: to `endpoints`. `DYNAMIC_DNS`: to what the name that was called resolves to, where `hosts` are patterns. */
  readonly resolution?: "NONE" | "STATIC" | "DNS" | "DNS_ROUND_ROBIN" | "DYNAMIC_DNS";
  readonly endpoints?: readonly WorkloadEntrySpec[];
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> };
  readonly exportTo?: readonly string[];
  readonly subjectAltNames?: readonly string[];
}

/** A host that sidecars know besides the cluster's Services. */
export type ServiceEntry = IstioResource<"networking.istio.io/v1", "ServiceEntry", ServiceEntrySpec>;
