import { isJsonObject, type JsonObject } from "../../mesh/manifests";
import { type Draw } from "../generate/draw";

type Fit = (value: JsonObject, draw: Draw) => JsonObject;

/** Parts of objects, by the field or the kind that they are of, that hardly ever fit together by chance, made to fit. */
const fits: Readonly<Record<string, Fit>> = {
  DestinationRule: (spec, draw) => {
    const { exportTo, subsets, workloadSelector } = spec;
    const alone = workloadSelector === undefined ? draw.pick([["*"], ["."], ["web", "."]]) : ["."];
    return {
      ...spec,
      ...(exportTo !== undefined && { exportTo: alone }),
      ...(Array.isArray(subsets) && {
        subsets: subsets.map((subset: unknown, index) =>
          isJsonObject(subset) ? { ...subset, name: `v${String(index)}` } : subset,
        ),
      }),
    };
  },
  Gateway: (spec) => ({ ...spec, ...(Array.isArray(spec["servers"]) && { servers: withPortNames(spec["servers"]) }) }),
  servers: (server, draw) => {
    const { port, tls, ...rest } = server;
    const ends = draw.pick<JsonObject>([
      { mode: "SIMPLE", credentialName: "a" },
      { mode: "PASSTHROUGH" },
      { mode: "ISTIO_MUTUAL" },
    ]);
    const own = draw.oneIn(2) || tls === undefined ? ends : tls;
    const [protocol, settings] = draw.pick([
      ["HTTP", undefined],
      ["TCP", undefined],
      ["GRPC", undefined],
      ["HTTPS", own],
      ["TLS", own],
    ]);
    return {
      ...withFullNames(less(rest, "bind")),
      port: { number: 80, name: "p", ...(isJsonObject(port) && less(port, "targetPort")), protocol },
      ...(settings !== undefined && { tls: settings }),
    };
  },
  egress: (listener) => withFullNames(less(listener, "captureMode"), "./"),
  ingress: (listener, draw) => {
    const { tls, ...rest } = listener;
    const ends = { mode: "SIMPLE", serverCertificate: "/c", privateKey: "/k" };
    return {
      ...rest,
      port: { number: draw.integer(1, 9), protocol: tls === undefined ? "HTTP" : "HTTPS" },
      ...(tls !== undefined && { tls: draw.oneIn(2) ? ends : tls }),
    };
  },
  outboundTrafficPolicy: (policy) => ("egressProxy" in policy ? { ...policy, mode: "ALLOW_ANY" } : policy),
  egressProxy: (proxy) => ({ port: { number: 80 }, ...proxy }),
  AuthorizationPolicy: (spec) => {
    const { action } = spec;
    return {
      ...(action === "CUSTOM" ? { provider: { name: "a" }, ...spec } : less(spec, "provider")),
      ...(action === "CUSTOM" || action === "DENY" ? { rules: [{}] } : {}),
    };
  },
  source: (source, draw) =>
    draw.oneIn(2)
      ? less(source, "serviceAccounts", "notServiceAccounts")
      : less(source, "principals", "notPrincipals", "namespaces", "notNamespaces"),
  from: (from) => ({ source: { namespaces: ["a"] }, ...from }),
  to: (to) => ({ operation: { methods: ["GET"] }, ...to }),
  when: (condition) => ({ values: ["10.0.0.1"], ...condition }),
  trafficPolicy: (policy, draw) =>
    "tunnel" in policy && "proxyProtocol" in policy
      ? less(policy, draw.pick(["tunnel", "proxyProtocol"]))
      : filled(policy, { tls: {} }),
  portLevelSettings: (settings, draw) => ({
    ...filled(less(settings, "port"), { tls: {} }),
    port: draw.pick([{ number: 80 }, {}]),
  }),
  connectionPool: (pool) => filled(pool, { tcp: {} }),
  inboundConnectionPool: (pool) => filled(pool, { http: {} }),
  http2KeepAlive: (keepAlive) => ({ interval: "5s", timeout: "5s", ...keepAlive }),
  outlierDetection: (outlier) => ({ ...outlier, splitExternalLocalOriginErrors: true }),
  consistentHash: (hash) => ("ringHash" in hash || "maglev" in hash ? less(hash, "minimumRingSize") : hash),
  maglev: (_, draw) => ({ tableSize: draw.pick([2, 7, 65_537]) }),
  loadBalancer: (settings, draw) =>
    "localityLbSetting" in settings && "zoneAwareLbSetting" in settings
      ? less(settings, draw.pick(["localityLbSetting", "zoneAwareLbSetting"]))
      : settings,
  localityLbSetting: (setting, draw) =>
    "distribute" in setting && "failover" in setting ? less(setting, draw.pick(["distribute", "failover"])) : setting,
  failover: (_, draw) => ({ from: draw.pick(["region1", "region2"]), to: "region3" }),
  distribute: ({ from, to }, draw) => {
    const places = isJsonObject(to) ? Object.keys(to) : [];
    const [first = draw.pick(["region1", "region3/*"]), second] = places;
    return {
      from: from ?? draw.pick(["region1/*", "region2/zone1"]),
      to: second === undefined ? { [first]: 100 } : { [first]: 30, [second]: 70 },
    };
  },
  tunnel: (tunnel, draw) => ({ ...tunnel, protocol: draw.pick(["CONNECT", "POST", ""]) }),
  tls: (tls) => {
    const files = ["clientCertificate", "privateKey", "caCertificates", "caCrl"];
    const isTrusting = tls["insecureSkipVerify"] === true;
    const known = isTrusting ? less(tls, "caCertificates", "subjectAltNames", "credentialName") : tls;
    if ("credentialName" in known) return less(known, ...files);
    return known["mode"] === "MUTUAL" ? { clientCertificate: "a", privateKey: "b", ...known } : known;
  },
};

/** What makes the parts of a field fit together; undefined where nothing is needed. */
export function fitOf(name: string): ((value: unknown, draw: Draw) => unknown) | undefined {
  const fit = Object.hasOwn(fits, name) ? fits[name] : undefined;
  return fit && ((value, draw) => (isJsonObject(value) ? fit(value, draw) : value));
}

/** Names as Gateways and Sidecars write them, in the place of short ones. */
function withFullNames(listener: JsonObject, before = ""): JsonObject {
  const { hosts } = listener;
  if (!Array.isArray(hosts)) return listener;
  const full = (name: unknown): unknown => (name === "cart" ? "*.example" : name);
  const isUsual = (name: unknown): boolean =>
    ["cart", "api.example", "cart.shop.svc.cluster.local"].includes(String(name));
  return {
    ...listener,
    hosts: hosts.map((name: unknown) => (isUsual(name) ? `${before}${String(full(name))}` : name)),
  };
}

/** Every port has a name of its own. */
function withPortNames(servers: readonly unknown[]): readonly unknown[] {
  return servers.map((server, index) =>
    isJsonObject(server) && isJsonObject(server["port"])
      ? { ...server, port: { ...server["port"], name: `p${String(index)}` } }
      : server,
  );
}

function less(value: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

/** What says something: something else in the place of nothing. */
function filled(value: JsonObject, otherwise: JsonObject): JsonObject {
  return Object.keys(value).length > 0 ? value : otherwise;
}
