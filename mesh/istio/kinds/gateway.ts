import { type IstioResource } from "./object";

/** Specification of a Gateway: ports that a gateway's pods open, which VirtualServices then route. */
export interface GatewaySpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly servers?: readonly {
    readonly port: { readonly number: number; readonly protocol: string; readonly name: string };
    readonly hosts: readonly string[];
    readonly tls?: Readonly<Record<string, unknown>>;
  }[];
}

/** Where calls from outside come in. */
export type Gateway = IstioResource<"networking.istio.io/v1", "Gateway", GatewaySpec>;
