import { type KubernetesObject } from "../../../../mesh/manifests";
import { istio } from "../world";
import { type Refused, type Taken } from "./case";

const rule = (spec: object): KubernetesObject =>
  istio("networking.istio.io/v1", "DestinationRule", "shop", "d", { host: "cart", ...spec });
const policy = (trafficPolicy: object) => rule({ trafficPolicy });
const pool = (connectionPool: object) => policy({ connectionPool });
const outlier = (outlierDetection: object) => policy({ outlierDetection });
const balancer = (loadBalancer: object) => policy({ loadBalancer });
const hash = (consistentHash: object) => balancer({ consistentHash });
const maglev = (tableSize?: number) => hash({ maglev: { tableSize } });
const locality = (localityLbSetting: object) => balancer({ localityLbSetting });
const zones = (zoneAwareLbSetting: object) => balancer({ zoneAwareLbSetting });
const from = (...places: readonly string[]) =>
  locality({ distribute: places.map((place) => ({ from: place, to: { there: 100 } })) });
const to = (weights: Readonly<Record<string, number>>) => locality({ distribute: [{ from: "here", to: weights }] });
const tls = (settings: object) => policy({ tls: settings });
const tunnel = (settings: object) => policy({ tunnel: { targetHost: "proxy.example", targetPort: 3128, ...settings } });
const subset = (labels: object) => rule({ subsets: [{ name: "v1", labels }] });
const connectTimeout = (span: string) => pool({ tcp: { connectTimeout: span } });
const idleTimeout = (span: string) => pool({ tcp: { idleTimeout: span } });
const files = { clientCertificate: "/c.pem", privateKey: "/k.pem" };
const region = "topology.kubernetes.io/region";
const long = (length: number) => "x".repeat(length);

export const taken: readonly Taken[] = [
  ["a host of a number before its last dot", rule({ host: "cart.1." })],
  ["a host that is a number", rule({ host: "1" })],
  ["a selector without labels", rule({ workloadSelector: {} })],
  ["labels with a domain, and without a value", subset({ "a.example/b_c.d": "", e: long(64) })],
  ["the longest label", subset({ [`${long(253)}/${long(63)}`]: "a" })],
  ["a budget of retries alone", policy({ retryBudget: { percent: null, budgetInterval: "0s" } })],
  ["proxyProtocol alone", policy({ proxyProtocol: {} })],
  ["a port without a number", policy({ portLevelSettings: [{ port: {}, tls: {} }] })],
  ["a proxy that has an address", tunnel({ targetHost: "fd00::1", protocol: "POST" })],
  ["a proxy that is asked as is usual", tunnel({ protocol: "" })],
  ["nothing of TCP", pool({ tcp: {} })],
  ["the protocol of callers", pool({ http: { useClientProtocol: true, h2UpgradePolicy: "DO_NOT_UPGRADE" } })],
  ["a fraction of a second", connectTimeout("1.001s")],
  ["a fraction of nanoseconds", connectTimeout("1.0000001ms")],
  ["several units", connectTimeout("1h2m3s4ms5000us6000000ns")],
  ["connections that may be idle for ever", idleTimeout("0s")],
  ["less than a millisecond for it", idleTimeout("-999us")],
  ["the longest span", connectTimeout("9223372036s")],
  ["limits of 0", pool({ http: { maxRetries: 0 }, tcp: { maxConnections: 0 } })],
  [
    "the caller's own errors apart",
    outlier({ splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 1 }),
  ],
  ["no count of the caller's own errors", outlier({ consecutiveLocalOriginFailures: 0, consecutive5xxErrors: null })],
  ["all pods left out", outlier({ maxEjectionPercent: 100, minHealthPercent: 0 })],
  ["a hash of nothing", hash({})],
  ["a cookie with attributes", hash({ httpCookie: { name: "a", attributes: [{ name: "A" }, { name: "a" }] } })],
  ["a ring of no size of its own", hash({ minimumRingSize: 0, ringHash: {} })],
  ["a prime number", maglev(65_537)],
  ["the largest prime number", maglev(4_999_999)],
  ["1 for a prime number", maglev(1)],
  ["2 for a prime number", maglev(2)],
  ["pods that are slow at first", balancer({ warmup: { duration: "1m", aggression: null, minimumPercent: 100 } })],
  ["the same in the old field, to the nanosecond", balancer({ warmupDurationSecs: "1.0000005s" })],
  ["all places after one of them", from("a/b", "a/*")],
  ["all subzones after one of them", from("a/b/c", "a/b/*")],
  ["everything after something", from("a", "*")],
  ["two zones", from("a/b", "a/c/d", "a/c/e")],
  ["a star within a name", from("a*", "ab")],
  ["slashes in a subzone", from("a/b/c/d", "a/b/c")],
  ["shares of several places", to({ a: 1, "b/c": 99 })],
  ["failover by labels of one's own", locality({ failover: [{ from: "a", to: "b" }], failoverPriority: ["version"] })],
  ["failover by one value of a label", zones({ failoverPriority: [`${region}=a`] })],
  ["failover to any", locality({ failover: [{ to: "b" }] })],
  ["failover by place alone", locality({ failoverPriority: [region] })],
  ["a Secret", tls({ mode: "SIMPLE", credentialName: "c" })],
  ["files", tls({ mode: "MUTUAL", ...files, caCertificates: "/a.pem", caCrl: "/r.pem" })],
  ["files beside a Secret that nobody reads", tls({ mode: "ISTIO_MUTUAL", credentialName: "c", ...files })],
  ["a ConfigMap of the namespace", tls({ mode: "SIMPLE", credentialName: "configmap://shop/c" })],
  ["any certificate", tls({ mode: "SIMPLE", insecureSkipVerify: true, subjectAltNames: [] })],
  ["any certificate of a server, and a Secret", tls({ mode: "MUTUAL", insecureSkipVerify: true, credentialName: "c" })],
  ["certificates that are looked at", tls({ mode: "SIMPLE", insecureSkipVerify: null, caCertificates: "/a.pem" })],
  ["any certificate where none is asked for", tls({ insecureSkipVerify: true, caCertificates: "/a.pem" })],
];

/** With what comes after `spec.`. */
const byWebhook: readonly Refused[] = [
  ["labels of no name", subset({ a_: "b" }), "subsets[0].labels"],
  ["labels of too long a name", subset({ [long(64)]: "b" }), "subsets[0].labels"],
  ["labels of too long a domain", subset({ [`${long(254)}/a`]: "b" }), "subsets[0].labels"],
  ["labels of no domain", subset({ "a_b/c": "b" }), "subsets[0].labels"],
  ["labels of no value", subset({ a: "b/c" }), "subsets[0].labels.a"],
  ["a policy with an empty list", policy({ portLevelSettings: [] }), "trafficPolicy"],
  [
    "two ways to a host",
    policy({ tunnel: { targetHost: "a.example", targetPort: 80 }, proxyProtocol: {} }),
    "trafficPolicy.proxyProtocol",
  ],
  ["settings of no port", policy({ portLevelSettings: [{ tls: {} }] }), "trafficPolicy.portLevelSettings[0].port"],
  [
    "what is wrong of a port alone",
    policy({ portLevelSettings: [{ port: { number: 80 }, connectionPool: {} }] }),
    "trafficPolicy.portLevelSettings[0].connectionPool",
  ],
  [
    "what is wrong of a subset alone",
    rule({ subsets: [{ name: "v1", trafficPolicy: { outlierDetection: { minHealthPercent: 101 } } }] }),
    "subsets[0].trafficPolicy.outlierDetection.minHealthPercent",
  ],
  ["another way to ask for a tunnel", tunnel({ protocol: "connect" }), "trafficPolicy.tunnel.protocol"],
  ["a pattern of proxies", tunnel({ targetHost: "*.example" }), "trafficPolicy.tunnel.targetHost"],
  ["a proxy without a port", tunnel({ targetPort: 0 }), "trafficPolicy.tunnel.targetPort"],
  ["connections of which nothing is said", pool({}), "trafficPolicy.connectionPool"],
  [
    "fewer than no connections",
    pool({ tcp: { maxConnections: -1 } }),
    "trafficPolicy.connectionPool.tcp.maxConnections",
  ],
  ...[
    "http1MaxPendingRequests",
    "http2MaxRequests",
    "maxRequestsPerConnection",
    "maxRetries",
    "maxConcurrentStreams",
  ].map((field): [string, KubernetesObject, string] => [
    `fewer than none of ${field}`,
    pool({ http: { [field]: -1 } }),
    `trafficPolicy.connectionPool.http.${field}`,
  ]),
  [
    "two protocols",
    pool({ http: { useClientProtocol: true, h2UpgradePolicy: "UPGRADE" } }),
    "trafficPolicy.connectionPool.http.useClientProtocol",
  ],
  [
    "half of what keeps connections alive",
    pool({ http: { http2KeepAlive: { interval: "1s" } } }),
    "trafficPolicy.connectionPool.http.http2KeepAlive.timeout",
  ],
  [
    "the other half",
    pool({ http: { http2KeepAlive: { timeout: "1s" } } }),
    "trafficPolicy.connectionPool.http.http2KeepAlive.interval",
  ],
  ...[
    ["tcp", "connectTimeout"],
    ["tcp", "maxConnectionDuration"],
    ["tcp", "tcpKeepalive", "time"],
    ["tcp", "tcpKeepalive", "interval"],
    ["tcp", "idleTimeout"],
    ["http", "idleTimeout"],
  ].map(([part = "", ...fields]): [string, KubernetesObject, string] => [
    `part of a millisecond of ${part}.${fields.join(".")}`,
    pool({ [part]: fields.reduceRight<unknown>((value, field) => ({ [field]: value }), "1.5ms") }),
    `trafficPolicy.connectionPool.${part}.${fields.join(".")}`,
  ]),
  ["a nanosecond too much", connectTimeout("1.000000001s"), "trafficPolicy.connectionPool.tcp.connectTimeout"],
  ["a time before", idleTimeout("-1ms"), "trafficPolicy.connectionPool.tcp.idleTimeout"],
  [
    "the caller's own errors among others",
    outlier({ consecutiveLocalOriginFailures: 1 }),
    "trafficPolicy.outlierDetection.consecutiveLocalOriginFailures",
  ],
  ["more than all pods", outlier({ maxEjectionPercent: 101 }), "trafficPolicy.outlierDetection.maxEjectionPercent"],
  ["less than no pods", outlier({ minHealthPercent: -1 }), "trafficPolicy.outlierDetection.minHealthPercent"],
  ["parts of a millisecond", outlier({ interval: "1500us" }), "trafficPolicy.outlierDetection.interval"],
  ["parts of one", outlier({ baseEjectionTime: "1.1ms" }), "trafficPolicy.outlierDetection.baseEjectionTime"],
  [
    "a cookie without a name",
    hash({ httpCookie: { name: "" } }),
    "trafficPolicy.loadBalancer.consistentHash.httpCookie.name",
  ],
  [
    "an attribute without a name",
    hash({ httpCookie: { name: "a", attributes: [{ name: "" }] } }),
    "trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[0].name",
  ],
  [
    "an attribute twice",
    hash({ httpCookie: { name: "a", attributes: [{ name: "b" }, { name: "b" }] } }),
    "trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[1].name",
  ],
  [
    "two sizes of a ring",
    hash({ minimumRingSize: 1, ringHash: {} }),
    "trafficPolicy.loadBalancer.consistentHash.minimumRingSize",
  ],
  [
    "a ring and a table",
    hash({ minimumRingSize: 1, maglev: { tableSize: 2 } }),
    "trafficPolicy.loadBalancer.consistentHash.minimumRingSize",
  ],
  ...[undefined, 0, 4, 9, 65_536, 4_999_997, 5_000_011].map((size): [string, KubernetesObject, string] => [
    `a table of ${String(size)}`,
    maglev(size),
    "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
  ]),
  [
    "two orders of places",
    balancer({ localityLbSetting: {}, zoneAwareLbSetting: {} }),
    "trafficPolicy.loadBalancer.zoneAwareLbSetting",
  ],
  [
    "parts of a millisecond to warm up",
    balancer({ warmup: { duration: "1.5ms" } }),
    "trafficPolicy.loadBalancer.warmup.duration",
  ],
  [
    "pods that never warm up",
    balancer({ warmup: { duration: "1s", aggression: 0 } }),
    "trafficPolicy.loadBalancer.warmup.aggression",
  ],
  [
    "shares and failover",
    locality({ distribute: [{ from: "a", to: { b: 100 } }], failover: [{ from: "a", to: "b" }] }),
    "trafficPolicy.loadBalancer.localityLbSetting.failover",
  ],
  [
    "failover by region in two ways",
    locality({ failover: [{ from: "a", to: "b" }], failoverPriority: ["version", region] }),
    "trafficPolicy.loadBalancer.localityLbSetting.failoverPriority[1]",
  ],
  ...[region, "topology.kubernetes.io/zone", "topology.istio.io/subzone"].map(
    (label): [string, KubernetesObject, string] => [
      `zones that keep their calls, by ${label}`,
      zones({ failoverPriority: [label] }),
      "trafficPolicy.loadBalancer.zoneAwareLbSetting.failoverPriority[0]",
    ],
  ),
  ...[
    ["failover to the same", "a", "a", ""],
    ["failover to a zone", "a", "b/c", ".to"],
    ["failover from a zone", "a/b", "c", ".from"],
    ["failover to anything", "a", "*", ".to"],
  ].flatMap(([what = "", one, other, place = ""]): [string, KubernetesObject, string][] => {
    const failover = [{ from: one, to: other }];
    return [
      [what, locality({ failover }), `trafficPolicy.loadBalancer.localityLbSetting.failover[0]${place}`],
      [`${what}, of zones`, zones({ failover }), `trafficPolicy.loadBalancer.zoneAwareLbSetting.failover[0]${place}`],
    ];
  }),
  ...[
    ["a place twice", "a", "a"],
    ["a zone of a region before", "a", "a/b"],
    ["a region of a zone before", "a/b", "a"],
    ["a zone of all zones before", "a/*", "a/b"],
    ["all zones twice", "a/*", "a/*"],
    ["a subzone of a region before", "a", "a/b/c"],
    ["a subzone of a zone before", "a/b", "a/b/c"],
    ["a subzone of all subzones before", "a/b/*", "a/b/c"],
    ["a zone of a subzone before", "a/b/c", "a/b"],
    ["something after everything", "*", "a/b"],
    ["a star before the end", "a", "*/b"],
    ["two stars", "a", "**"],
    ["no zone", "a", "b/"],
    ["no region", "a", "/b"],
  ].map(([what = "", ...places]): [string, KubernetesObject, string] => [
    what,
    from(...places),
    "trafficPolicy.loadBalancer.localityLbSetting.distribute[1].from",
  ]),
  [
    "shares from nowhere",
    locality({ distribute: [{ to: { a: 100 } }] }),
    "trafficPolicy.loadBalancer.localityLbSetting.distribute[0].from",
  ],
  ...[
    to({}),
    to({ a: 50, b: 49 }),
    to({ a: 101 }),
    // A map has no order: istiod refuses it in one of the two.
    to({ "a/b": 50, "a/*": 50 }),
    to({ a: 50, "a/b": 50 }),
    to({ "a//b": 100 }),
  ].map((object): [string, KubernetesObject, string] => [
    "shares that do not make up a whole",
    object,
    "trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to",
  ]),
  ["a share of nothing", to({ a: 100, b: 0 }), 'trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to["b"]'],
  ["a ConfigMap of others", tls({ credentialName: "configmap://web/c" }), "trafficPolicy.tls.credentialName"],
  ["a ConfigMap of no namespace", tls({ credentialName: "configmap://shop" }), "trafficPolicy.tls.credentialName"],
  ["a ConfigMap of no name", tls({ credentialName: "configmap://shop/" }), "trafficPolicy.tls.credentialName"],
  ...(["clientCertificate", "privateKey", "caCertificates", "caCrl"] as const).map(
    (field): [string, KubernetesObject, string] => [
      `a Secret and ${field}`,
      tls({ mode: "SIMPLE", credentialName: "c", [field]: "/a.pem" }),
      `trafficPolicy.tls.${field}`,
    ],
  ),
  ["a Secret that is empty", tls({ mode: "MUTUAL", credentialName: "" }), "trafficPolicy.tls"],
  ["a certificate without its key", tls({ mode: "MUTUAL", clientCertificate: "/c.pem" }), "trafficPolicy.tls"],
  ...[
    ["SIMPLE", "caCertificates", "/a.pem"],
    ["SIMPLE", "credentialName", "c"],
    ["SIMPLE", "subjectAltNames", [""]],
    ["MUTUAL", "caCertificates", "/a.pem"],
    ["MUTUAL", "subjectAltNames", ["a"]],
  ].map(([mode, field, value]): [string, KubernetesObject, string] => [
    `any certificate and ${String(field)}, ${String(mode)}`,
    tls({ mode, insecureSkipVerify: true, ...(mode === "MUTUAL" && files), [String(field)]: value }),
    `trafficPolicy.tls.${String(field)}`,
  ]),
];

/** With what comes after `spec.trafficPolicy.`. */
const bySchema: readonly Refused[] = [
  ["two ways to spread calls", balancer({ simple: "RANDOM", consistentHash: {} }), "loadBalancer"],
  ["two hashes", hash({ useSourceIp: true, httpHeaderName: "a" }), "loadBalancer.consistentHash"],
  ["a ring beside a table", hash({ ringHash: {}, maglev: { tableSize: 2 } }), "loadBalancer.consistentHash"],
  ["a number of more than 32 bits", pool({ http: { maxRetries: 2 ** 31 } }), "connectionPool.http.maxRetries"],
  ["a cluster of no pods", zones({ minClusterSize: 0 }), "loadBalancer.zoneAwareLbSetting.minClusterSize"],
  ["a span that is too long", connectTimeout("9223372037s"), "connectionPool.tcp.connectTimeout"],
  ["a span that is too short", connectTimeout("999us"), "connectionPool.tcp.connectTimeout"],
  ["no span", idleTimeout("1d"), "connectionPool.tcp.idleTimeout"],
  ["more retries than calls", policy({ retryBudget: { percent: 101 } }), "retryBudget.percent"],
];

export const refused: readonly Refused[] = [
  ...byWebhook.map(([title, object, path]): Refused => [title, object, `spec.${path}`]),
  ...bySchema.map(([title, object, path]): Refused => [title, object, `spec.trafficPolicy.${path}`]),
];
