import { httpMethods, type OsmKind } from "../kinds";
import { type Schema } from "../../manifests/schema";

const string: Schema = { type: "string" };
const boolean: Schema = { type: "boolean" };
const integer: Schema = { type: "integer" };
const count: Schema = { type: "integer", minimum: 0 };
const port: Schema = { type: "integer", minimum: 1, maximum: 65535 };
const strings: Schema = { type: "array", items: string };
const ports: Schema = { type: "array", items: port };

/** The CRDs' own pattern: it takes any text that ends like an IPv4 CIDR; a finer check follows. */
const ipv4Ranges: Schema = {
  type: "array",
  items: {
    type: "string",
    pattern: {
      regex: /((?:\d{1,3}\.){3}\d{1,3})\/(\d{1,2})$/,
      means: "an IPv4 CIDR, e.g. 10.0.0.0/16 (IPv6 is not taken)",
    },
  },
};

const oneOf = (...values: string[]): Schema => ({ type: "string", enum: values });
const list = (items: Schema): Schema => ({ type: "array", items });
const object = (properties: Record<string, Schema>, ...required: string[]): Schema => ({
  type: "object",
  properties,
  required,
});

const reference = object({ kind: string, name: string, namespace: string }, "kind", "name");
const fullReference = object({ kind: string, name: string, namespace: string }, "kind", "name", "namespace");
const typedReference = object({ apiGroup: string, kind: string, name: string }, "apiGroup", "kind", "name");
const secretReference = object({ name: string, namespace: string }, "name", "namespace");
const openPort = object({ number: port, protocol: string }, "number", "protocol");

const tlsVersion = oneOf("TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3");
const quantities: Schema = { type: "map", values: { type: "quantity" } };

const unit = oneOf("second", "minute", "hour");
const httpLimit = object({
  requests: { type: "integer", minimum: 1 },
  unit,
  burst: integer,
  responseStatusCode: { type: "integer", minimum: 400, maximum: 599 },
  responseHeadersToAdd: list(
    object({ name: { type: "string", minLength: 1 }, value: { type: "string", minLength: 1 } }, "name", "value"),
  ),
});

/** Schema of each kind's `spec`, as OSM 1.2.4's CustomResourceDefinitions state it. */
export const specSchemas: Readonly<Record<OsmKind, Schema>> = {
  TrafficTarget: object(
    {
      destination: reference,
      sources: list(reference),
      rules: list(
        object(
          { kind: oneOf("HTTPRouteGroup", "TCPRoute", "UDPRoute"), name: string, matches: strings },
          "kind",
          "name",
        ),
      ),
    },
    "destination",
    "sources",
    "rules",
  ),
  HTTPRouteGroup: object(
    {
      matches: list(
        object(
          {
            name: string,
            pathRegex: string,
            methods: list({ type: "string", enum: httpMethods }),
            headers: list({ type: "map", values: string }),
          },
          "name",
        ),
      ),
    },
    "matches",
  ),
  TCPRoute: object({ matches: object({ ports: list(integer) }, "ports") }, "matches"),
  TrafficSplit: object(
    { service: string, backends: list(object({ service: string, weight: { type: "number" } }, "service", "weight")) },
    "service",
    "backends",
  ),
  MeshConfig: object({
    sidecar: object({
      enablePrivilegedInitContainer: boolean,
      logLevel: oneOf("trace", "debug", "info", "warning", "warn", "error", "critical", "off"),
      maxDataPlaneConnections: integer,
      envoyImage: string,
      envoyWindowsImage: string,
      initContainerImage: string,
      resources: object({ limits: quantities, requests: quantities }),
      configResyncInterval: string,
      tlsMinProtocolVersion: tlsVersion,
      tlsMaxProtocolVersion: tlsVersion,
      cipherSuites: strings,
      ecdhCurves: strings,
      localProxyMode: oneOf("Localhost", "PodIP"),
    }),
    traffic: object({
      enableEgress: boolean,
      outboundIPRangeExclusionList: ipv4Ranges,
      outboundIPRangeInclusionList: ipv4Ranges,
      outboundPortExclusionList: ports,
      inboundPortExclusionList: ports,
      networkInterfaceExclusionList: strings,
      enablePermissiveTrafficPolicyMode: boolean,
      inboundExternalAuthorization: object({
        enable: boolean,
        address: string,
        port,
        statPrefix: string,
        timeout: string,
        failureModeAllow: boolean,
      }),
    }),
    observability: object({
      osmLogLevel: string,
      enableDebugServer: boolean,
      tracing: object({ enable: boolean, port: integer, address: string, endpoint: string }),
    }),
    certificate: object(
      {
        serviceCertValidityDuration: string,
        certKeyBitSize: integer,
        ingressGateway: object(
          {
            subjectAltNames: { type: "array", items: string, minItems: 1 },
            validityDuration: string,
            secret: secretReference,
          },
          "subjectAltNames",
          "validityDuration",
          "secret",
        ),
      },
      "serviceCertValidityDuration",
      "certKeyBitSize",
    ),
    featureFlags: object({
      enableWASMStats: boolean,
      enableEgressPolicy: boolean,
      enableMulticlusterMode: boolean,
      enableSnapshotCacheMode: boolean,
      enableAsyncProxyServiceMapping: boolean,
      enableIngressBackendPolicy: boolean,
      enableEnvoyActiveHealthChecks: boolean,
      enableRetryPolicy: boolean,
    }),
  }),
  MeshRootCertificate: object(
    {
      trustDomain: string,
      provider: {
        type: "object",
        oneOf: ["certManager", "vault", "tresor"],
        properties: {
          certManager: object(
            { issuerName: string, issuerKind: oneOf("ClusterIssuer", "Issuer"), issuerGroup: string },
            "issuerName",
            "issuerKind",
            "issuerGroup",
          ),
          vault: object(
            {
              host: string,
              port,
              role: string,
              protocol: string,
              token: object(
                { secretKeyRef: object({ name: string, key: string, namespace: string }, "name", "key", "namespace") },
                "secretKeyRef",
              ),
            },
            "host",
            "port",
            "role",
            "protocol",
            "token",
          ),
          tresor: object({ ca: object({ secretRef: secretReference }, "secretRef") }, "ca"),
        },
      },
    },
    "provider",
  ),
  Egress: object(
    {
      sources: list(
        object({ kind: oneOf("ServiceAccount"), name: string, namespace: string }, "kind", "name", "namespace"),
      ),
      hosts: strings,
      ipAddresses: ipv4Ranges,
      ports: list(openPort),
      matches: list(typedReference),
    },
    "sources",
    "ports",
  ),
  IngressBackend: object(
    {
      backends: list(
        object(
          {
            name: string,
            port: openPort,
            tls: object({ skipClientCertValidation: boolean, sniHosts: strings }, "skipClientCertValidation"),
          },
          "name",
          "port",
        ),
      ),
      sources: list(reference),
      matches: list(typedReference),
    },
    "backends",
    "sources",
  ),
  Retry: object(
    {
      source: fullReference,
      destinations: list(fullReference),
      retryPolicy: object(
        { retryOn: string, perTryTimeout: string, numRetries: integer, retryBackoffBaseInterval: string },
        "retryOn",
        "perTryTimeout",
        "numRetries",
        "retryBackoffBaseInterval",
      ),
    },
    "source",
    "destinations",
    "retryPolicy",
  ),
  UpstreamTrafficSetting: object(
    {
      host: string,
      connectionSettings: object({
        tcp: object({ maxConnections: count, connectTimeout: string }),
        http: object({
          maxRequests: count,
          maxRequestsPerConnection: count,
          maxPendingRequests: count,
          maxRetries: count,
        }),
      }),
      rateLimit: object({
        local: object({
          tcp: object({ connections: { type: "integer", minimum: 1 }, unit, burst: integer }),
          http: httpLimit,
        }),
      }),
      httpRoutes: list(object({ path: { type: "string", minLength: 1 }, rateLimit: object({ local: httpLimit }) })),
    },
    "host",
  ),
};
