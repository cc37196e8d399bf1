import type * as fc from "fast-check";
import { type JudgeCase } from "..";
import { drawn, type Draw } from "./draw";
import { drawPattern, type Pattern } from "./pattern";
import { drawRequest } from "./request";

/** Names are few, so that things meet: the same account, Service and route group in two namespaces. */
export const namespaces = ["a", "b"] as const;
export const accounts = ["x", "y", "z"] as const;
export const serviceNames = ["s", "t", "u"] as const;
const routeNames = ["r", "q"] as const;
const matchNames = ["m", "n", "o"] as const;
export const methods = ["GET", "POST", "PUT", "DELETE"] as const;

/** A Service as the requests need to know it. */
export interface DrawnService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly port: number; readonly protocol: "http" | "tcp" }[];
}

/** Who is let to whom, by a TrafficTarget or by chance. */
export interface DrawnCall {
  readonly from: string;
  readonly service: DrawnService;
}

/** What requests are drawn from. */
export interface World {
  readonly services: readonly DrawnService[];
  /** Calls that TrafficTargets are about. */
  readonly calls: readonly DrawnCall[];
  readonly patterns: readonly Pattern[];
  readonly headerPatterns: readonly (readonly [name: string, pattern: Pattern])[];
}

/** A policy with workloads, Services and requests to them; mostly well-formed. */
export function arbitraryCase(requests: number): fc.Arbitrary<JudgeCase> {
  return drawn((draw) => drawCase(draw, requests));
}

/** How far a policy strays: a tame one is what a careful person writes, a wild one breaks things on purpose. */
type Mood = "tame" | "mixed" | "wild";

function drawCase(draw: Draw, requests: number): JudgeCase {
  const mood = draw.pick<Mood>(["tame", "mixed", "mixed", "wild"]);
  const focused = draw.oneIn(2);
  const patterns: Pattern[] = [];
  const headerPatterns: [string, Pattern][] = [];
  const workloads = unique(draw.list(1, focused ? 2 : 5, () => drawWorkload(draw, mood)));
  // Most Services and TrafficTargets are about the same workloads, so that requests get somewhere.
  const destinations = focused ? workloads.slice(0, 1) : workloads;
  const selected = draw.oneIn(5) ? workloads : destinations;
  const services = unique(draw.list(1, focused ? 2 : 4, () => drawService(draw, mood, selected)));
  const homes = focused ? workloads.map(({ metadata }) => metadata.namespace) : namespaces;
  const groups = unique(draw.list(1, 3, () => drawRouteGroup(draw, mood, homes, patterns, headerPatterns)));
  const tcpRoutes = unique(draw.list(0, 2, () => drawTcpRoute(draw)));
  const targets = unique(
    draw.list(focused ? 2 : 1, 5, () => drawTarget(draw, mood, destinations, workloads, [...groups, ...tcpRoutes])),
  );
  const partial = draw.oneIn(4) ? drawPartial(draw, workloads, services) : undefined;
  const shown = partial?.services ?? services;
  const objects: unknown[] = [
    ...drawMesh(draw, mood),
    ...workloads,
    ...shown,
    ...(partial?.endpoints ?? []),
    ...groups,
    ...tcpRoutes,
    ...targets,
    ...(draw.oneIn(2) ? [] : unique(draw.list(1, 2, () => drawSplit(draw, mood, services)))),
    ...(draw.oneIn(8) ? [drawIngress(draw)] : []),
    ...(draw.oneIn(12) ? unique(draw.list(1, 2, () => drawEgress(draw, groups))) : []),
    ...(draw.oneIn(12) ? [drawSetting(draw)] : []),
  ];
  const calls = targets.flatMap(({ spec: { destination, sources } }) =>
    services
      .filter(({ metadata, spec }) =>
        workloads.some(
          (workload) =>
            workload.metadata.namespace === metadata.namespace &&
            metadata.namespace === destination.namespace &&
            workload.spec.template.spec.serviceAccountName === destination.name &&
            spec.selector["app"] === workload.spec.template.metadata.labels.app,
        ),
      )
      .flatMap((service) =>
        sources.map(({ name, namespace = "a" }) => ({
          from: `${namespace}/${name}`,
          service: describeService(service),
        })),
      ),
  );
  const world: World = { services: shown.map(describeService), calls, patterns, headerPatterns };
  return { objects, requests: draw.list(requests, requests, () => drawRequest(draw, world)) };
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

function unique<T extends Named>(objects: readonly T[]): T[] {
  const found = new Map<string, T>();
  for (const object of objects) {
    found.set([object.kind, object.metadata.namespace, object.metadata.name].join("/"), object);
  }
  return [...found.values()];
}

const monitored = { "openservicemesh.io/monitored-by": "osm" };

function drawMesh(draw: Draw, mood: Mood): readonly unknown[] {
  const objects: unknown[] = [];
  if (mood === "wild" && draw.oneIn(2)) {
    for (const name of namespaces) {
      if (draw.oneIn(12)) continue;
      const labels = draw.oneIn(8) ? draw.pick([{}, { "openservicemesh.io/monitored-by": "other" }]) : monitored;
      const injection = draw.oneIn(6) ? draw.pick(["disabled", "off", undefined]) : "enabled";
      const annotations = injection !== undefined && {
        annotations: { "openservicemesh.io/sidecar-injection": injection },
      };
      objects.push({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels, ...annotations } });
    }
  }
  if (mood !== "tame" && draw.oneIn(3)) {
    objects.push({
      apiVersion: "config.openservicemesh.io/v1alpha2",
      kind: "MeshConfig",
      metadata: { name: "osm-mesh-config", namespace: "osm-system" },
      spec: {
        traffic: {
          enablePermissiveTrafficPolicyMode: draw.oneIn(4),
          enableEgress: draw.oneIn(2),
          ...(draw.oneIn(4) && draw.pick<Readonly<Record<string, unknown>>>(exclusions)),
        },
        featureFlags: { enableEgressPolicy: draw.oneIn(2) },
      },
    });
  }
  return objects;
}

/** What the MeshConfig may leave to bypass the sidecars. */
const exclusions = [
  { outboundPortExclusionList: [80] },
  { inboundPortExclusionList: [8080, 80] },
  { outboundIPRangeExclusionList: ["0.0.0.0/0"] },
  { outboundIPRangeInclusionList: ["192.168.0.0/16"] },
  { networkInterfaceExclusionList: ["eth0"] },
] as const;

/** What a pod may say about its own sidecar. */
const sidecarAnnotations = [
  { "sidecar-injection": "disabled" },
  { "outbound-port-exclusion-list": "80, 5000" },
  { "inbound-port-exclusion-list": "8080,80" },
  { "outbound-ip-range-exclusion-list": "0.0.0.0/0" },
  { "outbound-ip-range-inclusion-list": "192.168.0.0/16" },
] as const;

function drawAnnotations(draw: Draw, mood: Mood): Readonly<Record<string, string>> | undefined {
  if (mood === "tame" || !draw.oneIn(10)) return undefined;
  const drawn = Object.entries(draw.pick<Readonly<Record<string, string>>>(sidecarAnnotations));
  return Object.fromEntries(drawn.map(([name, value]) => [`openservicemesh.io/${name}`, value]));
}

function drawWorkload(draw: Draw, mood: Mood) {
  const labels = { app: draw.pick(serviceNames), ...(draw.oneIn(3) && { version: draw.pick(["v1", "v2"]) }) };
  const spec = {
    serviceAccountName: draw.pick(accounts),
    containers: [{ name: "app", ports: [{ name: "web", containerPort: 8080 }] }],
  };
  const metadata = { name: `w${String(draw.integer(1, 5))}`, namespace: draw.pick(namespaces) };
  const annotations = drawAnnotations(draw, mood);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      ...(mood === "wild" && draw.oneIn(6) && { replicas: draw.integer(0, 2) }),
      selector: { matchLabels: labels },
      template: { metadata: { labels, ...(annotations && { annotations }) }, spec },
    },
  };
}

interface DrawnPort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

type Workload = ReturnType<typeof drawWorkload>;

function drawService(draw: Draw, mood: Mood, workloads: readonly Workload[]) {
  const wild = mood === "wild";
  const workload = draw.maybe(workloads);
  const several = draw.oneIn(3) ? draw.some([80, 81, 5000]) : [];
  const numbers = several.length > 1 ? several : [draw.pick([80, 80, 81, 5000])];
  const targets = [8080, 8081, 9090];
  const ports: DrawnPort[] = numbers.map((port, index) => {
    const prefix = draw.oneIn(3)
      ? draw.pick(["tcp-", "grpc-", "http-", ...(wild ? ["https-", "tcp-server-first-", "tcp"] : [])])
      : "";
    const target = wild ? draw.pick([8080, 8080, 8081, port, "web", "missing"]) : (targets[index] ?? port);
    return {
      ...((numbers.length > 1 || prefix !== "" || draw.oneIn(3)) && { name: `${prefix}p${String(port)}` }),
      port,
      ...(!draw.oneIn(6) && { targetPort: draw.oneIn(8) ? "web" : target }),
      ...(draw.oneIn(wild ? 3 : 8) && {
        appProtocol: draw.pick(["http", "tcp", "grpc", ...(wild ? ["https", "TCP", "HTTP", "mongo"] : [])]),
      }),
    };
  });
  const name = draw.pick(serviceNames);
  const selector: Record<string, string> =
    wild && draw.oneIn(6)
      ? draw.pick<Record<string, string>>([{}, { app: "nobody" }, { version: "v1" }])
      : { app: workload?.spec.template.metadata.labels.app ?? name, ...(wild && draw.oneIn(4) && { version: "v1" }) };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: draw.oneIn(8) ? draw.pick(namespaces) : (workload?.metadata.namespace ?? "a") },
    spec: { ...(draw.oneIn(wild ? 6 : 20) && { clusterIP: "None" }), selector, ports },
  };
}

/** Endpoints of one Service only: written by hand or by Kubernetes, for one that selects pods or for one that does not. */
function drawPartial(
  draw: Draw,
  workloads: readonly Workload[],
  services: readonly DrawnServiceObject[],
): { readonly services: readonly DrawnServiceObject[]; readonly endpoints: readonly unknown[] } {
  const endpointsOf = ({ metadata, spec }: DrawnServiceObject, addresses: readonly unknown[]): unknown => ({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata,
    subsets: [
      {
        addresses,
        ports: spec.ports.map(({ name, port, targetPort }) => ({
          ...(name !== undefined && { name }),
          port: typeof targetPort === "number" ? targetPort : port,
        })),
      },
    ],
  });
  const outside = { ip: "20.1.2.3" };
  const one = draw.maybe(services);
  if (one === undefined || draw.oneIn(3)) {
    const { metadata, spec } = drawService(draw, "tame", []);
    const given = { apiVersion: "v1", kind: "Service", metadata, spec: { ...spec, selector: {} } };
    const others = services.filter((other) => !isSame(other, given));
    return { services: [...others, given], endpoints: [endpointsOf(given, [outside])] };
  }
  const pods = workloads.filter(
    ({ metadata, spec: { replicas, template } }) =>
      metadata.namespace === one.metadata.namespace &&
      replicas !== 0 &&
      template.metadata.labels.app === one.spec.selector["app"],
  );
  const observed = pods.map(({ metadata: { name } }, index) => ({
    ip: `10.250.0.${String(index + 1)}`,
    targetRef: { kind: "Pod", name: `${name}-0` },
  }));
  return { services, endpoints: [endpointsOf(one, draw.oneIn(2) || observed.length === 0 ? [outside] : observed)] };
}

function isSame(a: Named, b: Named): boolean {
  return a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
}

type DrawnServiceObject = ReturnType<typeof drawService>;

function describeService({ metadata, spec }: DrawnServiceObject): DrawnService {
  return {
    ...metadata,
    ports: spec.ports.map(({ name = "", port, appProtocol }) => ({
      port,
      protocol: (appProtocol ?? name).toLowerCase().startsWith("tcp") ? "tcp" : "http",
    })),
  };
}

function drawRouteGroup(
  draw: Draw,
  mood: Mood,
  homes: readonly string[],
  patterns: Pattern[],
  headerPatterns: [string, Pattern][],
) {
  return {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "HTTPRouteGroup",
    metadata: { name: draw.pick(routeNames), namespace: draw.maybe(homes) ?? "a" },
    spec: {
      matches: drawMatchNames(draw, mood).map((name) => {
        const pattern =
          draw.oneIn(3) && patterns.length > 0 ? draw.maybe(patterns) : drawPattern(draw, mood === "wild");
        if (pattern !== undefined) patterns.push(pattern);
        return {
          name,
          ...(pattern !== undefined && !draw.oneIn(8) && { pathRegex: pattern.regex }),
          ...(!draw.oneIn(4) && { methods: drawMethods(draw) }),
          ...(draw.oneIn(5) && { headers: drawHeaders(draw, mood, headerPatterns) }),
        };
      }),
    },
  };
}

/** One name for each match; the later of two matches of one name is the one that counts. */
function drawMatchNames(draw: Draw, mood: Mood): readonly string[] {
  if (mood === "wild") return draw.list(0, 3, () => draw.pick(matchNames));
  return matchNames.slice(0, draw.integer(1, matchNames.length));
}

function drawMethods(draw: Draw): readonly string[] {
  return draw.list(0, 3, () => (draw.oneIn(6) ? "*" : draw.pick(methods)));
}

function drawHeaders(draw: Draw, mood: Mood, headerPatterns: [string, Pattern][]): readonly Record<string, string>[] {
  return draw.list(1, 2, () => {
    const name = draw.pick([
      "x-a",
      "X-A",
      "client-app",
      "user-agent",
      ...(mood === "wild" ? ["host", "Host", ":method", ":authority"] : ["host"]),
    ]);
    const pattern: Pattern =
      name.toLowerCase().endsWith("host") || name === ":authority" ? drawHostPattern(draw) : drawValue(draw, mood);
    headerPatterns.push([name.toLowerCase(), pattern]);
    return { [name]: pattern.regex };
  });
}

function drawHostPattern(draw: Draw): Pattern {
  return { regex: draw.pick(["s.*", "s\\.a(:80)?", ".*svc.cluster.local.*", "t\\.a.*"]), texts: [] };
}

function drawValue(draw: Draw, mood: Mood): Pattern {
  return draw.pick([
    { regex: "v1", texts: ["v1", "V1", "v1x", ""] },
    { regex: ".*", texts: ["", "anything"] },
    { regex: "book.*", texts: ["bookbuyer", "abook", "book"] },
    { regex: "a|b", texts: ["a", "b", "ab", "a|b"] },
    { regex: "GET", texts: ["GET"] },
    ...(mood === "wild" && draw.oneIn(10) ? [{ regex: "", texts: [""] }] : []),
  ]);
}

function drawTcpRoute(draw: Draw) {
  return {
    apiVersion: "specs.smi-spec.io/v1alpha4",
    kind: "TCPRoute",
    metadata: { name: draw.pick(routeNames), namespace: draw.pick(namespaces) },
    spec: { matches: { ports: draw.list(0, 2, () => draw.pick([8080, 8081, 80, 5000])) } },
  };
}

interface Account {
  readonly namespace: string;
  readonly name: string;
}

function drawAccount(draw: Draw, mood: Mood, workloads: readonly Workload[]): Account {
  const workload = draw.oneIn(mood === "tame" ? 20 : 6) ? undefined : draw.maybe(workloads);
  return workload === undefined
    ? { namespace: draw.pick(namespaces), name: draw.pick(accounts) }
    : { namespace: workload.metadata.namespace, name: workload.spec.template.spec.serviceAccountName };
}

type RouteObject = ReturnType<typeof drawRouteGroup> | ReturnType<typeof drawTcpRoute>;

function drawTarget(
  draw: Draw,
  mood: Mood,
  destinations: readonly Workload[],
  workloads: readonly Workload[],
  routes: readonly RouteObject[],
) {
  const odd = (times: number): boolean => mood === "wild" && draw.oneIn(times);
  const kind = (): string => (odd(10) ? "Pod" : "ServiceAccount");
  const destination = drawAccount(draw, mood, destinations);
  const namespace = odd(8) ? draw.pick(namespaces) : destination.namespace;
  return {
    apiVersion: "access.smi-spec.io/v1alpha3",
    kind: "TrafficTarget",
    metadata: { name: `t${String(draw.integer(1, 5))}`, namespace },
    spec: {
      destination: { kind: kind(), ...destination },
      sources: draw.list(odd(5) ? 0 : 1, 3, () => {
        const source = draw.oneIn(2)
          ? drawAccount(draw, mood, workloads)
          : { namespace: "a", name: draw.pick(accounts) };
        return { kind: kind(), name: source.name, ...(!odd(10) && { namespace: source.namespace }) };
      }),
      rules: draw.list(odd(6) ? 0 : 1, 3, () => drawRule(draw, mood, namespace, routes)),
    },
  };
}

function drawRule(draw: Draw, mood: Mood, namespace: string, routes: readonly RouteObject[]) {
  const near = routes.filter(({ metadata }) => metadata.namespace === namespace);
  const route = mood === "wild" && draw.oneIn(3) ? undefined : draw.maybe(near);
  const odd = (times: number): boolean => mood !== "tame" && draw.oneIn(times);
  const kind = odd(30) ? "UDPRoute" : (route?.kind ?? (draw.oneIn(3) ? "TCPRoute" : "HTTPRouteGroup"));
  const known =
    route !== undefined && "matches" in route.spec && Array.isArray(route.spec.matches) ? route.spec.matches : [];
  const names = known.map((match: { readonly name: string }) => match.name);
  const withMatches = kind === "HTTPRouteGroup" ? !odd(8) : odd(6);
  return {
    kind,
    name: odd(15) ? "missing" : (route?.metadata.name ?? draw.pick(routeNames)),
    ...(withMatches && {
      matches: draw.list(1, 3, () => (odd(10) ? "missing" : (draw.maybe(names) ?? draw.pick(matchNames)))),
    }),
  };
}

function drawSplit(draw: Draw, mood: Mood, services: readonly { readonly metadata: Account }[]) {
  const rooted = draw.oneIn(mood === "tame" ? 20 : 6) ? undefined : draw.maybe(services)?.metadata;
  const namespace = rooted?.namespace ?? draw.pick(namespaces);
  const root = rooted?.name ?? draw.pick(serviceNames);
  const near = services.filter(({ metadata }) => metadata.namespace === namespace).map(({ metadata }) => metadata.name);
  return {
    apiVersion: "split.smi-spec.io/v1alpha2",
    kind: "TrafficSplit",
    metadata: { name: `p${String(draw.integer(1, 3))}`, namespace },
    spec: {
      service: draw.pick([
        root,
        root,
        `${root}.${namespace}`,
        `${root}.${namespace}.svc`,
        `${root}.${namespace}.svc.cluster.local`,
      ]),
      backends: draw.list(mood === "wild" && draw.oneIn(6) ? 0 : 1, 3, () => ({
        service:
          mood !== "tame" && draw.oneIn(10)
            ? "missing"
            : ((draw.oneIn(4) ? undefined : draw.maybe(near)) ?? draw.pick(serviceNames)),
        weight: draw.pick([1, 10, 50, 90, 100, 0]),
      })),
    },
  };
}

function drawIngress(draw: Draw) {
  const protocol = draw.pick(["http", "http", "https"]);
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "IngressBackend",
    metadata: { name: "i", namespace: draw.pick(namespaces) },
    spec: {
      backends: [
        {
          name: draw.pick(serviceNames),
          port: { number: draw.pick([8080, 8081, 80]), protocol },
          ...(protocol === "https" && { tls: { skipClientCertValidation: draw.oneIn(2) } }),
        },
      ],
      sources: draw.list(1, 2, () =>
        draw.pick<{ readonly kind: string; readonly name: string; readonly namespace?: string }>([
          { kind: "Service", name: draw.pick(serviceNames), namespace: draw.pick(namespaces) },
          { kind: "IPRange", name: draw.pick(["10.0.0.0/8", "0.0.0.0/0", "192.168.0.0/16"]) },
          { kind: "AuthenticatedPrincipal", name: "gateway.ingress.cluster.local" },
        ]),
      ),
    },
  };
}

function drawEgress(draw: Draw, groups: readonly ReturnType<typeof drawRouteGroup>[]) {
  const group = draw.oneIn(3) ? draw.maybe(groups)?.metadata : undefined;
  const { name, namespace } = group ?? { name: draw.pick(routeNames), namespace: draw.pick(namespaces) };
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "Egress",
    metadata: { name: draw.pick(["e", "f"]), namespace },
    spec: {
      sources: [{ kind: "ServiceAccount", name: draw.pick(accounts), namespace: draw.pick(namespaces) }],
      hosts: draw.some(["example.com", "s.a", "s.a.svc.cluster.local"]),
      ports: draw.list(1, 2, () => ({
        number: draw.pick([80, 81, 5000]),
        protocol: draw.pick(["http", "http", "tcp", "https"]),
      })),
      ...((group !== undefined || draw.oneIn(6)) && {
        matches: [{ apiGroup: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup", name }],
      }),
    },
  };
}

function drawSetting(draw: Draw) {
  const namespace = draw.pick(namespaces);
  return {
    apiVersion: "policy.openservicemesh.io/v1alpha1",
    kind: "UpstreamTrafficSetting",
    metadata: { name: "g", namespace },
    spec: {
      host: draw.pick([
        `${draw.pick(serviceNames)}.${namespace}.svc.cluster.local`,
        `${draw.pick(serviceNames)}.${namespace}`,
      ]),
      connectionSettings: { tcp: { maxConnections: 100 } },
      rateLimit: { local: { http: { requests: 1000, unit: "second" } } },
    },
  };
}
