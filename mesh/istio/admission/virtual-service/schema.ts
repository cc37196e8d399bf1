import { type Schema } from "../../../manifests/schema";
import {
  boolean,
  duration,
  exclusive,
  list,
  number,
  object,
  oneOf,
  string,
  strings,
  texts,
  unsigned,
} from "../schema-parts";

const int32: Schema = { type: "integer", minimum: -2147483648, maximum: 2147483647 };
const maybeBoolean: Schema = { type: "boolean", nullable: true };
const maybeUnsigned: Schema = { type: "integer", minimum: 0, maximum: 4294967295, nullable: true };
const percent = object({ value: number });
/** Base64, as Kubernetes takes bytes. */
const bytes: Schema = {
  type: "string",
  pattern: { regex: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, means: "base64" },
};

/** A text of the request. */
const match = exclusive(object({ exact: string, prefix: string, regex: string }), ["exact", "prefix", "regex"]);
const matches: Schema = { type: "map", values: match };

const headerOperations = object({ set: texts, add: texts, remove: strings });
const headers = object({ request: headerOperations, response: headerOperations });

/** Where calls go. */
export const destination = object({ host: string, subset: string, port: object({ number: unsigned }) }, "host");
const share = { destination, weight: int32 };

const httpMatch = object({
  name: string,
  uri: match,
  ignoreUriCase: boolean,
  scheme: match,
  method: match,
  authority: match,
  headers: matches,
  withoutHeaders: matches,
  queryParams: matches,
  port: unsigned,
  sourceLabels: texts,
  sourceNamespace: string,
  gateways: strings,
  statPrefix: string,
});

const redirect = exclusive(
  object({
    uri: string,
    prefixRewrite: string,
    authority: string,
    port: unsigned,
    derivePort: oneOf("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
    scheme: string,
    redirectCode: unsigned,
  }),
  ["port", "derivePort"],
);

const fault = object({
  delay: exclusive(object({ percent: int32, percentage: percent, fixedDelay: duration, exponentialDelay: duration }), [
    "fixedDelay",
    "exponentialDelay",
  ]),
  abort: exclusive(object({ percentage: percent, httpStatus: int32, grpcStatus: string, http2Error: string }), [
    "httpStatus",
    "grpcStatus",
    "http2Error",
  ]),
});

const corsPolicy = object({
  allowOrigin: strings,
  allowOrigins: list(match),
  allowMethods: strings,
  allowHeaders: strings,
  exposeHeaders: strings,
  maxAge: duration,
  allowCredentials: maybeBoolean,
  unmatchedPreflights: oneOf("UNSPECIFIED", "FORWARD", "IGNORE"),
});

const httpRoute = object({
  name: string,
  match: list(httpMatch),
  route: list(object({ ...share, headers }, "destination")),
  redirect,
  directResponse: object(
    { status: unsigned, body: exclusive(object({ string, bytes }), ["string", "bytes"]) },
    "status",
  ),
  delegate: object({ name: string, namespace: string }),
  rewrite: object({ uri: string, authority: string, uriRegexRewrite: object({ match: string, rewrite: string }) }),
  timeout: duration,
  retries: object({
    attempts: int32,
    perTryTimeout: duration,
    retryOn: string,
    retryRemoteLocalities: maybeBoolean,
    retryIgnorePreviousHosts: maybeBoolean,
    backoff: duration,
  }),
  fault,
  mirror: destination,
  mirrors: list(object({ destination, percentage: percent }, "destination")),
  mirrorPercent: maybeUnsigned,
  mirror_percent: maybeUnsigned,
  mirrorPercentage: percent,
  corsPolicy,
  headers,
});

const connectionMatch = {
  destinationSubnets: strings,
  port: unsigned,
  sourceLabels: texts,
  sourceNamespace: string,
  gateways: strings,
};
const shares = list(object(share, "destination"));

/** A VirtualService, as Istio 1.31's CustomResourceDefinition states it. */
export const virtualService = object({
  hosts: strings,
  gateways: strings,
  exportTo: strings,
  http: list(httpRoute),
  tls: list(
    object({ match: list(object({ ...connectionMatch, sniHosts: strings }, "sniHosts")), route: shares }, "match"),
  ),
  tcp: list(object({ match: list(object({ ...connectionMatch, sourceSubnet: string })), route: shares })),
});
