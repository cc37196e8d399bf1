import { type IstioResource } from "./object";

/** Specification of a Gateway: ports that a gateway's pods open, which VirtualServices then route. */
export interface GatewaySpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly servers?: readonly GatewayServer[];
}

/** A port that a gateway's pods open, for some hosts. */
export interface GatewayServer {
  readonly port: {
    readonly number: number;
    readonly protocol: string;
    readonly name: string;
    readonly targetPort?: number;
  };
  readonly hosts: readonly string[];
  /** The address that the port is opened at, or `unix://` and a file; all addresses where it is left out. */
  readonly bind?: string;
  readonly tls?: ServerTls;
}

/** TLS of those who call a gateway, or a port that a Sidecar opens. */
export interface ServerTls {
  /** What a mode left out means is PASSTHROUGH. */
  readonly mode?: "PASSTHROUGH" | "SIMPLE" | "MUTUAL" | "AUTO_PASSTHROUGH" | "ISTIO_MUTUAL" | "OPTIONAL_MUTUAL";
  readonly httpsRedirect?: boolean;
  readonly credentialName?: string;
  readonly credentialNames?: readonly string[];
  readonly serverCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  readonly tlsCertificates?: readonly { readonly serverCertificate?: string; readonly privateKey?: string }[];
  readonly subjectAltNames?: readonly string[];
  readonly [field: string]: unknown;
}

/** Where calls from outside come in. */
export type Gateway = IstioResource<"networking.istio.io/v1", "Gateway", GatewaySpec>;
