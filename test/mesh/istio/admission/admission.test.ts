import { describe, expect, test } from "vitest";
import { admit } from "../../../../mesh/istio/admission";
import { authorizationPolicy, istio, peerAuthentication, virtualService } from "../world";

/** What is refused, as `path: problem`. */
const refusals = (object: unknown): readonly string[] =>
  admit([object]).findings.flatMap(({ path, problem, refusedBy }) =>
    refusedBy === "nobody" ? [] : [`${path}: ${problem}`],
  );

const rule = (one: unknown) => authorizationPolicy("shop", "p", { rules: [one] });
const operation = (fields: unknown) => rule({ to: [{ operation: fields }] });
const source = (fields: unknown) => rule({ from: [{ source: fields }] });
const when = (condition: unknown) => rule({ when: [condition] });

const policy = (trafficPolicy: unknown) =>
  istio("networking.istio.io/v1", "DestinationRule", "shop", "d", { host: "server", trafficPolicy });
const gateway = (spec: unknown) => istio("networking.istio.io/v1", "Gateway", "shop", "g", spec);
const sidecar = (spec: unknown) => istio("networking.istio.io/v1", "Sidecar", "shop", "s", spec);
const http = { number: 80, name: "http", protocol: "HTTP" };

describe("istiod's webhook takes, as measured,", () => {
  test.each([
    ["an empty spec", authorizationPolicy("shop", "p", {})],
    ["an object without a spec", { ...authorizationPolicy("shop", "p", {}), spec: undefined }],
    ["an empty rule", rule({})],
    ["nothing in the place of properties", authorizationPolicy("shop", "p", { selector: null, rules: null })],
    ["nothing for a spec", { ...authorizationPolicy("shop", "p", {}), spec: null }],
    [
      "nothing in the place of a policy",
      istio("networking.istio.io/v1", "DestinationRule", "shop", "d", { host: "a", trafficPolicy: null }),
    ],
    ["a policy that is only tried, in Go's words", authorizationPolicy("shop", "p", {}, { "istio.io/dry-run": "T" })],
    ["paths that look like patterns", operation({ paths: ["/a/[0-9]+", "/m/*/b"] })],
    ["methods in lower case and of one's own", operation({ methods: ["get", "FLY"] })],
    ["principals that nobody has", source({ principals: ["nobody"] })],
    ["templates", operation({ paths: ["/a/{*}/b", "/a/{**}"] })],
    ["any key in brackets", when({ key: "request.headers[:path]", values: ["/a*"] })],
    [
      "weights that do not add up to 100",
      virtualService("shop", "v", {
        hosts: ["a"],
        http: [
          {
            route: [
              { destination: { host: "a" }, weight: 90 },
              { destination: { host: "b" }, weight: 20 },
            ],
          },
        ],
      }),
    ],
    [
      "a policy for traffic",
      policy({
        connectionPool: { tcp: { maxConnections: 1, connectTimeout: "1s" }, http: { http2MaxRequests: 1 } },
        outlierDetection: { consecutive5xxErrors: 5, interval: "5s" },
        loadBalancer: {
          localityLbSetting: { distribute: [{ from: "a/*", to: { "a/*": 100 } }] },
          simple: "ROUND_ROBIN",
        },
        portLevelSettings: [{ port: { number: 80 }, tls: { mode: "SIMPLE", sni: "a" } }],
      }),
    ],
    [
      "a Gateway",
      gateway({
        selector: { istio: "ingress" },
        servers: [
          {
            port: { ...http, protocol: "HTTPS" },
            hosts: ["a.example"],
            tls: { mode: "SIMPLE", credentialName: "a", minProtocolVersion: "TLSV1_2" },
          },
        ],
      }),
    ],
    ["an older version", { ...authorizationPolicy("shop", "p", {}), apiVersion: "security.istio.io/v1beta1" }],
    [
      "a large pattern in a route",
      virtualService("shop", "v", {
        hosts: ["a"],
        http: [{ match: [{ uri: { regex: `/${"a.b".repeat(60)}` } }], route: [{ destination: { host: "a" } }] }],
      }),
    ],
  ])("%s", (_, object) => {
    expect(refusals(object)).toEqual([]);
  });
});

const toA = [{ destination: { host: "a" } }];
const tlsRule = (one: unknown) => virtualService("shop", "v", { hosts: ["a.b", "c.b"], tls: [one] });

describe("refuses", () => {
  test.each([
    [operation({ paths: ["/a/{id}"] }), /paths\[0\]: "\/a\/\{id\}": \{ and \}/],
    [operation({ paths: ["/a/{**}/b/{*}"] }), /\{\*\*\} is not the last/],
    [operation({ paths: [""] }), /paths\[0\]: is empty/],
    [source({ principals: [""] }), /principals\[0\]: is empty/],
    [operation({ ports: ["http"] }), /ports\[0\]: "http" is no port/],
    [operation({}), /operation: names nothing/],
    [source({}), /source: names nobody/],
    [when({ key: "request.method", values: ["GET"] }), /"request.method" is unknown/],
    [when({ key: "source.ip" }), /values: is missing/],
    [when({ key: "source.ip", values: ["10.0.0.0/99"] }), /no address and no CIDR/],
    [source({ serviceAccounts: ["a/b/c"] }), /no service account/],
    [source({ serviceAccounts: ["a/b"], namespaces: ["a"] }), /with principals or namespaces/],
    [policy({ connectionPool: { tcp: { maxConnection: 1 } } }), /tcp\.maxConnection: /],
    [policy({ portLevelSettings: [{ port: 80 }] }), /portLevelSettings\[0\]\.port: /],
    [policy({ loadbalancer: { simple: "RANDOM" } }), /trafficPolicy\.loadbalancer: /],
    [policy({ tls: { mode: "mutual" } }), /tls\.mode: /],
    [gateway({ server: [] }), /spec\.server: /],
    [gateway({ servers: [{ port: { number: 80, protocol: "HTTP" }, hosts: ["a"] }] }), /port\.name: /],
    [gateway({ servers: [{ port: http, hosts: ["a.b"], tsl: {} }] }), /servers\[0\]\.tsl: /],
    [
      sidecar({ ingress: [{ port: { number: "8080" }, defaultEndpoint: "127.0.0.1:8080" }] }),
      /ingress\[0\]\.port\.number: /,
    ],
    [authorizationPolicy("shop", "p", { action: "DENY" }), /spec.rules: is missing/],
    [authorizationPolicy("shop", "p", { action: "CUSTOM", rules: [{}] }), /provider.name: is missing/],
    [
      authorizationPolicy("shop", "p", {
        selector: { matchLabels: { a: "b" } },
        targetRefs: [{ kind: "Service", name: "s" }],
      }),
      /has selector and targetRefs/,
    ],
    [authorizationPolicy("shop", "p", {}, { "istio.io/dry-run": "yes" }), /dry-run: "yes" is neither true nor false/],
    [
      authorizationPolicy("shop", "p", { action: "AUDIT", rules: [{}] }, { "istio.io/dry-run": "true" }),
      /dry-run: is there with action AUDIT/,
    ],
    [
      {
        ...peerAuthentication("shop", "p", {}),
        metadata: { name: "p", namespace: "shop", annotations: { "istio.io/dry-run": "true" } },
      },
      /dry-run: is no annotation for PeerAuthentication/,
    ],
    [authorizationPolicy("shop", "p", { rule: [] }), /spec.rule: there is no such property/],
    [authorizationPolicy("shop", "p", { action: "PERMIT" }), /spec.action: "PERMIT" is not allowed/],
    [
      peerAuthentication("shop", "p", { portLevelMtls: { 80: { mode: "STRICT" } } }),
      /portLevelMtls: is there without a selector/,
    ],
    [
      virtualService("shop", "v", { hosts: ["*"], http: [{ route: [{ destination: { host: "a" } }] }] }),
      /"\*" is not taken/,
    ],
    [virtualService("shop", "v", { hosts: ["a"] }), /spec: has no rule/],
    [virtualService("shop", "v", { hosts: ["a"], http: [{}] }), /leads nowhere/],
    [
      virtualService("shop", "v", { hosts: ["a.b", "*.b"], tcp: [{ route: toA }] }),
      /hosts\[1\]: has a\.b and \*\.b, one of which/,
    ],
    [
      virtualService("shop", "v", { hosts: ["*.b", "a.b"], tcp: [{ route: toA }] }),
      /hosts\[1\]: has \*\.b and a\.b, one of which/,
    ],
    [virtualService("shop", "v", { hosts: ["a", "a"], tcp: [{ route: toA }] }), /hosts\[1\]: has a twice/],
    [tlsRule({ match: [{ sniHosts: ["a.b"] }] }), /tls\[0\]: leads nowhere/],
    [tlsRule({ match: [], route: toA }), /tls\[0\]\.match: is empty/],
    [tlsRule({ match: [{ sniHosts: [] }], route: toA }), /match\[0\]\.sniHosts: is empty/],
    [tlsRule({ match: [{ sniHosts: ["a.b", "c.b", "*.b"] }], route: toA }), /sniHosts\[2\]: \*\.b is within none of/],
    [virtualService("shop", "v", { hosts: ["a"], tcp: [{}] }), /tcp\[0\]: leads nowhere/],
    [
      virtualService("shop", "v", {
        hosts: ["a"],
        http: [{ route: [{ destination: { host: "a" } }, { destination: { host: "b" }, weight: 0 }] }],
      }),
      /add up to 0/,
    ],
    [
      virtualService("shop", "v", {
        hosts: ["a"],
        http: [{ match: [{ uri: { regex: "(" } }], route: [{ destination: { host: "a" } }] }],
      }),
      /RE2 refuses/,
    ],
    [istio("networking.istio.io/v1beta1", "ProxyConfig", "shop", "p", {}), /AKS's add-on refuses ProxyConfig/],
    [istio("security.istio.io/v2", "AuthorizationPolicy", "shop", "p", {}), /serves no AuthorizationPolicy/],
  ])("%#", (object, expected) => {
    const found = refusals(object);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });
});

test("A DestinationRule whose selector has no label is told of", () => {
  const object = istio("networking.istio.io/v1", "DestinationRule", "shop", "d", { host: "a", workloadSelector: {} });
  expect(admit([object]).findings).toMatchObject([
    { severity: "warning", refusedBy: "nobody", path: "spec.workloadSelector" },
  ]);
});
