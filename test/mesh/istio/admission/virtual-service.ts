import { type KubernetesObject } from "../../../../mesh/manifests";
import { istio } from "../world";
import { type Refused, type Taken } from "./case";

const virtualService = (spec: object): KubernetesObject =>
  istio("networking.istio.io/v1", "VirtualService", "shop", "o", { hosts: ["cart"], ...spec });
const to = (host: string, rest: object = {}) => ({ destination: { host }, ...rest });
const route = [to("cart")];
/** One that is called under cart, with a rule that leads to cart. */
const rule = (rest: object, spec: object = {}) => virtualService({ http: [{ route, ...rest }], ...spec });
const only = (http: object, spec: object = {}) => virtualService({ http: [http], ...spec });
const match = (one: object, spec: object = {}) => rule({ match: [one] }, spec);
const tcp = (one: object) => virtualService({ tcp: [{ match: [one], route }] });
const tls = (sniHosts: readonly string[], spec: object = {}) =>
  virtualService({ tls: [{ match: [{ sniHosts }], route }], ...spec });
const forGateway = { gateways: ["shop/g"] };
const isDelegate = { hosts: [] };
const set = (headers: object) => rule({ headers: { request: { set: headers } } });
const redirect = (one: object, rest: object = {}) => only({ redirect: one, ...rest });
const fault = (one: object) => rule({ fault: one });
const cors = (corsPolicy: object) => rule({ corsPolicy });
const retries = (one: object) => rule({ retries: one });
const direct = { directResponse: { status: 200 } };
const x = (times: number) => "x".repeat(times);

export const taken: readonly Taken[] = [
  ["gateways with their namespaces, by a short name and by an old full one", rule({}, { gateways: ["shop/g"] })],
  ["a gateway of the own namespace", rule({}, { gateways: ["g"] })],
  ["whatever comes after mesh among gateways", rule({}, { gateways: ["mesh", "/"] })],
  ["every name, for gateways", rule({}, { hosts: ["*"], ...forGateway })],
  [
    "names of another cluster, for gateways that pass TLS on",
    tls(["outbound_.80_._.cart.example"], { hosts: ["outbound_.80_._.cart.example"], ...forGateway }),
  ],
  [
    "server names of another cluster, without gateways",
    tls(["outbound_.80_._.cart.example"], { hosts: ["*.example"] }),
  ],
  ["server names within a pattern", tls(["a.example.com", "*.example.com"], { hosts: ["*.example.com"] })],
  ["an address as a server name, of whatever hosts", tls(["192.0.2.1"])],
  ["ranges and addresses that are called", tcp({ destinationSubnets: ["192.0.2.0/24", "192.0.2.1", "2001:db8::/32"] })],
  ["a delegate's rules", rule({}, isDelegate)],
  ["what a rule says that delegates", only({ delegate: { name: "d" }, rewrite: { uri: "/" }, ...direct })],
  ["rules of no route that delegate", only({ delegate: { name: "d" }, route: [] })],
  ["mirrors of both kinds in a rule that delegates", only({ delegate: {}, mirror: { host: "a" }, mirrors: [to("b")] })],
  ["a delegate's name left out", only({ delegate: {} })],
  ["a redirect to a port", redirect({ port: 8443 })],
  ["a redirect to port 0", redirect({ port: 0 })],
  ["a redirect to the port that is called", redirect({ derivePort: "FROM_REQUEST_PORT" })],
  ["a redirect's code left to Istio", redirect({ uri: "/", redirectCode: 0 })],
  [
    "another prefix, of prefixes and of all paths",
    redirect({ prefixRewrite: "/b" }, { match: [{ uri: { prefix: "/a" } }, {}] }),
  ],
  ["status 600", only({ directResponse: { status: 600 } })],
  ["an answer of 1 MiB", only({ directResponse: { status: 200, body: { string: x(1048576) } } })],
  ["an empty beginning of a path", match({ uri: { prefix: "" } })],
  ["an exact text that is empty", match({ method: { exact: "" } })],
  ["headers that are there", match({ headers: { "x-a": {} }, withoutHeaders: { "x-b": { regex: "*" } } })],
  ["pseudo-headers, and names with commas", match({ headers: { ":path": {}, "a,b": {} } })],
  [
    "claims of tokens, for gateways",
    match(
      { headers: { "@request.auth.claims.sub": {} }, withoutHeaders: { "@Request.auth.claims[sub]": {} } },
      forGateway,
    ),
  ],
  ["port 0, which is any", match({ port: 0, sourceNamespace: "" })],
  ["parameters of any name", match({ queryParams: { "a b": { exact: "c" } } })],
  ["labels of pods", match({ sourceLabels: { "example.com/app": "", App_1: "v1.0" } })],
  ["header names of any kind that are added", set({ "a b": "", "x-a": "100%% %REQ(X-B?:PATH)%" })],
  ["values of several texts", set({ "x-a": String.raw`%DYNAMIC_METADATA( [ "a\"%" , "b" ] )% %A(b\)c)%` })],
  ["a host for requests", set({ Host: "a" })],
  [
    "another host beside another header",
    rule({ rewrite: { authority: "a" }, headers: { request: { set: { "x-a": "b" } } } }),
  ],
  ["parts of a second that binary fractions do not have", rule({ timeout: "1.001s" })],
  ["hosts of no name", rule({ headers: { request: { set: { host: "" }, add: { ":authority": "a" } } } })],
  [
    "another host of a share alone",
    rule({ rewrite: { authority: "a" }, route: [{ ...to("cart"), headers: { request: { set: { host: "b" } } } }] }),
  ],
  ["another path", rule({ rewrite: { uriRegexRewrite: { match: "^/a(.*)", rewrite: "/b\\1" } } })],
  ["percents of nothing and of little", fault({ delay: { percentage: { value: 0 }, fixedDelay: "1.5s" } })],
  ["an error of gRPC", fault({ abort: { percentage: { value: 0.0001 }, grpcStatus: "DATA_LOSS" } })],
  ["an error of nothing", fault({ abort: {} })],
  ["no retries", retries({ attempts: 0, retryOn: "", backoff: "25ms", retryRemoteLocalities: null })],
  ["statuses and conditions", retries({ attempts: 2, retryOn: "503,+504,reset,cancelled" })],
  [
    "pages of other origins",
    cors({
      allowOrigins: [{ regex: ".*" }, { prefix: "https://" }],
      allowMethods: ["GET", "*"],
      allowHeaders: ["*"],
      exposeHeaders: ["x-a"],
      maxAge: "1.0m",
      allowCredentials: null,
    }),
  ],
  ["mirrors", rule({ mirrors: [to("a", { percentage: { value: 100 } })], mirrorPercentage: { value: 0 } })],
  ["a mirror's percent that is null", rule({ mirror: { host: "a" }, mirrorPercent: null, mirror_percent: 101 })],
  ["a name that ends in a dot after a number", rule({ mirror: { host: "a.1." } })],
  ["one share without a weight", virtualService({ http: [{ route: [to("a", { weight: 0 })] }] })],
];

export const refused: readonly Refused[] = [
  ["a gateway without a name", rule({}, { gateways: ["shop/"] }), "spec.gateways[0]"],
  ["a gateway whose name has dots", rule({}, { gateways: ["shop/a.b"] }), "spec.gateways[0]"],
  ["a gateway's name that is none", rule({}, { gateways: ["shop/g", "a_b"] }), "spec.gateways[1]"],
  ["a gateway of a match", match({ gateways: ["a/b/c"] }), "spec.http[0].match[0].gateways[0]"],
  ["every name, for sidecars as well", rule({}, { hosts: ["*"], gateways: ["mesh"] }), "spec.hosts[0]"],
  [
    "names of another cluster without TLS",
    rule({}, { hosts: ["outbound_.80_._.cart.example"], ...forGateway }),
    "spec.hosts[0]",
  ],
  [
    "names of another cluster without a port",
    tls(["outbound_._._.cart.example"], { hosts: ["*"], ...forGateway }),
    "spec.tls[0].match[0].sniHosts[0]",
  ],
  [
    "server names of another cluster for sidecars",
    tls(["outbound_.80_._.cart.example"], { hosts: ["*.example"], gateways: ["mesh"] }),
    "spec.tls[0].match[0].sniHosts[0]",
  ],
  [
    "hosts of another cluster for sidecars",
    tls(["192.0.2.1"], { hosts: ["outbound_.80_._.cart.example"] }),
    "spec.hosts[0]",
  ],
  ["a server name of no host", tls(["a.cart"]), "spec.tls[0].match[0].sniHosts[0]"],
  ["no server name", tls([]), "spec.tls[0].match[0].sniHosts"],
  ["a rule for TLS of no match", virtualService({ tls: [{ match: [], route }] }), "spec.tls[0].match"],
  ["a rule for TLS that leads nowhere", virtualService({ tls: [{ match: [{ sniHosts: ["cart"] }] }] }), "spec.tls[0]"],
  ["a rule for bytes that leads nowhere", virtualService({ tcp: [{}] }), "spec.tcp[0]"],
  ["an address that is none", tcp({ destinationSubnets: ["192.0.2"] }), "spec.tcp[0].match[0].destinationSubnets[0]"],
  ["a range that is none", tcp({ destinationSubnets: ["1.2.3.4/08"] }), "spec.tcp[0].match[0].destinationSubnets[0]"],
  ["a range too long", tcp({ destinationSubnets: ["1.2.3.4/33"] }), "spec.tcp[0].match[0].destinationSubnets[0]"],
  ["a range of a zone", tcp({ destinationSubnets: ["fe80::1%a/8"] }), "spec.tcp[0].match[0].destinationSubnets[0]"],
  ["a port of connections", tcp({ port: 65_536 }), "spec.tcp[0].match[0].port"],
  ["a delegate with gateways", rule({}, { ...isDelegate, gateways: ["shop/g"] }), "spec.gateways"],
  ["a delegate for bytes", rule({}, { ...isDelegate, tcp: [{ route }] }), "spec.tcp"],
  ["a delegate's delegate", rule({ delegate: {} }, isDelegate), "spec.http[0].delegate"],
  [
    "claims of tokens, for delegates",
    match({ headers: { "@request.auth.claims.sub": {} } }, isDelegate),
    "spec.http[0].match[0].headers.@request.auth.claims.sub",
  ],
  ["a route beside a delegate", rule({ delegate: {} }), "spec.http[0].route"],
  ["a redirect beside a delegate", redirect({ uri: "/" }, { delegate: {} }), "spec.http[0].redirect"],
  ["a rule that leads nowhere", only({}), "spec.http[0]"],
  ["a route beside a redirect", redirect({ uri: "/" }, { route }), "spec.http[0].route"],
  ["an answer beside a redirect", redirect({ uri: "/" }, direct), "spec.http[0].directResponse"],
  ["a fault beside a redirect", redirect({ uri: "/" }, { fault: { abort: {} } }), "spec.http[0].fault"],
  ["another path beside an answer", only({ ...direct, rewrite: { uri: "/" } }), "spec.http[0].rewrite"],
  ["a route beside an answer", rule(direct), "spec.http[0].route"],
  ["a mirror beside mirrors", rule({ mirror: { host: "a" }, mirrors: [to("b")] }), "spec.http[0].mirrors"],
  ["a redirect to the same", redirect({ redirectCode: 301 }), "spec.http[0].redirect"],
  ["two redirects", redirect({ uri: "/", prefixRewrite: "/" }), "spec.http[0].redirect"],
  [
    "another prefix of a whole path",
    redirect({ prefixRewrite: "/b" }, { match: [{ uri: { exact: "/a" } }] }),
    "spec.http[0].match[0].uri",
  ],
  ["a redirect's code", redirect({ uri: "/", redirectCode: 200 }), "spec.http[0].redirect.redirectCode"],
  ["a redirect's scheme", redirect({ scheme: "ftp" }), "spec.http[0].redirect.scheme"],
  ["a redirect's port", redirect({ port: 70_000 }), "spec.http[0].redirect.port"],
  ["two ports", redirect({ port: 1, derivePort: "FROM_REQUEST_PORT" }), "spec.http[0].redirect"],
  ["status 601", only({ directResponse: { status: 601 } }), "spec.http[0].directResponse.status"],
  [
    "a larger answer",
    only({ directResponse: { status: 200, body: { string: `${x(1048575)}é` } } }),
    "spec.http[0].directResponse.body",
  ],
  [
    "a larger answer of bytes",
    only({ directResponse: { status: 200, body: { bytes: `${"A".repeat(1398100)}AAA=` } } }),
    "spec.http[0].directResponse.body",
  ],
  [
    "an answer of text and bytes",
    only({ directResponse: { status: 200, body: { string: "a", bytes: "YQ==" } } }),
    "spec.http[0].directResponse.body",
  ],
  ["an empty beginning", match({ method: { prefix: "" } }), "spec.http[0].match[0].method.prefix"],
  ["an empty pattern", match({ uri: { regex: "" } }), "spec.http[0].match[0].uri.regex"],
  ["a pattern that is none", match({ uri: { regex: "(" } }), "spec.http[0].match[0].uri.regex"],
  ["a pattern too long", match({ uri: { regex: "é".repeat(513) } }), "spec.http[0].match[0].uri.regex"],
  ["a star for a header", match({ headers: { a: { regex: "*" } } }), "spec.http[0].match[0].headers.a.regex"],
  ["a parameter", match({ queryParams: { a: { prefix: "" } } }), "spec.http[0].match[0].queryParams.a.prefix"],
  ["two texts", match({ uri: { exact: "/", prefix: "/" } }), "spec.http[0].match[0].uri"],
  ["a header's name", match({ withoutHeaders: { ":host": {} } }), "spec.http[0].match[0].withoutHeaders.:host"],
  [
    "claims of tokens, for sidecars",
    match({ withoutHeaders: { "@request.auth.claims[a]": {} } }, { gateways: ["shop/g", "mesh"] }),
    "spec.http[0].match[0].withoutHeaders.@request.auth.claims[a]",
  ],
  ["a port", match({ port: 65_536 }), "spec.http[0].match[0].port"],
  ["a namespace", match({ sourceNamespace: "a.b" }), "spec.http[0].match[0].sourceNamespace"],
  ["a label's key", match({ sourceLabels: { "a.b/": "c" } }), "spec.http[0].match[0].sourceLabels"],
  ["a label's long key", match({ sourceLabels: { [x(64)]: "c" } }), "spec.http[0].match[0].sourceLabels"],
  ["a label's value", match({ sourceLabels: { a: "-" } }), "spec.http[0].match[0].sourceLabels.a"],
  ["a header that cannot be set", set({ ":path": "/" }), "spec.http[0].headers.request.set.:path"],
  ["a header without a name", set({ "": "a" }), "spec.http[0].headers.request.set."],
  ["a percent sign", set({ "x-a": "100%" }), "spec.http[0].headers.request.set.x-a"],
  ["a bracket that is open", set({ "x-a": "%A(b%" }), "spec.http[0].headers.request.set.x-a"],
  ["a line break", set({ "x-a": "a\nb" }), "spec.http[0].headers.request.set.x-a"],
  [
    "the Host header of answers",
    rule({ headers: { response: { add: { Host: "a" } } } }),
    "spec.http[0].headers.response.add.Host",
  ],
  [
    "requests without a Host header",
    rule({ route: [{ ...to("cart"), headers: { request: { remove: [":authority"] } } }] }),
    "spec.http[0].route[0].headers.request.remove[0]",
  ],
  [
    "another host twice",
    rule({ rewrite: { authority: "a" }, headers: { request: { add: { host: "" } } } }),
    "spec.http[0].headers.request.add.host",
  ],
  ["a rewrite that says nothing", rule({ rewrite: {} }), "spec.http[0].rewrite"],
  [
    "another path twice",
    rule({ rewrite: { uri: "/", uriRegexRewrite: { match: "a", rewrite: "b" } } }),
    "spec.http[0].rewrite",
  ],
  [
    "a path's pattern without a text",
    rule({ rewrite: { uriRegexRewrite: { match: "a" } } }),
    "spec.http[0].rewrite.uriRegexRewrite.rewrite",
  ],
  [
    "a path's pattern",
    rule({ rewrite: { uriRegexRewrite: { match: "(", rewrite: "b" } } }),
    "spec.http[0].rewrite.uriRegexRewrite.match",
  ],
  ["a fault that says nothing", fault({}), "spec.http[0].fault"],
  ["a share beyond all", fault({ delay: { percentage: { value: 101 } } }), "spec.http[0].fault.delay.percentage.value"],
  [
    "a share that is too little",
    fault({ abort: { percentage: { value: 0.00001 } } }),
    "spec.http[0].fault.abort.percentage.value",
  ],
  ["a delay", fault({ delay: { fixedDelay: "1.0005s" } }), "spec.http[0].fault.delay.fixedDelay"],
  ["a growing delay", fault({ delay: { exponentialDelay: "1s" } }), "spec.http[0].fault.delay.exponentialDelay"],
  ["an error's status", fault({ abort: { httpStatus: 199 } }), "spec.http[0].fault.abort.httpStatus"],
  ["an error of gRPC that is none", fault({ abort: { grpcStatus: "14" } }), "spec.http[0].fault.abort.grpcStatus"],
  ["an error of HTTP/2", fault({ abort: { http2Error: "REFUSED_STREAM" } }), "spec.http[0].fault.abort.http2Error"],
  ["two errors", fault({ abort: { httpStatus: 503, grpcStatus: "OK" } }), "spec.http[0].fault.abort"],
  ["retries less than none", retries({ attempts: -1 }), "spec.http[0].retries.attempts"],
  ["retries without attempts", retries({ retryOn: "5xx" }), "spec.http[0].retries"],
  ["none, of other zones", retries({ attempts: 0, retryRemoteLocalities: false }), "spec.http[0].retries"],
  ["a condition after a space", retries({ attempts: 1, retryOn: "5xx, reset" }), "spec.http[0].retries.retryOn"],
  ["a status without a name", retries({ attempts: 1, retryOn: "509" }), "spec.http[0].retries.retryOn"],
  ["a retry's limit", retries({ attempts: 1, perTryTimeout: "1500us" }), "spec.http[0].retries.perTryTimeout"],
  ["a pause", retries({ attempts: 1, backoff: "1500us" }), "spec.http[0].retries.backoff"],
  ["a limit", rule({ timeout: "1500us" }), "spec.http[0].timeout"],
  ["an origin that is empty", cors({ allowOrigins: [{}] }), "spec.http[0].corsPolicy.allowOrigins[0]"],
  ["an origin's pattern", cors({ allowOrigins: [{ regex: "(" }] }), "spec.http[0].corsPolicy.allowOrigins[0].regex"],
  ["a method", cors({ allowMethods: ["get"] }), "spec.http[0].corsPolicy.allowMethods[0]"],
  ["a header of calls", cors({ allowHeaders: ["a b"] }), "spec.http[0].corsPolicy.allowHeaders[0]"],
  ["a header of answers", cors({ exposeHeaders: [""] }), "spec.http[0].corsPolicy.exposeHeaders[0]"],
  ["parts of a second", cors({ maxAge: "1500ms" }), "spec.http[0].corsPolicy.maxAge"],
  ["a mirror to everybody", rule({ mirror: { host: "*" } }), "spec.http[0].mirror.host"],
  [
    "a mirror's share",
    rule({ mirrors: [to("a", { percentage: { value: -1 } })] }),
    "spec.http[0].mirrors[0].percentage.value",
  ],
  ["a share of all mirrors", rule({ mirrorPercentage: { value: 101 } }), "spec.http[0].mirrorPercentage.value"],
  ["a mirror's percent", rule({ mirrorPercent: 101, mirror_percent: 1 }), "spec.http[0].mirrorPercent"],
  ["a mirror's percent in its other spelling", rule({ mirror_percent: 101 }), "spec.http[0].mirrorPercent"],
  ["a destination", only({ route: [to("a_b")] }), "spec.http[0].route[0].destination.host"],
  [
    "a subset",
    virtualService({ tcp: [{ route: [{ destination: { host: "a", subset: "a.b" } }] }] }),
    "spec.tcp[0].route[0].destination.subset",
  ],
  [
    "a port without a number",
    rule({ mirrors: [{ destination: { host: "a", port: {} } }] }),
    "spec.http[0].mirrors[0].destination.port.number",
  ],
  ["shares of nothing", only({ route: [to("a"), to("b")] }), "spec.http[0].route"],
  ["a share less than nothing", only({ route: [to("a", { weight: -1 })] }), "spec.http[0].route"],
  ["a weight beyond 32 bits", only({ route: [to("a", { weight: 2 ** 31 })] }), "spec.http[0].route[0].weight"],
  ["no rule", virtualService({}), "spec"],
];
