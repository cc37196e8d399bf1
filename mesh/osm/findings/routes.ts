import { TooComplexError } from "../../regex/automaton";
import { exampleRequest, requestsMeeting, subtractSets } from "../../request/request-set";
import { isPlainPattern } from "../../regex/pattern";
import { type OsmMesh } from "../mesh";
import { mayMeet, orderDependences } from "../order-dependence";
import { fullName } from "../proxy/hostnames";
import { chainKind } from "../proxy/outbound";
import { httpMethods } from "../kinds";
import { type Route, type RouteTable } from "../proxy/routes";
import { isCaller, keyOf, type MeshService, type PodState } from "../state";
import { type CallRequest } from "../../request/request";
import { type Finding, finding, shownBy } from "../../analysis/finding";

/** Routes whose order decides, that never match, or that another route of their target always comes before. */
export function routeFindings(mesh: OsmMesh): readonly Finding[] {
  if (mesh.state.switches.permissive) return [];
  const seen = new Set<string>();
  const pods = mesh.state.pods.filter((pod) => mesh.state.isMonitored(pod.namespace));
  return [
    ...pods.flatMap((pod) => {
      const key = `${pod.namespace}/${pod.serviceAccount}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return ofAccount(mesh, pod);
    }),
    ...conditions(mesh),
  ];
}

function ofAccount(mesh: OsmMesh, pod: PodState): readonly Finding[] {
  const { routes } = mesh.inbound(pod);
  const services = mesh.catalog.servicesOfPod(pod).filter(({ protocol }) => chainKind(protocol) === "http");
  const [service] = services;
  if (routes === undefined || service === undefined) return [];
  const to = `${fullName(service)}:${String(service.port)}`;
  const pairs = orderDependences(routes, to).flatMap(({ first, second, request }): readonly Finding[] => {
    const origin = first.origins[0];
    const callers = [first, second].flatMap(({ origins }) => origins.flatMap(({ target }) => target.sources));
    const from = new Set(callers.filter(isCaller).map(({ namespace, name }) => keyOf(namespace, name)));
    const calls = [...from].flatMap((caller) =>
      services.map((one): CallRequest => {
        return { from: caller, to: `${fullName(one)}:${String(one.port)}`, protocol: "http", ...request };
      }),
    );
    const shown = request && shownBy(mesh, calls, "allowed", "denied");
    // Who may not even reach the pods is not troubled by the order of their routes.
    if (request !== undefined && shown === undefined) return [];
    const who = shown?.from ?? "a caller";
    const one = finding(mesh, origin?.target, origin === undefined ? [] : ["spec", "rules", origin.rule], {
      severity: "error",
      rule: "order-dependent-routes",
      message: `${titleOf(first)} and ${titleOf(second)} match the same requests, and OSM does not define which comes first: ${who} gets 200 by the one and 403 by the other.`,
      ...(shown && { request: shown }),
      remedy:
        "Name the same match of one HTTPRouteGroup in both TrafficTargets, so that OSM merges them, or make the path patterns, methods or headers exclude each other.",
    });
    return [one];
  });
  return [...pairs, ...shadowed(mesh, routes.groups, service, to)];
}

function titleOf(route: Route): string {
  const origin = route.origins[0];
  return origin === undefined
    ? route.path
    : `match ${origin.match.name} of ${origin.group.name} (TrafficTarget ${origin.target.name})`;
}

/** Routes of a target that its own earlier routes leave nothing to. */
function shadowed(
  mesh: OsmMesh,
  groups: RouteTable["groups"],
  service: MeshService,
  authority: string,
): readonly Finding[] {
  const found: Finding[] = [];
  for (const { rules: routes } of groups) {
    if (routes.length > mostCompared) continue;
    routes.forEach((route, index) => {
      const origin = route.origins[0];
      if (origin === undefined) return;
      try {
        const earlier = routes.slice(0, index).filter((one) => mayMeet(one, route));
        if (earlier.length === 0) return;
        const requests = requestsMeeting(route, authority);
        const taken = earlier.flatMap((one) => requestsMeeting(one, authority));
        if (requests.length === 0 || exampleRequest(subtractSets(requests, taken)) !== undefined) return;
      } catch (error) {
        if (error instanceof TooComplexError) return;
        throw error;
      }
      found.push(
        finding(mesh, origin.target, ["spec", "rules", origin.rule], {
          severity: "warning",
          rule: "shadowed-match",
          message: `${titleOf(route)} never decides about ${service.name}: earlier matches of the same TrafficTarget take all its requests.`,
          remedy: "Take it out, or put it before them.",
        }),
      );
    });
  }
  return found;
}

/** Routes of one target that are compared with each other; beyond that it takes too long for what it tells. */
const mostCompared = 50;

/** Matches that no request, or not the meant one, can meet. */
function conditions(mesh: OsmMesh): readonly Finding[] {
  const found: Finding[] = [];
  const methods: ReadonlySet<string> = new Set(httpMethods);
  for (const group of mesh.state.routeGroups.values()) {
    const names = new Map<string, number>();
    for (const match of group.matches) {
      const path = ["spec", "matches", match.index];
      const twin = names.get(match.name);
      if (twin !== undefined) {
        found.push(
          finding(mesh, group, ["spec", "matches", twin, "name"], {
            severity: "error",
            rule: "duplicate-match",
            message: `Two matches are called ${match.name}: OSM only finds the later one.`,
            remedy: "Give them names of their own.",
          }),
        );
      }
      names.set(match.name, match.index);
      for (const method of match.methods) {
        if (methods.has(method)) continue;
        found.push(
          finding(mesh, group, [...path, "methods"], {
            severity: "error",
            rule: "unknown-method",
            message: `The API server refuses the method ${JSON.stringify(method)}.`,
            remedy: `Use ${httpMethods.join(", ")}.`,
          }),
        );
      }
      if (match.methods.length === 1 && match.methods[0] === "CONNECT") {
        found.push(
          finding(mesh, group, [...path, "methods"], {
            severity: "warning",
            rule: "connect-never-matches",
            message: "OSM writes no route that Envoy would give a CONNECT to: the match is never met.",
            remedy: "Take it out.",
          }),
        );
      }
      found.push(...pathFindings(mesh, group, match, path));
      for (const [name, regex] of match.headers ?? []) {
        if (name !== "" && regex !== "") continue;
        found.push(
          finding(mesh, group, [...path, "headers"], {
            severity: "error",
            rule: "empty-header-pattern",
            message: `Header ${JSON.stringify(name)} has an empty name or pattern: Envoy then refuses every HTTP route of the pods that it is for, and all their calls get 404.`,
            remedy: 'Write ".*" for any value.',
          }),
        );
      }
    }
  }
  return found;
}

function pathFindings(
  mesh: OsmMesh,
  group: Parameters<typeof finding>[1],
  match: { readonly path: string; readonly name: string },
  path: readonly (string | number)[],
): readonly Finding[] {
  // Of these characters paths only lack the blank.
  if (/^[/.]/.test(match.path) && !match.path.includes(" ") && isPlainPattern(match.path)) return [];
  try {
    if (requestsMeeting({ methods: ["*"], path: match.path }, "").length > 0) return [];
  } catch (error) {
    if (error instanceof TooComplexError) return [];
    throw error;
  }
  return [
    finding(mesh, group, [...path, "pathRegex"], {
      severity: "error",
      rule: "impossible-path",
      message: `No path matches ${JSON.stringify(match.path)}: the pattern has to match the whole path, from its first slash and without the query.`,
      remedy: "Begin with / and put .* where anything may follow.",
    }),
  ];
}
