/** Texts that some field or other refuses. */
const wrongTexts = [
  "",
  "*",
  "**",
  "a*b",
  "*a",
  "a*",
  "A",
  "a.b",
  "a_b",
  "a b",
  "-a",
  "a/b",
  "a/",
  "/a",
  "a/b/c",
  "~",
  "~/*",
  ".",
  "1",
  "0",
  "99999",
  "10.0.0.1",
  "10.0.0.0/8",
  "10.0.0.0/99",
  "::1",
  "300.0.0.1",
  "a.1",
  "*.a",
  "*.*",
  "a.*.b",
  "0s",
  "1us",
  "-1s",
  "1.5s",
  "1h1m",
  "1d",
  "(",
  "a|",
  ":path",
  ":a",
  "Host",
  "%a%",
  "100%",
  "unix:///a",
  "spiffe://a",
  "{*}",
  "a{",
  "request.headers[a]",
  "ftp://a.example",
  "http://",
  "1.0005s",
  "5xx,reset,",
  "GET",
  "https",
  "@request.auth.claims",
  "@request.auth.claims.sub",
  "@request.auth.claims[sub]",
  "outbound_.80_._.a.example",
  "%A",
  "%%A%",
  '%A(["a"])%',
  "a\nb",
  "a,b",
  "a(b)",
  "example.com/a",
  "x".repeat(1025),
  "x".repeat(64),
  "x".repeat(254),
  "x".repeat(321),
] as const;

type Texts = readonly [string, ...string[]];

const hosts: Texts = ["cart.shop.svc.cluster.local", "api.example", "cart"];
const spans: Texts = ["5s", "250ms", "1m"];
const plain: Texts = ["a", "b", "v1"];

/** Texts that fields of a name take. */
const byName: readonly (readonly [RegExp, Texts])[] = [
  [/^(maxAge)$/, ["5s", "1m"]],
  [/^(sniHosts)$/, ["api.example"]],
  [/^(host|hosts|notHosts|targetHost|authority)$/, hosts],
  [/imeout|nterval|uration|^(ttl|backoff|maxAge|time|baseEjectionTime|fixedDelay|exponentialDelay)/, spans],
  [/^(ports|notPorts)$/, ["80", "8080"]],
  [/^(paths|notPaths|path|uri)$/, ["/a", "/a/b"]],
  [/ipBlocks|IpBlocks|Subnet|^addresses$/, ["10.0.0.0/8", "10.1.2.3"]],
  [/^(principals|notPrincipals)$/, ["cluster.local/ns/shop/sa/cart"]],
  [/^(key)$/, ["source.namespace", "request.headers[x-a]", "source.ip", "destination.port", "connection.sni"]],
  [/^(protocol)$/, ["HTTP", "TCP", "TLS", "HTTPS"]],
  [/^(exportTo)$/, ["*", ".", "web"]],
  [/^(jwksUri|jwks_uri)$/, ["https://keys.example/jwks"]],
  [
    /^(jwks)$/,
    [
      '{"keys":[]}',
      '{"keys":[{"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri","e":"AQAB"}]}',
      '{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}',
      '{"keys":[{"kty":"EC"}]}',
      '{"keys":[{"kty":"RSA","n":"s"}]}',
      '{"keys":[{"kty":"XYZ"}]}',
      "{}",
    ],
  ],
  [/^(defaultEndpoint)$/, ["127.0.0.1:8080", "unix:///var/run/a.sock", "0.0.0.0:80"]],
  [/^(bind)$/, ["10.0.0.1", "0.0.0.0"]],
  [/^(address)$/, ["10.0.0.1", "a.example"]],
  [/^portLevelMtls\.\*$/, ["80", "8080"]],
  [/^(retryOn)$/, ["5xx", "gateway-error,reset", "503"]],
  [/^(grpcStatus|http2Error)$/, ["UNAVAILABLE", "REFUSED_STREAM"]],
  [/^(from|to)(\.\*)?$/, ["region1/*", "region2/zone1/*", "region2/zone2", "region3", "region2/*", "*"]],
  [/^failoverPriority$/, ["a", "topology.kubernetes.io/region=a"]],
  [/^(kind)$/, ["Service", "Gateway"]],
  [/^(group)$/, ["", "gateway.networking.k8s.io"]],
  [/^(cipherSuites)$/, ["ECDHE-RSA-AES128-GCM-SHA256"]],
  [/^(gateways)$/, ["mesh", "shop/g"]],
  [/^(allowMethods)$/, ["GET", "*"]],
  [/^(scheme)$/, ["http", "https"]],
  [/^(regex|match)$/, ["a|b", ".*"]],
  [/^(headers|withoutHeaders)\.\*$/, ["x-a", "x-b", ":path", "@request.auth.claims.sub"]],
  [/^(set|add)\.\*$/, ["x-a", "x-b", "Host"]],
  [/^(set|add)\[\]$/, ["a", "100%%", "%PROTOCOL%", "%REQ(:PATH)%"]],
  [/^(bytes)$/, ["YQ==", "YWI="]],
];

/** Texts that a field takes. */
export function usualTexts(name: string): Texts {
  return byName.find(([pattern]) => pattern.test(name))?.[1] ?? plain;
}

const oddSpans: Texts = [
  "1.5ms",
  "1500us",
  "1.0000001ms",
  "0.001s",
  "1.1h1.001s",
  "-0.5ms",
  "0",
  "9223372036s",
  "9223372037s",
];

/** Texts that fields of a name may or may not take, beside those that some field or other refuses. */
const oddByName: readonly (readonly [RegExp, Texts])[] = [
  [/imeout|nterval|uration|^(ttl|backoff|maxAge|time|baseEjectionTime|fixedDelay|exponentialDelay)/, oddSpans],
  [/^(credentialName)$/, ["configmap://shop/a", "configmap://web/a", "configmap://a", "configmap://shop/a/b"]],
  [/^(failoverPriority)$/, ["topology.kubernetes.io/region", "topology.istio.io/subzone"]],
  [
    /^(from|to)(\.\*)?$/,
    ["region1", "region1*", "region2/zone1/a", "region2/zone1/*", "region1//a", "a/b/c/d", "a/*/*"],
  ],
  [/^labels(\.\*|\[\])$/, ["a.b/c", "a_b", "a./b", "a/b/c", `${"x".repeat(254)}/a`, `a/${"x".repeat(64)}`]],
  [/^(host|hosts|targetHost)$/, ["1", "1.", "a.1.", "*.1", "*-a.b", "a.", "."]],
];

/** Texts that a field may refuse: those made for it as often as all others. */
export function wrongTextsOf(name: string): readonly string[] {
  const odd = oddByName.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  return [...wrongTexts, ...Array.from(wrongTexts).flatMap((_, index) => odd[index % odd.length] ?? [])];
}
