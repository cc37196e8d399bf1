import { type Draw } from "./draw";
import { accounts, matchNames, type Mood, namespaces, routeNames, serviceNames } from "./names";
import { type drawRouteGroup, type drawTcpRoute } from "./routes";
import { type ServiceObject } from "./service";
import { type Workload } from "./workload";

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

export function drawTarget(
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

/** A TrafficSplit, now and then to Services none of which has a port of the root. */
export function drawSplit(draw: Draw, mood: Mood, services: readonly ServiceObject[]) {
  const rooted = draw.oneIn(mood === "tame" ? 20 : 6) ? undefined : draw.maybe(services)?.metadata;
  const namespace = rooted?.namespace ?? draw.pick(namespaces);
  const root = rooted?.name ?? draw.pick(serviceNames);
  const inside = services.filter(({ metadata }) => metadata.namespace === namespace);
  const ports = portsOf(inside.find(({ metadata }) => metadata.name === root));
  const elsewhere = inside.filter((one) => !portsOf(one).some((port) => ports.includes(port)));
  const near = (draw.oneIn(3) && elsewhere.length > 0 ? elsewhere : inside).map(({ metadata }) => metadata.name);
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
            : ((draw.oneIn(5) ? undefined : draw.maybe(near)) ?? draw.pick(serviceNames)),
        weight: draw.pick([1, 10, 50, 90, 100, 0]),
      })),
    },
  };
}

function portsOf(service: ServiceObject | undefined): readonly number[] {
  return service?.spec.ports.map(({ port }) => port) ?? [];
}
