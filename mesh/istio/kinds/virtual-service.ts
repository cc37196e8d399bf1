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
  readonly port?: { readonly number?: number };
}

/** What is made of the headers of requests, or of answers. */
export interface HeaderOperations {
  /** In the place of what is there. Values may name what Envoy knows of the call, as `%DOWNSTREAM_REMOTE_ADDRESS%`. */
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

/** What is made of headers. */
export interface HttpHeaders {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

/** A share of the calls. */
export interface RouteDestination {
  readonly destination: Destination;
  /** Relative; 0 gets nothing. Default of a single destination: all. */
  readonly weight?: number;
  /** Of HTTP alone. */
  readonly headers?: HttpHeaders;
}

/** When and how a call is tried again. */
export interface HttpRetry {
  /** After the first; 0 for none, which is what one left out means as well. */
  readonly attempts?: number;
  /** Duration such as `2s`. */
  readonly perTryTimeout?: string;
  /** Envoy's conditions, separated by commas. */
  readonly retryOn?: string;
  /** Duration such as `25ms`. */
  readonly backoff?: string;
  readonly retryRemoteLocalities?: boolean | null;
  readonly retryIgnorePreviousHosts?: boolean | null;
}

/** An answer that sends the caller elsewhere. */
export interface HttpRedirect {
  readonly uri?: string;
  /** In the place of what the match has as prefix. */
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: "FROM_PROTOCOL_DEFAULT" | "FROM_REQUEST_PORT";
  readonly scheme?: string;
  /** Default: 301. */
  readonly redirectCode?: number;
}

/** An answer that the sidecar gives itself. */
export interface HttpDirectResponse {
  readonly status: number;
  readonly body?: {
    readonly string?: string;
    /** Base64. */
    readonly bytes?: string;
  };
}

/** What becomes of a request on its way. */
export interface HttpRewrite {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match?: string; readonly rewrite?: string };
}

/** A share of calls. */
export interface Percent {
  /** 0 to 100. */
  readonly value?: number;
}

/** Delays and errors that the sidecar makes up. */
export interface HttpFaultInjection {
  readonly delay?: {
    readonly percent?: number;
    readonly percentage?: Percent;
    readonly fixedDelay?: string;
    readonly exponentialDelay?: string;
  };
  readonly abort?: {
    readonly percentage?: Percent;
    readonly httpStatus?: number;
    readonly grpcStatus?: string;
    readonly http2Error?: string;
  };
}

/** Whither copies of calls go. */
export interface HttpMirrorPolicy {
  readonly destination: Destination;
  /** Default: all. */
  readonly percentage?: Percent;
}

/** What pages of other origins may do, as the sidecar tells browsers. */
export interface CorsPolicy {
  readonly allowOrigin?: readonly string[];
  readonly allowOrigins?: readonly (StringMatch | Readonly<Record<string, never>>)[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Duration of whole seconds. */
  readonly maxAge?: string;
  readonly allowCredentials?: boolean | null;
  readonly unmatchedPreflights?: "UNSPECIFIED" | "FORWARD" | "IGNORE";
}

/** One rule. Its first match in the list's order counts. */
export interface HttpRoute {
  readonly name?: string;
  /** Any of these. Default: every request. */
  readonly match?: readonly HttpMatchRequest[];
  readonly route?: readonly RouteDestination[];
  readonly redirect?: HttpRedirect;
  readonly directResponse?: HttpDirectResponse;
  readonly delegate?: { readonly name?: string; readonly namespace?: string };
  readonly rewrite?: HttpRewrite;
  /** Duration. Default: none. */
  readonly timeout?: string;
  readonly retries?: HttpRetry;
  readonly fault?: HttpFaultInjection;
  readonly mirror?: Destination;
  readonly mirrors?: readonly HttpMirrorPolicy[];
  /** The share of calls that go to `mirror`. */
  readonly mirrorPercentage?: Percent;
  /** The same in whole percents, in either spelling. */
  readonly mirrorPercent?: number | null;
  readonly mirror_percent?: number | null;
  readonly corsPolicy?: CorsPolicy;
  readonly headers?: HttpHeaders;
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
