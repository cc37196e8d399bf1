import { type Draw } from "../generate/draw";
import { type Mood } from "../generate/names";
import { namespaces } from "./names";
import { type ServiceObject } from "./service";
import { drawClaims, drawHttpRoutes, drawMatch, drawShares, hostOf } from "./traffic";

/** The namespace that most gateways are in. */
export const edge = "edge";

/** Names under which gateways are called, on both sides of the boundaries that {@link gatewayHosts} draw. */
export const calledHosts = [
  "s.example",
  "s.example",
  "t.example",
  "a.s.example",
  "other.example",
  "example",
  "nobody.test",
  "s.a.svc.cluster.local",
] as const;

/** Names as Gateways and VirtualServices write them. */
const gatewayHosts = [
  "s.example",
  "s.example",
  "t.example",
  "*.example",
  "*.example",
  "*.s.example",
  "a.s.example",
  "*",
  "s.a.svc.cluster.local",
  "S.example",
] as const;

/** Hosts as policies of gateways ask for them. */
export const hostConditions = ["s.example", "S.Example*", "*.example", "t.example:80", "s*", "*"] as const;

/** A gateway's pods and Service. */
export interface DrawnGateway {
  readonly namespace: string;
  readonly name: string;
  readonly objects: readonly object[];
}

/** One gateway, or two: pods of the injector's template, and the Service in front of them. */
export function drawGatewayWorkloads(draw: Draw, mood: Mood): readonly DrawnGateway[] {
  return ["ingress", "egress"].slice(0, draw.oneIn(4) ? 2 : 1).map((name) => {
    const namespace = draw.oneIn(6) ? draw.pick(namespaces) : edge;
    const labels = { istio: name, ...(draw.oneIn(3) && { app: "s" }) };
    const ports = [
      { name: "http2", port: 80, targetPort: draw.oneIn(4) ? 80 : 8080 },
      { name: "https", port: 443, targetPort: draw.oneIn(4) ? 443 : 8443 },
      { name: "tcp", port: 5000 },
    ];
    const metadata = { name, namespace };
    return {
      ...metadata,
      objects: [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata,
          spec: {
            ...(draw.oneIn(6) && { replicas: 2 }),
            selector: { matchLabels: { istio: name } },
            template: {
              metadata: { labels, annotations: { "inject.istio.io/templates": "gateway" } },
              spec: { serviceAccountName: name, containers: [{ name: "istio-proxy", image: "auto" }] },
            },
          },
        },
        {
          apiVersion: "v1",
          kind: "Service",
          metadata,
          spec: {
            type: "LoadBalancer",
            selector: { istio: name },
            ports: mood === "wild" && draw.oneIn(4) ? draw.some(ports.slice(1)).concat(ports.slice(0, 1)) : ports,
          },
        },
      ],
    };
  });
}

/** What a server makes of connections: its port, protocol and TLS. */
function drawProtocol(draw: Draw) {
  const tls = (mode: string) => ({ tls: { mode, ...(mode === "SIMPLE" && { credentialName: "certificate" }) } });
  switch (draw.integer(1, 12)) {
    case 1:
    case 2:
    case 3:
      return { number: draw.pick([443, 443, 443, 8443]), protocol: "HTTPS", ...tls("SIMPLE") };
    case 4:
      return { number: draw.pick([443, 443, 8443]), protocol: "TLS", ...tls("SIMPLE") };
    case 5:
    case 6:
      return { number: draw.pick([443, 443, 8443]), protocol: draw.pick(["TLS", "HTTPS"]), ...tls("PASSTHROUGH") };
    case 7:
      return { number: draw.pick([5000, 5000, 443]), protocol: "TCP" };
    default:
      return {
        number: draw.pick([80, 80, 80, 8080, 5000]),
        protocol: draw.pick(["HTTP", "HTTP", "HTTP", "HTTP2", "GRPC"]),
        ...(draw.oneIn(8) && { tls: { httpsRedirect: draw.pick([true, true, false]) } }),
      };
  }
}

function drawServer(draw: Draw, mood: Mood, index: number) {
  const drawn = draw.list(1, draw.oneIn(3) ? 2 : 1, () => `${drawNamespace(draw)}${draw.pick(gatewayHosts)}`);
  // istiod itself falls over others behind this one.
  const hosts = drawn.includes("*/*") ? ["*/*"] : [...new Set(drawn)];
  const { number, protocol, ...tls } = drawProtocol(draw);
  return {
    port: { number, name: `p${String(index)}`, protocol },
    hosts,
    ...(mood === "wild" && draw.oneIn(15) && { bind: "127.0.0.1" }),
    ...tls,
  };
}

/** Whose VirtualServices a server's host is for. */
function drawNamespace(draw: Draw): string {
  return draw.oneIn(3) ? draw.pick(["*/", "./", "a/", "b/", `${edge}/`]) : "";
}

/** What gateways open. */
export function drawGateway(draw: Draw, mood: Mood, workloads: readonly DrawnGateway[]) {
  const own = draw.maybe(workloads) ?? { namespace: edge, name: "ingress" };
  const servers = draw.integer(1, 3);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: {
      name: `g${String(draw.integer(1, 3))}`,
      namespace: draw.oneIn(4) ? draw.pick(namespaces) : own.namespace,
    },
    spec: {
      ...(!(mood === "wild" && draw.oneIn(10)) && { selector: draw.oneIn(12) ? { app: "s" } : { istio: own.name } }),
      servers: Array.from({ length: servers }, (_, index) => drawServer(draw, mood, index)),
    },
  };
}

export type GatewayObject = ReturnType<typeof drawGateway>;

/** Routes of gateways, some of sidecars too. */
export function drawGatewayRoutes(
  draw: Draw,
  mood: Mood,
  gateways: readonly GatewayObject[],
  services: readonly ServiceObject[],
  tokens: boolean,
) {
  const root = hostOf(draw, services);
  const namespace = draw.oneIn(4) ? draw.pick([...namespaces, edge]) : root.namespace;
  const drawName = (): string => {
    const { metadata } = draw.maybe(gateways) ?? { metadata: { name: "g1", namespace: edge } };
    return metadata.namespace === namespace && draw.oneIn(2) ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  };
  const names = [...new Set([...draw.list(1, draw.oneIn(3) ? 2 : 1, drawName), ...(draw.oneIn(6) ? ["mesh"] : [])])];
  const match = (): object => ({
    ...drawMatch(draw),
    ...(tokens && !names.includes("mesh") && draw.oneIn(2) && drawClaims(draw)),
    ...(draw.oneIn(8) && { gateways: [draw.oneIn(4) ? "mesh" : (draw.maybe(names) ?? "mesh")] }),
  });
  const hosts = drawHosts(draw, root.name);
  const to = { namespace, root, services };
  const connections = (): object => ({
    ...(draw.oneIn(4) && { port: draw.pick([443, 5000]) }),
    ...(draw.oneIn(8) && { gateways: [draw.maybe(names) ?? "mesh"] }),
  });
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: `v${String(draw.integer(1, 6))}`, namespace },
    spec: {
      hosts,
      gateways: names,
      ...(draw.oneIn(10) && { exportTo: draw.pick([["."], ["*"], [edge], ["a"]]) }),
      http: drawHttpRoutes(draw, mood, to, draw.oneIn(4), match),
      ...(draw.oneIn(2) && {
        tls: draw.list(1, 2, () => ({
          match: draw.list(1, 2, () => ({ sniHosts: [drawServerName(draw, hosts)], ...connections() })),
          route: drawShares(draw, mood, to),
        })),
      }),
      ...(draw.oneIn(2) && {
        tcp: draw.list(1, 2, () => ({
          ...(draw.oneIn(2) && { match: [connections()] }),
          route: drawShares(draw, mood, to),
        })),
      }),
    },
  };
}

/** Hosts that do not take one another in, which istiod would refuse. */
function drawHosts(draw: Draw, service: string): readonly string[] {
  const first = draw.pick([...gatewayHosts, service]);
  if (first.startsWith("*") || !draw.oneIn(3)) return [first];
  return draw.pick([[first], [first, "other.example"], [first, "*.test"]]);
}

/** A server name within one of the hosts. */
function drawServerName(draw: Draw, hosts: readonly string[]): string {
  const host = draw.maybe(hosts) ?? "s.example";
  return draw.oneIn(2) ? host : nameIn(host, draw.pick(["s", "t", "*.s"]));
}

/** A name that a host stands for, which may begin with `*`. */
function nameIn(host: string, first: string): string {
  return host === "*" ? `${first}.example` : host.replace(/^\*/, first);
}

/** Names that VirtualServices are for, as callers would write them. */
export function namesFor(
  services: readonly { readonly spec: { readonly hosts: readonly string[] } }[],
): readonly string[] {
  return services.flatMap(({ spec }) => spec.hosts.map((host) => nameIn(host, "s")));
}
