import { type Schema } from "../../manifests/schema";
import { type IstioKind } from "../kinds";
import {
  boolean,
  duration,
  exclusive,
  filled,
  labels,
  list,
  matchLabels,
  object,
  oneOf,
  string,
  strings,
  targetRef,
  targetRefs,
  texts,
  unsigned,
} from "./schema-parts";
import { server, serverTls, sidecarPort } from "./server-schema";
import { connectionPool, trafficPolicy } from "./traffic-policy-schema";
import { destination, virtualService } from "./virtual-service/schema";

const port = unsigned;
const realPort: Schema = { type: "integer", minimum: 1, maximum: 65535 };

const mode = object({ mode: oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT") });

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

/** What a policy is for: one way to say it. */
const attachments = ["selector", "targetRef", "targetRefs"];

const address: Schema = {
  type: "string",
  minLength: 1,
  maxLength: 2048,
  pattern: { regex: { test: isHttpAddress }, means: "an address of http or https, such as https://keys.example/jwks" },
};
const headerName: Schema = {
  type: "string",
  minLength: 1,
  pattern: { regex: /^[-_A-Za-z0-9]+$/, means: "letters, digits, - and _" },
};

/** An address without a host counts as one here, as it does for Kubernetes. */
function isHttpAddress(text: string): boolean {
  const address = text.replace(/^(https?:\/\/)(?=\/|$)/, "$1host");
  return URL.canParse(address) && ["http:", "https:"].includes(new URL(address).protocol);
}

/**
 * Schema of each kind's `spec`, as Istio 1.31's CustomResourceDefinitions state it; undefined where only types of parts that are read
 * are looked at.
 */
export const specSchemas: Readonly<Record<IstioKind, Schema | undefined>> = {
  AuthorizationPolicy: exclusive(
    object({
      selector: matchLabels,
      targetRef,
      targetRefs,
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
    attachments,
  ),
  PeerAuthentication: object({
    selector: matchLabels,
    mtls: mode,
    portLevelMtls: { type: "map", values: mode, minProperties: 1 },
  }),
  RequestAuthentication: exclusive(
    object({
      selector: matchLabels,
      targetRef,
      targetRefs,
      jwtRules: list(
        exclusive(
          object({
            issuer: filled,
            audiences: list(filled),
            jwksUri: address,
            jwks_uri: address,
            jwks: string,
            fromHeaders: list(object({ name: filled, prefix: string }, "name")),
            fromParams: list(filled),
            fromCookies: list(filled),
            outputPayloadToHeader: string,
            outputClaimToHeaders: list(object({ header: headerName, claim: filled }, "header", "claim")),
            forwardOriginalToken: boolean,
            timeout: duration,
            spaceDelimitedClaims: { type: "array", items: filled, maxItems: 64 },
          }),
          ["jwksUri", "jwks_uri", "jwks"],
        ),
      ),
    }),
    attachments,
  ),
  VirtualService: virtualService,
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
      hosts: { type: "array", items: string, minItems: 1, maxItems: 256 },
      addresses: { type: "array", items: { type: "string", maxLength: 64 }, maxItems: 256 },
      ports: {
        type: "array",
        items: object(
          {
            number: port,
            protocol: { type: "string", maxLength: 256 },
            name: { type: "string", maxLength: 256 },
            targetPort: realPort,
          },
          "number",
          "name",
        ),
        maxItems: 256,
      },
      location: oneOf("MESH_EXTERNAL", "MESH_INTERNAL"),
      resolution: oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
      endpoints: {
        type: "array",
        items: object({
          address: { type: "string", maxLength: 256 },
          labels: { type: "map", values: string, maxProperties: 256 },
          locality: { type: "string", maxLength: 2048 },
          network: { type: "string", maxLength: 2048 },
          ports: {
            type: "map",
            keys: {
              type: "string",
              maxLength: 62,
              pattern: { regex: /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/, means: "letters, digits and dashes" },
            },
            values: realPort,
            maxProperties: 128,
          },
          serviceAccount: { type: "string", maxLength: 253 },
          weight: port,
        }),
        maxItems: 4096,
      },
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
      mode: oneOf("REGISTRY_ONLY", "ALLOW_ANY"),
      egressProxy: destination,
    }),
  }),
  Gateway: object({ selector: texts, servers: list(server) }),
  EnvoyFilter: undefined,
};
