import { type KubernetesObject } from "../../../../mesh/manifests";
import { authorizationPolicy, istio, peerAuthentication, virtualService } from "../world";
import { type Refused, type Taken } from "./case";

const networking = (kind: string, spec: object): KubernetesObject =>
  istio("networking.istio.io/v1", kind, "shop", "o", spec);
const tokens = (rule: object): KubernetesObject =>
  istio("security.istio.io/v1", "RequestAuthentication", "shop", "r", { jwtRules: [rule] });
const forTarget = (targetRef: object): KubernetesObject =>
  authorizationPolicy("shop", "p", { targetRefs: [targetRef] });
const selecting = (matchLabels: object): KubernetesObject =>
  peerAuthentication("shop", "p", { selector: { matchLabels } });
const waiting = (timeout: string): KubernetesObject =>
  virtualService("shop", "v", { hosts: ["cart"], http: [{ route: [{ destination: { host: "cart" } }], timeout }] });
const listener = (one: object): KubernetesObject =>
  networking("Sidecar", { ingress: [{ port: { number: 80, protocol: "HTTP", name: "http" }, ...one }] });
const telling = (one: object): KubernetesObject => networking("Sidecar", { egress: [{ hosts: ["*/*"], ...one }] });
const proxied = (outboundTrafficPolicy: object): KubernetesObject => networking("Sidecar", { outboundTrafficPolicy });
const entry = (spec: object): KubernetesObject =>
  networking("ServiceEntry", {
    hosts: ["api.example"],
    ports: [{ number: 443, name: "tls", protocol: "TLS" }],
    resolution: "STATIC",
    ...spec,
  });
const custom = (rules: readonly object[]): KubernetesObject =>
  authorizationPolicy("shop", "p", { action: "CUSTOM", provider: { name: "x" }, rules });
const key = { kty: "RSA", n: "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri", e: "AQAB" };

export const taken: readonly Taken[] = [
  ["a Service as a policy's target", forTarget({ kind: "Service", name: "cart" })],
  ["a Gateway of Kubernetes", forTarget({ group: "gateway.networking.k8s.io", kind: "Gateway", name: "g" })],
  ["a label's value of 63 characters", selecting({ app: "x".repeat(63) })],
  ["1 ms", waiting("1ms")],
  ["1,000 µs", waiting("1000us")],
  ["one address of keys, by its older name, and no issuer", tokens({ jwks_uri: "https://keys.example" })],
  ["a set of keys", tokens({ issuer: "i", jwks: JSON.stringify({ keys: [key] }) })],
  ["a key alone", tokens({ issuer: "i", jwks: JSON.stringify(key) })],
  ["a port of the pod", listener({ defaultEndpoint: "127.0.0.1:8080" })],
  ["one of IPv6", listener({ defaultEndpoint: "[::1]:8080" })],
  ["a socket of the pod", listener({ defaultEndpoint: "unix:///run/app.sock" })],
  [
    "TLS of a Sidecar",
    listener({
      port: { number: 443, protocol: "HTTPS" },
      tls: { mode: "SIMPLE", serverCertificate: "/c", privateKey: "/k" },
    }),
  ],
  ["a socket that is told of", telling({ port: { number: 0, protocol: "HTTP" }, bind: "unix:///run/app.sock" })],
  [
    "a proxy for calls outside",
    proxied({ mode: "ALLOW_ANY", egressProxy: { host: "out.edge.svc.cluster.local", port: { number: 80 } } }),
  ],
  ["an endpoint with a port of its own", entry({ endpoints: [{ address: "192.0.2.1", ports: { tls: 8443 } }] })],
  ["a socket as endpoint", entry({ endpoints: [{ address: "unix:///run/a.sock" }] })],
  ["an endpoint of another network", entry({ endpoints: [{ network: "n" }] })],
  ["a condition of headers for who decides", custom([{ when: [{ key: "request.headers[x]", values: ["a"] }] }])],
];

const ingress = "spec.ingress[0]";
export const refused: readonly Refused[] = [
  ["a Gateway of Istio as a target", forTarget({ kind: "Gateway", name: "g" }), "spec.targetRefs[0].group"],
  ["pods as a target", forTarget({ kind: "Pod", name: "p" }), "spec.targetRefs[0].kind"],
  ["a target elsewhere", forTarget({ kind: "Service", name: "cart", namespace: "a" }), "spec.targetRefs[0].namespace"],
  ["DENY with no rule", authorizationPolicy("shop", "p", { action: "DENY", rules: [] }), "spec.rules"],
  [
    "callers for who decides",
    custom([{ when: [{ key: "source.principal", values: ["a"] }] }]),
    "spec.rules[0].when[0].key",
  ],
  [
    "callers' namespaces for who decides",
    custom([{ when: [{ key: "source.namespace", values: ["a"] }] }]),
    "spec.rules[0].when[0].key",
  ],
  ["a label's value of 64 characters", selecting({ app: "x".repeat(64) }), "spec.selector.matchLabels.app"],
  ["a label without a key", selecting({ "": "a" }), 'spec.selector.matchLabels[""]'],
  ["no port of its own", peerAuthentication("shop", "p", { portLevelMtls: {} }), "spec.portLevelMtls"],
  ["no time", waiting("0s"), "spec.http[0].timeout"],
  ["less than 1 ms", waiting("999us"), "spec.http[0].timeout"],
  ["time that runs backwards", waiting("-1s"), "spec.http[0].timeout"],
  ["keys from two places", tokens({ issuer: "i", jwks: "{}", jwksUri: "https://keys.example" }), "spec.jwtRules[0]"],
  ["a key without a part", tokens({ issuer: "i", jwks: '{"keys":[{"kty":"EC"}]}' }), "spec.jwtRules[0].jwks"],
  [
    "a key without its exponent",
    tokens({ issuer: "i", jwks: JSON.stringify({ ...key, e: undefined }) }),
    "spec.jwtRules[0].jwks",
  ],
  ["keys of another scheme", tokens({ jwksUri: "ftp://keys.example" }), "spec.jwtRules[0].jwksUri"],
  ["neither issuer nor keys", tokens({}), "spec.jwtRules[0].issuer"],
  ["another address", listener({ defaultEndpoint: "192.0.2.1:80" }), `${ingress}.defaultEndpoint`],
  ["an address without a port", listener({ defaultEndpoint: "127.0.0.1" }), `${ingress}.defaultEndpoint`],
  ["a port without a number", listener({ port: {} }), `${ingress}.port.number`],
  ["a Sidecar at a name", listener({ bind: "localhost" }), `${ingress}.bind`],
  ["a pods' port of a Sidecar", listener({ port: { number: 80, targetPort: 8080 } }), `${ingress}.port.targetPort`],
  [
    "TLS of requests",
    listener({ tls: { mode: "SIMPLE", serverCertificate: "/c", privateKey: "/k" } }),
    `${ingress}.tls`,
  ],
  [
    "a Secret of a Sidecar",
    listener({ port: { number: 443, protocol: "TLS" }, tls: { mode: "SIMPLE", credentialName: "c" } }),
    `${ingress}.tls.credentialName`,
  ],
  [
    "certificates of the mesh",
    listener({ port: { number: 443, protocol: "TLS" }, tls: { mode: "ISTIO_MUTUAL" } }),
    `${ingress}.tls.mode`,
  ],
  ["no port and no socket", telling({ port: { number: 0, protocol: "HTTP" } }), "spec.egress[0].port.number"],
  [
    "a socket that is captured",
    telling({ port: { protocol: "HTTP" }, bind: "unix:///a", captureMode: "IPTABLES" }),
    "spec.egress[0].captureMode",
  ],
  [
    "a proxy where nothing else is called",
    proxied({ egressProxy: { host: "out" } }),
    "spec.outboundTrafficPolicy.egressProxy",
  ],
  [
    "a proxy without a port",
    proxied({ mode: "ALLOW_ANY", egressProxy: { host: "out" } }),
    "spec.outboundTrafficPolicy.egressProxy.port",
  ],
  ["what only the whole mesh may say", proxied({ mode: "ALLOW_ANY_DYNAMIC_DNS" }), "spec.outboundTrafficPolicy.mode"],
  [
    "a port beyond the last",
    entry({ ports: [{ number: 443, name: "tls", protocol: "TLS", targetPort: 65_536 }] }),
    "spec.ports[0].targetPort",
  ],
  ["an endpoint of nowhere", entry({ endpoints: [{}] }), "spec.endpoints[0].address"],
  ["a name as a fixed endpoint", entry({ endpoints: [{ address: "a.example" }] }), "spec.endpoints[0].address"],
  [
    "a socket with ports",
    entry({ endpoints: [{ address: "unix:///a", ports: { tls: 1 } }] }),
    "spec.endpoints[0].ports",
  ],
  [
    "a label of an endpoint",
    entry({ endpoints: [{ address: "192.0.2.1", labels: { app: "a/b" } }] }),
    "spec.endpoints[0].labels.app",
  ],
  [
    "bytes to names that are looked up as they are called",
    entry({ hosts: ["*.example"], ports: [{ number: 80, name: "t", protocol: "TCP" }], resolution: "DYNAMIC_DNS" }),
    "spec.ports[0].protocol",
  ],
];
