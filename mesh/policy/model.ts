import {
  type CertificateProvider,
  type ConnectionSettings,
  type HttpLocalRateLimit,
  type OutlierDetection,
  type RateLimit,
  type RetryPolicy,
} from "./settings";

/** How a service's port is spoken to. `https` is TLS of the application's own, which the mesh passes on as TCP. */
export type PortProtocol = "http" | "https" | "tcp" | "grpc";

/** One port of a service. */
export interface PolicyPort {
  /** The Service's port. */
  readonly port: number;
  /** The pods' port. Default: `port`. */
  readonly targetPort?: number;
  readonly protocol: PortProtocol;
}

/** A service: who it is and how it is reached. */
export interface PolicyService {
  readonly namespace: string;
  /** Service account of its pods: its identity. Several services may share one; then they share what it may do. */
  readonly serviceAccount: string;
  /** Default: none; it only calls. */
  readonly ports?: readonly PolicyPort[];
  /** Name of the Kubernetes Service. Default: the name in the policy. */
  readonly service?: string;
}

/** One kind of request. All its conditions hold together. */
export interface PolicyRoute {
  /** Default: any. */
  readonly methods?: readonly ("GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "OPTIONS" | "TRACE" | "PATCH")[];
  /** RE2 of the whole path without the query. Default: any. */
  readonly path?: string;
  /** Header name → RE2 of the whole value. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Names of a policy's routes, as `group/route`. */
export type RouteName<R> = { [G in keyof R & string]: `${G}/${keyof R[G] & string}` }[keyof R & string];

/** Who may call a service, and with what. */
export interface AccessRule<Service extends string, Route extends string> {
  /** Name of the TrafficTarget. Default: made of the names of caller and service. */
  readonly name?: string;
  readonly from: Service | readonly Service[];
  readonly to: Service;
  /** HTTP requests that may be sent, `group/route`. Default: none. */
  readonly routes?: readonly Route[];
  /** TCP ports of the service that may be called. Default: none. */
  readonly tcp?: readonly number[];
}

/** A header's value: whole, how it begins, or RE2 of the whole. */
export type HeaderValue =
  | { readonly exact: string; readonly prefix?: never; readonly regex?: never }
  | { readonly prefix: string; readonly exact?: never; readonly regex?: never }
  | { readonly regex: string; readonly exact?: never; readonly prefix?: never };

/** Requests told by their headers. */
export interface HeaderMatch {
  /** Header name in lower case → its value. All hold together. */
  readonly headers: Readonly<Record<string, HeaderValue>>;
}

/** Requests that one backend of a split gets, whatever its weight. */
export interface SplitMatch<Service extends string> extends HeaderMatch {
  /** One of the split's backends. */
  readonly to: Service;
}

/** How calls to a service are shared out. */
export interface SplitRule<Service extends string> {
  /** Name of the TrafficSplit. Default: that of the root's Kubernetes Service. */
  readonly name?: string;
  readonly root: Service;
  /** Relative weights, integers ≥ 0, of services of the root's namespace. */
  readonly backends: { readonly [S in Service]?: number };
  /** HTTP requests that do not go by weight (A/B); the first that matches counts. Istio alone has it. Default: none. */
  readonly match?: readonly SplitMatch<Service>[];
}

/** What may come in from outside the mesh. */
export interface IngressRule<Service extends string> {
  readonly to: Service;
  /** Service's port. */
  readonly port: number;
  readonly protocol: "http" | "https";
  /** IPv4 CIDRs, or an ingress controller's Service as `namespace/name`. */
  readonly from: readonly string[];
  /** Names in client certificates, for `https`. */
  readonly principals?: readonly string[];
}

/** What may be called outside the mesh. */
export interface EgressRule<Service extends string, Route extends string> {
  readonly name: string;
  readonly from: Service | readonly Service[];
  /** Host names, for http and https. */
  readonly hosts?: readonly string[];
  /** IPv4 CIDRs. Default: any. */
  readonly addresses?: readonly string[];
  readonly ports: readonly { readonly port: number; readonly protocol: "http" | "https" | "tcp" }[];
  /** Route groups that http requests must match. Default: any request. */
  readonly groups?: readonly (Route extends `${infer Group}/${string}` ? Group : never)[];
}

/** Retries of one caller. */
export interface RetryRule<Service extends string> {
  readonly from: Service;
  readonly to: readonly Service[];
  readonly policy: RetryPolicy;
}

/** How long HTTP requests to a service may take, all their retries together; then the caller gets 504. Istio alone has it. */
export interface TimeoutRule<Service extends string> {
  /** Default: every caller that no other rule for the service names. */
  readonly from?: Service | readonly Service[];
  readonly to: Service;
  /** Go duration (`2s`, `750ms`), whole milliseconds. */
  readonly timeout: string;
}

/** A rate limit of requests that one route takes. */
export interface RouteLimit<Route extends string> {
  /** `group/route`. Routes of the same path share the limit, whatever else they ask for: OSM finds them by the text of the path. */
  readonly route: Route;
  readonly http: HttpLocalRateLimit;
}

/** Circuit breaking, outlier detection and rate limits of one service; at least one of them. */
export interface LimitRule<Service extends string, Route extends string = string> {
  readonly service: Service;
  readonly connections?: ConnectionSettings;
  /** Default: pods stay in whatever they answer. */
  readonly outliers?: OutlierDetection;
  readonly rate?: RateLimit;
  /** Limits of single routes, which take the place of `rate.local.http` for their requests. Default: none. */
  readonly routes?: readonly RouteLimit<Route>[];
}

/** A promise that is checked whenever the policy is analysed. */
export interface GuaranteeRule<Service extends string> {
  readonly name: string;
  /** `never`: no such call may pass. `always`: every such call passes. */
  readonly kind: "never" | "always";
  /** Default: every caller. */
  readonly from?: Service | readonly Service[];
  readonly to: Service;
  readonly requests?: PolicyRoute;
}

/** What a team means: who there is, and who may call whom. */
export interface Policy<Service extends string = string, Route extends string = string> {
  readonly services: Readonly<Record<Service, PolicyService>>;
  /** Groups of named routes. */
  readonly routes?: Readonly<Record<string, Readonly<Record<string, PolicyRoute>>>>;
  readonly access?: readonly AccessRule<Service, Route>[];
  readonly splits?: readonly SplitRule<Service>[];
  readonly ingress?: readonly IngressRule<Service>[];
  readonly egress?: readonly EgressRule<Service, Route>[];
  readonly retries?: readonly RetryRule<Service>[];
  /** Default: requests may take as long as they do. */
  readonly timeouts?: readonly TimeoutRule<Service>[];
  readonly limits?: readonly LimitRule<Service, Route>[];
  readonly guarantees?: readonly GuaranteeRule<Service>[];
  /** `strict`: only what is written may happen. `permissive`: every service may call every other. Default: `strict`. */
  readonly mode?: "strict" | "permissive";
  /** Whether anything may be called outside the mesh. Default: false. */
  readonly openEgress?: boolean;
  /** Namespace of the mesh's control plane, for the MeshConfig. Default: `kube-system`, as on AKS. */
  readonly meshNamespace?: string;
  /** Who issues the mesh's certificates. Default: the mesh itself. */
  readonly certificates?: CertificateProvider;
}

/**
 * A policy whose names the compiler checks: a service or route that is spelt wrong anywhere does not compile.
 *
 * @example
 * ```ts
 * const policy = definePolicy({
 *   services: {
 *     bookbuyer: { namespace: "bookbuyer", serviceAccount: "bookbuyer" },
 *     bookstore: { namespace: "bookstore", serviceAccount: "bookstore", ports: [{ port: 14001, protocol: "http" }] },
 *   },
 *   routes: { books: { buy: { methods: ["GET"], path: ".*a-book.*new" } } },
 *   access: [{ from: "bookbuyer", to: "bookstore", routes: ["books/buy"] }],
 * });
 * ```
 */
export function definePolicy<
  const S extends Readonly<Record<string, PolicyService>>,
  const R extends Readonly<Record<string, Readonly<Record<string, PolicyRoute>>>> = Readonly<Record<never, never>>,
>(
  policy: { readonly services: S; readonly routes?: R } & Omit<
    Policy<NoInfer<keyof S & string>, NoInfer<RouteName<R>>>,
    "services" | "routes"
  >,
): Policy<keyof S & string, RouteName<R>> {
  return policy;
}
