import { type IstioResource, type StringMatch } from "./object";

/** A request. All fields hold together. */
export interface HttpMatchRequest {
  readonly name?: string;
  /** Path without query. */
  readonly uri?: StringMatch;
  readonly ignoreUriCase?: boolean;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  /** Names in lower case. An empty match is met by any value. */
  readonly headers?: Readonly<Record<string, StringMatch | Readonly<Record<string, never>>>>;
  /** Headers that do not have such a value, or are not there. */
  readonly withoutHeaders?: Readonly<Record<string, StringMatch | Readonly<Record<string, never>>>>;
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
  /** The Service's port. */
  readonly port?: number;
  /** Labels of the calling pod. */
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** Namespace of the calling pod. */
  readonly sourceNamespace?: string;
  /** Gateways, and `mesh` for sidecars. Default: the VirtualService's. */
  readonly gateways?: readonly string[];
}

/** Where calls go. */
export interface Destination {
  /** Name of a Service in any of its forms, or of a ServiceEntry. A short one is looked up in the VirtualService's namespace. */
  readonly host: string;
  /** Of a DestinationRule. */
  readonly subset?: string;
  /** Default: the Service's only port; the called one, where it has several. */
  readonly port?: { readonly number: number };
}

/** A share of the calls. */
export interface RouteDestination {
  readonly destination: Destination;
  /** Relative; 0 gets nothing. Default of a single destination: all. */
  readonly weight?: number;
}

/** When and how a call is tried again. */
export interface HttpRetry {
  /** After the first; 0 for none. */
  readonly attempts: number;
  /** Duration such as `2s`. */
  readonly perTryTimeout?: string;
  /** Envoy's conditions, separated by commas. */
  readonly retryOn?: string;
  /** Duration such as `25ms`. */
  readonly backoff?: string;
}

/** One rule. Its first match in the list's order counts. */
export interface HttpRoute {
  readonly name?: string;
  /** Any of these. Default: every request. */
  readonly match?: readonly HttpMatchRequest[];
  readonly route?: readonly RouteDestination[];
  readonly redirect?: Readonly<Record<string, unknown>>;
  readonly directResponse?: { readonly status: number; readonly body?: { readonly string?: string } };
  readonly delegate?: { readonly name?: string; readonly namespace?: string };
  readonly rewrite?: { readonly uri?: string; readonly authority?: string };
  /** Duration. Default: none. */
  readonly timeout?: string;
  readonly retries?: HttpRetry;
  readonly fault?: Readonly<Record<string, unknown>>;
  readonly mirror?: Destination;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** A connection. All fields hold together. */
export interface L4MatchAttributes {
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}

/** One rule for TCP. */
export interface TcpRoute {
  readonly match?: readonly L4MatchAttributes[];
  readonly route?: readonly RouteDestination[];
}

/** One rule for TLS that the caller speaks itself. */
export interface TlsRoute {
  readonly match?: readonly (L4MatchAttributes & { readonly sniHosts?: readonly string[] })[];
  readonly route?: readonly RouteDestination[];
}

/** Specification of a VirtualService. */
export interface VirtualServiceSpec {
  /** Names that are called. A short one is of the VirtualService's namespace. */
  readonly hosts?: readonly string[];
  /** `mesh` for sidecars. Default: `mesh`. */
  readonly gateways?: readonly string[];
  readonly http?: readonly HttpRoute[];
  readonly tls?: readonly TlsRoute[];
  readonly tcp?: readonly TcpRoute[];
  /** Namespaces whose sidecars read it: `.` its own, `*` all. Default: all. */
  readonly exportTo?: readonly string[];
}

/**
 * How sidecars route calls to a host. What no rule takes gets 404 from the caller's own sidecar; where no VirtualService names a host,
 * all goes to it.
 *
 * Source: pilot/pkg/networking/core/route/route.go of Istio 1.31.
 */
export type VirtualService = IstioResource<"networking.istio.io/v1", "VirtualService", VirtualServiceSpec>;
