import { type Schema } from "../../manifests/schema";
import { type IstioKind } from "../kinds";
import {
  boolean,
  duration,
  integer,
  list,
  number,
  object,
  oneOf,
  string,
  strings,
  texts,
  unsigned,
} from "./schema-parts";
import { server, serverTls, sidecarPort } from "./server-schema";
import { connectionPool, trafficPolicy } from "./traffic-policy-schema";

const port = unsigned;

const matchLabels = object({ matchLabels: texts });
const labels = object({ labels: texts });
const targetRef = object({ group: string, kind: string, name: string, namespace: string }, "kind", "name");
const mode = object({ mode: oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT") });
const portNumber = object({ number: port });
const match: Schema = object({ exact: string, prefix: string, regex: string });
const matches: Schema = { type: "map", values: match };
const headerChanges = object({ set: texts, add: texts, remove: strings });
const headers = object({ request: headerChanges, response: headerChanges });
const destination = object({ host: string, subset: string, port: portNumber }, "host");
const percent = object({ value: number });
const connectionMatch = {
  destinationSubnets: strings,
  port,
  sourceLabels: texts,
  sourceNamespace: string,
  gateways: strings,
};
const share = object({ destination, weight: integer }, "destination");

const source = object(
  Object.fromEntries(
    [
      "principals",
      "requestPrincipals",
      "namespaces",
      "serviceAccounts",
      "trustDomains",
      "ipBlocks",
      "remoteIpBlocks",
    ].flatMap((name) => [
      [name, strings],
      [`not${name.charAt(0).toUpperCase()}${name.slice(1)}`, strings],
    ]),
  ),
);

const operation = object(
  Object.fromEntries(
    ["hosts", "ports", "methods", "paths"].flatMap((name) => [
      [name, strings],
      [`not${name.charAt(0).toUpperCase()}${name.slice(1)}`, strings],
    ]),
  ),
);

/**
 * Schema of each kind's `spec`, as Istio 1.31's CustomResourceDefinitions state it; undefined where only types of parts that are read
 * are looked at.
 */
export const specSchemas: Readonly<Record<IstioKind, Schema | undefined>> = {
  AuthorizationPolicy: object({
    selector: matchLabels,
    targetRef,
    targetRefs: list(targetRef),
    action: oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM"),
    provider: object({ name: string }),
    rules: list(
      object({
        from: list(object({ source })),
        to: list(object({ operation })),
        when: list(object({ key: string, values: strings, notValues: strings }, "key")),
      }),
    ),
  }),
  PeerAuthentication: object({
    selector: matchLabels,
    mtls: mode,
    portLevelMtls: { type: "map", values: mode },
  }),
  RequestAuthentication: object({
    selector: matchLabels,
    targetRef,
    targetRefs: list(targetRef),
    jwtRules: list(
      object({
        issuer: string,
        audiences: strings,
        jwksUri: string,
        jwks_uri: string,
        jwks: string,
        fromHeaders: list(object({ name: string, prefix: string }, "name")),
        fromParams: strings,
        fromCookies: strings,
        outputPayloadToHeader: string,
        outputClaimToHeaders: list(object({ header: string, claim: string }, "header", "claim")),
        forwardOriginalToken: boolean,
        timeout: duration,
        spaceDelimitedClaims: strings,
      }),
    ),
  }),
  VirtualService: object({
    hosts: strings,
    gateways: strings,
    exportTo: strings,
    http: list(
      object({
        name: string,
        match: list(
          object({
            name: string,
            uri: match,
            ignoreUriCase: boolean,
            scheme: match,
            method: match,
            authority: match,
            headers: matches,
            withoutHeaders: matches,
            queryParams: matches,
            port,
            sourceLabels: texts,
            sourceNamespace: string,
            gateways: strings,
            statPrefix: string,
          }),
        ),
        route: list(object({ destination, weight: integer, headers }, "destination")),
        redirect: object({
          uri: string,
          authority: string,
          port,
          derivePort: oneOf("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
          scheme: string,
          redirectCode: integer,
        }),
        directResponse: object({ status: integer, body: object({ string, bytes: string }) }, "status"),
        delegate: object({ name: string, namespace: string }),
        rewrite: object({
          uri: string,
          authority: string,
          uriRegexRewrite: object({ match: string, rewrite: string }),
        }),
        timeout: duration,
        retries: object({
          attempts: integer,
          perTryTimeout: duration,
          retryOn: string,
          retryRemoteLocalities: boolean,
          retryIgnorePreviousHosts: boolean,
          backoff: duration,
        }),
        fault: object({
          delay: object({
            percent: integer,
            percentage: percent,
            fixedDelay: duration,
            exponentialDelay: string,
          }),
          abort: object({ percentage: percent, httpStatus: integer, grpcStatus: string, http2Error: string }),
        }),
        mirror: destination,
        mirrors: list(object({ destination, percentage: percent }, "destination")),
        mirrorPercent: integer,
        mirror_percent: integer,
        mirrorPercentage: percent,
        corsPolicy: object({
          allowOrigin: strings,
          allowOrigins: list(match),
          allowMethods: strings,
          allowHeaders: strings,
          exposeHeaders: strings,
          maxAge: duration,
          allowCredentials: boolean,
          unmatchedPreflights: oneOf("UNSPECIFIED", "FORWARD", "IGNORE"),
        }),
        headers,
      }),
    ),
    tls: list(
      object(
        { match: list(object({ ...connectionMatch, sniHosts: strings }, "sniHosts")), route: list(share) },
        "match",
      ),
    ),
    tcp: list(object({ match: list(object({ ...connectionMatch, sourceSubnet: string })), route: list(share) })),
  }),
  DestinationRule: object(
    {
      host: string,
      exportTo: strings,
      workloadSelector: matchLabels,
      trafficPolicy,
      subsets: list(object({ name: string, labels: texts, trafficPolicy }, "name")),
    },
    "host",
  ),
  ServiceEntry: object(
    {
      hosts: strings,
      addresses: strings,
      ports: list(object({ number: port, protocol: string, name: string, targetPort: port }, "number", "name")),
      location: oneOf("MESH_EXTERNAL", "MESH_INTERNAL"),
      resolution: oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
      endpoints: list(
        object({
          address: string,
          labels: texts,
          locality: string,
          network: string,
          ports: { type: "map", values: port },
          serviceAccount: string,
          weight: port,
        }),
      ),
      workloadSelector: labels,
      exportTo: strings,
      subjectAltNames: strings,
    },
    "hosts",
  ),
  Sidecar: object({
    workloadSelector: labels,
    ingress: list(
      object(
        {
          bind: string,
          captureMode: oneOf("DEFAULT", "IPTABLES", "NONE"),
          connectionPool,
          defaultEndpoint: string,
          port: sidecarPort,
          tls: serverTls,
        },
        "port",
      ),
    ),
    egress: list(
      object(
        {
          port: object({ number: port, protocol: string, name: string, targetPort: port }),
          bind: string,
          captureMode: oneOf("DEFAULT", "IPTABLES", "NONE"),
          hosts: strings,
        },
        "hosts",
      ),
    ),
    inboundConnectionPool: connectionPool,
    outboundTrafficPolicy: object({
      mode: oneOf("REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"),
      egressProxy: destination,
    }),
  }),
  Gateway: object({ selector: texts, servers: list(server) }),
  EnvoyFilter: undefined,
};
