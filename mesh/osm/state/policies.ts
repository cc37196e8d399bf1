import { type KubernetesObject, type ValuePath } from "../../manifests";
import { type AccountKey, keyOf } from "../../cluster/keys";
import { identityOf } from "./identity";
import { type Reader } from "../../manifests/reader";

/** What the analysis keeps of every object: its name and where it came from. */
export interface Named {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
}

/** Kind, name and namespace of a service account in a TrafficTarget, as written: an absent namespace is empty. */
export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** `namespace/name`. */
  readonly key: AccountKey;
  /** `name.namespace`. */
  readonly identity: string;
}

/** Whether a subject of a TrafficTarget can be a caller at all. */
export function isCaller({ namespace, name }: Subject): boolean {
  return namespace !== "" && name !== "" && !namespace.includes("/") && !name.includes("/");
}

/** A TrafficTarget as OSM reads it. */
export interface TargetPolicy extends Named {
  readonly destination: Subject;
  readonly sources: readonly Subject[];
  readonly rules: readonly { readonly kind: string; readonly name: string; readonly matches: readonly string[] }[];
}

/** One match of an HTTPRouteGroup, with OSM's defaults filled in. */
export interface RouteMatch {
  readonly name: string;
  /** RE2. An absent or empty one is `.*`. */
  readonly path: string;
  /** In the order written; an absent or empty list is `*`. */
  readonly methods: readonly string[];
  /** Header name as written → RE2. Absent and empty differ: OSM merges only what is deeply equal. */
  readonly headers?: ReadonlyMap<string, string>;
  /** Index in the group. */
  readonly index: number;
  /** Equal for matches that OSM takes for one route: path text, order of methods and headers all the same. */
  readonly key: string;
}

/** An HTTPRouteGroup as OSM reads it. */
export interface RouteGroup extends Named {
  readonly matches: readonly RouteMatch[];
}

/** A TCPRoute as OSM reads it. */
export interface TcpRoutePolicy extends Named {
  readonly ports: readonly number[];
}

/** A TrafficSplit as OSM reads it. */
export interface SplitPolicy extends Named {
  readonly service: string;
  readonly backends: readonly { readonly service: string; readonly weight: number }[];
}

/** An Egress as OSM reads it. */
export interface EgressPolicy extends Named {
  readonly sources: readonly Subject[];
  readonly hosts: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly ports: readonly { readonly number: number; readonly protocol: string }[];
  readonly matches: readonly { readonly apiGroup: string; readonly kind: string; readonly name: string }[];
}

/** An IngressBackend as OSM reads it. */
export interface IngressPolicy extends Named {
  readonly backends: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: string;
    readonly skipClientCertValidation: boolean;
    readonly sniHosts: readonly string[];
  }[];
  readonly sources: readonly Subject[];
}

/** A setting or a retry, whose effect on who may call whom is none: kept for findings. */
export interface SettingPolicy extends Named {
  readonly host: string;
  readonly routePaths: readonly string[];
}

/** A Retry, kept for findings. */
export interface RetryPolicyObject extends Named {
  readonly source: Subject;
  readonly destinations: readonly Subject[];
}

/** The switches of a MeshConfig that decide who may call whom. */
export interface MeshSwitches {
  readonly permissive: boolean;
  /** Unmatched outbound traffic passes as it is. */
  readonly egress: boolean;
  /** Egress objects are honoured. */
  readonly egressPolicy: boolean;
  readonly retryPolicy: boolean;
  /** The MeshConfig says in so many words that IngressBackend objects are not honoured, which OSM 1.2 does not look at. */
  readonly ingressBackendPolicyOff: boolean;
  readonly outboundPortExclusions: readonly number[];
  readonly inboundPortExclusions: readonly number[];
  readonly outboundIpExclusions: readonly string[];
  readonly outboundIpInclusions: readonly string[];
  readonly interfaceExclusions: readonly string[];
  readonly externalAuthorization: boolean;
}

const spec = (reader: Reader) => reader.record(Reflect.get(reader.object, "spec"), ["spec"]);

function subject(reader: Reader, value: unknown, path: ValuePath): Subject {
  const record = reader.record(value, path);
  const kind = reader.text(record["kind"], path, "kind") ?? "";
  const name = reader.text(record["name"], path, "name") ?? "";
  const namespace = reader.text(record["namespace"], path, "namespace") ?? "";
  return { kind, name, namespace, key: keyOf(namespace, name), identity: identityOf(namespace, name) };
}

function subjects(reader: Reader, value: unknown, path: ValuePath): readonly Subject[] {
  return reader.list(value, path).map((item, index) => subject(reader, item, [...path, index]));
}

export function readTarget(reader: Reader): TargetPolicy {
  const { object } = reader;
  const fields = spec(reader);
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    destination: subject(reader, fields["destination"], ["spec", "destination"]),
    sources: subjects(reader, fields["sources"], ["spec", "sources"]),
    rules: reader.list(fields["rules"], ["spec", "rules"]).map((item, index) => {
      const path = ["spec", "rules", index] as const;
      const rule = reader.record(item, path);
      return {
        kind: reader.text(rule["kind"], path, "kind") ?? "",
        name: reader.text(rule["name"], path, "name") ?? "",
        matches: reader.texts(rule["matches"], path, "matches"),
      };
    }),
  };
}

export function readRouteGroup(reader: Reader): RouteGroup {
  const { object } = reader;
  const matches = reader.list(spec(reader)["matches"], ["spec", "matches"]).map((item, index): RouteMatch => {
    const path = ["spec", "matches", index] as const;
    const match = reader.record(item, path);
    const regex = reader.text(match["pathRegex"], path, "pathRegex") ?? "";
    const methods = reader.texts(match["methods"], path, "methods");
    const headers = readHeaders(reader, match["headers"], [...path, "headers"]);
    const name = reader.text(match["name"], path, "name") ?? "";
    return routeMatch(name, regex === "" ? ".*" : regex, methods.length === 0 ? ["*"] : methods, headers, index);
  });
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    matches,
  };
}

/** A match with its key. */
export function routeMatch(
  name: string,
  path: string,
  methods: readonly string[],
  headers?: ReadonlyMap<string, string>,
  index = 0,
): RouteMatch {
  const sorted = headers && [...headers].sort(([a], [b]) => (a < b ? -1 : 1));
  const key = `${path}\0${methods.join("\0")}\0${sorted === undefined ? "" : JSON.stringify(sorted)}`;
  return { name, path, methods, ...(headers && { headers }), index, key };
}

/** `headers` is a list of maps with one key each; later duplicates win. */
function readHeaders(reader: Reader, value: unknown, path: ValuePath): ReadonlyMap<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  const headers = new Map<string, string>();
  reader.list(value, path).forEach((item, index) => {
    const entries = Object.entries(reader.textMap(item, [...path, index]));
    if (entries.length > 1) {
      reader.report(
        [...path, index],
        "Every header needs a list item of its own: with two keys in one map OSM cannot read any HTTPRouteGroup at all.",
      );
    }
    for (const [name, regex] of entries) headers.set(name, regex);
  });
  return headers;
}

export function readTcpRoute(reader: Reader): TcpRoutePolicy {
  const { object } = reader;
  const matches = reader.record(spec(reader)["matches"], ["spec", "matches"]);
  const ports: number[] = [];
  reader.list(matches["ports"], ["spec", "matches", "ports"]).forEach((item, index) => {
    const port = reader.integer(item, ["spec", "matches", "ports", index]);
    // OSM keeps the low 16 bits.
    if (port !== undefined) ports.push(port & 0xffff);
  });
  return { object, namespace: object.metadata.namespace ?? "", name: object.metadata.name, ports };
}

export function readSplit(reader: Reader): SplitPolicy {
  const { object } = reader;
  const fields = spec(reader);
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    service: reader.text(fields["service"], ["spec", "service"]) ?? "",
    backends: reader.list(fields["backends"], ["spec", "backends"]).map((item, index) => {
      const path = ["spec", "backends", index] as const;
      const backend = reader.record(item, path);
      const weight = reader.integer(backend["weight"], path, "weight") ?? 0;
      if (weight < 0) reader.report([...path, "weight"], `A weight must be 0 or more, is ${String(weight)}.`);
      return { service: reader.text(backend["service"], path, "service") ?? "", weight: Math.max(weight, 0) };
    }),
  };
}

export function readEgress(reader: Reader): EgressPolicy {
  const { object } = reader;
  const fields = spec(reader);
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    sources: subjects(reader, fields["sources"], ["spec", "sources"]),
    hosts: reader.texts(fields["hosts"], ["spec", "hosts"]),
    ipAddresses: reader.texts(fields["ipAddresses"], ["spec", "ipAddresses"]),
    ports: reader.list(fields["ports"], ["spec", "ports"]).map((item, index) => {
      const path = ["spec", "ports", index] as const;
      const port = reader.record(item, path);
      return {
        number: reader.integer(port["number"], path, "number") ?? 0,
        protocol: reader.text(port["protocol"], path, "protocol") ?? "",
      };
    }),
    matches: reader.list(fields["matches"], ["spec", "matches"]).map((item, index) => {
      const path = ["spec", "matches", index] as const;
      const match = reader.record(item, path);
      return {
        apiGroup: reader.text(match["apiGroup"], path, "apiGroup") ?? "",
        kind: reader.text(match["kind"], path, "kind") ?? "",
        name: reader.text(match["name"], path, "name") ?? "",
      };
    }),
  };
}

export function readIngress(reader: Reader): IngressPolicy {
  const { object } = reader;
  const fields = spec(reader);
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    backends: reader.list(fields["backends"], ["spec", "backends"]).map((item, index) => {
      const path = ["spec", "backends", index] as const;
      const backend = reader.record(item, path);
      const port = reader.record(backend["port"], path, "port");
      const tls = reader.record(backend["tls"], path, "tls");
      return {
        name: reader.text(backend["name"], path, "name") ?? "",
        port: reader.integer(port["number"], [...path, "port", "number"]) ?? 0,
        protocol: reader.text(port["protocol"], [...path, "port", "protocol"]) ?? "",
        skipClientCertValidation:
          reader.flag(tls["skipClientCertValidation"], [...path, "tls", "skipClientCertValidation"]) ?? false,
        sniHosts: reader.texts(tls["sniHosts"], [...path, "tls", "sniHosts"]),
      };
    }),
    sources: subjects(reader, fields["sources"], ["spec", "sources"]),
  };
}

export function readSetting(reader: Reader): SettingPolicy {
  const { object } = reader;
  const fields = spec(reader);
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    host: reader.text(fields["host"], ["spec", "host"]) ?? "",
    routePaths: reader.list(fields["httpRoutes"], ["spec", "httpRoutes"]).map((item, index) => {
      const path = ["spec", "httpRoutes", index] as const;
      return reader.text(reader.record(item, path)["path"], path, "path") ?? "";
    }),
  };
}

export function readRetry(reader: Reader): RetryPolicyObject {
  const { object } = reader;
  const fields = spec(reader);
  return {
    object,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    source: subject(reader, fields["source"], ["spec", "source"]),
    destinations: subjects(reader, fields["destinations"], ["spec", "destinations"]),
  };
}

export function readMeshConfig(reader: Reader): MeshSwitches {
  const fields = spec(reader);
  const traffic = reader.record(fields["traffic"], ["spec", "traffic"]);
  const features = reader.record(fields["featureFlags"], ["spec", "featureFlags"]);
  const authorization = reader.record(traffic["inboundExternalAuthorization"], [
    "spec",
    "traffic",
    "inboundExternalAuthorization",
  ]);
  const flag = (name: string): boolean => reader.flag(traffic[name], ["spec", "traffic", name]) ?? false;
  const feature = (name: string): boolean => reader.flag(features[name], ["spec", "featureFlags", name]) ?? false;
  const ports = (name: string): readonly number[] =>
    reader
      .list(traffic[name], ["spec", "traffic", name])
      .map((item, index) => reader.integer(item, ["spec", "traffic", name, index]) ?? 0);
  const ranges = (name: string): readonly string[] => reader.texts(traffic[name], ["spec", "traffic", name]);
  return {
    permissive: flag("enablePermissiveTrafficPolicyMode"),
    egress: flag("enableEgress"),
    egressPolicy: feature("enableEgressPolicy"),
    retryPolicy: feature("enableRetryPolicy"),
    ingressBackendPolicyOff: features["enableIngressBackendPolicy"] === false,
    outboundPortExclusions: ports("outboundPortExclusionList"),
    inboundPortExclusions: ports("inboundPortExclusionList"),
    outboundIpExclusions: ranges("outboundIPRangeExclusionList"),
    outboundIpInclusions: ranges("outboundIPRangeInclusionList"),
    interfaceExclusions: ranges("networkInterfaceExclusionList"),
    externalAuthorization:
      reader.flag(authorization["enable"], ["spec", "traffic", "inboundExternalAuthorization", "enable"]) ?? false,
  };
}
