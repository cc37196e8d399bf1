import { type AccountKey, keyOf } from "../cluster/keys";
import { isHeadless } from "../cluster/workloads";
import {
  type DestinationRule,
  type EnvoyFilter,
  type HttpMatchRequest,
  type HttpRetry,
  type HttpRoute,
  istioKinds,
  type RouteDestination,
  type StringMatch,
  type TcpRoute,
  type VirtualService,
} from "../istio/kinds";
import { type OsmMesh } from "../osm";
import { type Retry } from "../osm/kinds";
import { type Route } from "../osm/proxy/routes";
import { fullName } from "../osm/proxy/hostnames";
import { chainKind } from "../osm/proxy/outbound";
import { accountOfPod, backendTargetPort, type MeshService, type ServiceState } from "../osm/state";
import { type HeaderMatch } from "../policy";
import { rootOf } from "../policy/header-routes";
import { type IstioCallRules, noCallRules } from "../policy/of-istio";
import { destinationRules } from "./destination-rules";
import { rateLimits, rateRefusals } from "./rate-limits";
import { type Selectors } from "./selectors";

/** What is said of a thing that Istio does in another way, or not. */
export interface Refusal {
  /** The object, or the service account. */
  readonly place: string;
  /** What cannot be said, and what to write instead. */
  readonly text: string;
  /** The account that nothing is written for. */
  readonly account?: AccountKey;
}

/** How the callers' sidecars route. */
export interface Routing {
  readonly objects: readonly (VirtualService | DestinationRule | EnvoyFilter)[];
  readonly said: readonly string[];
  readonly refused: readonly Refusal[];
}

/** What decides how much is written of routing. */
export interface RoutingOptions {
  /** Callers' sidecars answer 404 to what OSM answers so, by OSM's own patterns. */
  readonly keepNotFound?: boolean;
  /** The mesh's configuration says `defaultHttpRetryPolicy: {attempts: 0}`. */
  readonly noDefaultRetries?: boolean;
  /** Rates become EnvoyFilters, which AKS allows and does not support. Default: rates are refused. */
  readonly allowEnvoyFilter?: boolean;
  /** What a policy says that OSM's objects cannot. Default: nothing. */
  readonly callRules?: IstioCallRules;
}

/** Of calls that OSM sends once. */
export const noRetries: HttpRetry = { attempts: 0 };

/** VirtualServices and DestinationRules for the Services of the mesh. */
export function routingOf(mesh: OsmMesh, selectors: Selectors, options: RoutingOptions): Routing {
  const objects: (VirtualService | DestinationRule | EnvoyFilter)[] = [];
  const said: string[] = [];
  const refused: Refusal[] = [];
  const { callRules = noCallRules } = options;
  const special = callsOf(mesh, selectors, callRules, said, refused);
  const byService = new Map<ServiceState, MeshService[]>();
  for (const one of mesh.catalog.allMeshServices()) {
    const known = byService.get(one.service);
    if (known === undefined) byService.set(one.service, [one]);
    else known.push(one);
  }
  for (const [service, ports] of byService) {
    const made = virtualService(mesh, service, distinctPorts(ports), special, options, said, refused);
    if (made !== undefined) objects.push(made);
  }
  objects.push(...destinationRules(mesh, callRules, said, refused));
  if (options.allowEnvoyFilter === true) objects.push(...rateLimits(mesh, selectors, refused));
  else refused.push(...rateRefusals(mesh));
  return { objects, said, refused };
}

/** A headless Service's ports once, not once for each pod. */
function distinctPorts(ports: readonly MeshService[]): readonly MeshService[] {
  return [...new Map(ports.map((one) => [one.port, one])).values()];
}

/** How one caller's calls are made, where that differs from others'. */
interface SpecialCalls {
  readonly match: HttpMatchRequest;
  readonly retries: HttpRetry;
  readonly timeout?: string;
}

type CallsByService = ReadonlyMap<string, readonly SpecialCalls[]>;

/** Retries and timeouts of single callers by the Service that is called, `namespace/name`. */
function callsOf(
  mesh: OsmMesh,
  selectors: Selectors,
  { timeouts }: IstioCallRules,
  said: string[],
  refused: Refusal[],
): CallsByService {
  const found = new Map<string, SpecialCalls[]>();
  const retrying = new Set<string>();
  for (const { source, destinations, policy } of retriesOf(mesh, selectors, said, refused)) {
    for (const { key } of destinations) {
      const { byCaller, others } = timeouts.get(key) ?? {};
      const timeout = byCaller?.get(source.key) ?? others;
      const list = found.get(key) ?? [];
      for (const match of source.matches) list.push({ match, retries: policy, ...(timeout && { timeout }) });
      found.set(key, list);
      retrying.add(`${source.key} ${key}`);
    }
  }
  for (const [key, { byCaller }] of timeouts) {
    for (const [account, timeout] of byCaller) {
      if (retrying.has(`${account} ${key}`)) continue;
      const matches = matchesOfCaller(account, selectors);
      if (matches === undefined) {
        refused.push({
          place: `timeout of calls to ${key}`,
          text: `no label set selects exactly the pods of ${account}, whose calls it is for: ${adviceOf(account)}`,
        });
        continue;
      }
      found.set(key, [...(found.get(key) ?? []), ...matches.map((match) => ({ match, retries: noRetries, timeout }))]);
    }
  }
  return found;
}

/** What tells an account's calls from others'; undefined where nothing does. */
function matchesOfCaller(account: AccountKey, selectors: Selectors): readonly HttpMatchRequest[] | undefined {
  const [sourceNamespace = ""] = account.split("/");
  return selectors(account)?.map((sourceLabels) => ({ sourceLabels, sourceNamespace }));
}

/** A Retry as Istio says it. */
interface CallerRetries {
  readonly source: { readonly key: AccountKey; readonly matches: readonly HttpMatchRequest[] };
  readonly destinations: readonly { readonly key: string }[];
  readonly policy: HttpRetry;
}

function retriesOf(mesh: OsmMesh, selectors: Selectors, said: string[], refused: Refusal[]): readonly CallerRetries[] {
  if (!mesh.state.switches.retryPolicy) {
    if (mesh.state.retries.length > 0)
      said.push(
        "Retry objects are left out: the MeshConfig does not set featureFlags.enableRetryPolicy, so that OSM reads none.",
      );
    return [];
  }
  return mesh.state.retries.flatMap(({ object, source, destinations }): readonly CallerRetries[] => {
    const place = `Retry ${object.metadata.namespace ?? ""}/${object.metadata.name}`;
    const matches = matchesOfCaller(source.key, selectors);
    const { retryPolicy } = Reflect.get(object, "spec") as Retry["spec"];
    if (matches === undefined) {
      refused.push({
        place,
        text: `no label set selects exactly the pods of ${source.key}, which retry: ${adviceOf(source.key)}`,
      });
      return [];
    }
    const policy: HttpRetry = {
      attempts: retryPolicy.numRetries,
      perTryTimeout: retryPolicy.perTryTimeout,
      retryOn: retryPolicy.retryOn,
      backoff: retryPolicy.retryBackoffBaseInterval,
    };
    return [{ source: { key: source.key, matches }, destinations, policy }];
  });
}

/** What to do about pods that no labels tell from others. */
export function adviceOf(account: AccountKey): string {
  const [, name = ""] = account.split("/");
  return `give them a label of their own, such as aks-mesh/service-account: ${name}`;
}

function virtualService(
  mesh: OsmMesh,
  service: ServiceState,
  ports: readonly MeshService[],
  special: CallsByService,
  options: RoutingOptions,
  said: string[],
  refused: Refusal[],
): VirtualService | undefined {
  const http: HttpRoute[] = [];
  const tcp: TcpRoute[] = [];
  const host = fullName(service);
  const key = keyOf(service.namespace, service.name);
  const others = options.callRules?.timeouts.get(key)?.others;
  let needed = false;
  for (const one of ports) {
    const splits = mesh.catalog.splitsOfRoot(one);
    const kind = chainKind(one.protocol);
    if (kind === undefined) continue;
    const place = `Service ${key}`;
    if (splits.length > 1) {
      refused.push({
        place,
        text: `OSM does not define which of its TrafficSplits ${splits.map(({ name }) => name).join(" and ")} counts: leave one`,
      });
      continue;
    }
    const several = ports.length > 1;
    const destinations = destinationsOf(mesh, one, several, said, refused);
    if (destinations === undefined) continue;
    if (kind === "tcp") {
      if (splits.length === 0) continue;
      needed = true;
      tcp.push({ ...(several && { match: [{ port: one.port }] }), route: destinations });
      continue;
    }
    if (splits.length > 0 || others !== undefined || options.noDefaultRetries !== true) needed = true;
    const matches = options.keepNotFound === true ? matchesOf(mesh, one, several) : [several ? { port: one.port } : {}];
    if (options.keepNotFound === true && matches.length > 0) needed = true;
    const byHeader = headerDestinations(mesh, one, options, refused);
    if (byHeader.length > 0) needed = true;
    for (const { headers, route } of [...byHeader, { headers: undefined, route: destinations }]) {
      const all = matches.map((match) => withHeaders(match, headers));
      for (const { match, ...calls } of special.get(key) ?? []) {
        needed = true;
        http.push({ match: all.map((some) => ({ ...match, ...some })), route, ...calls });
      }
      const isBare = all.every((match) => Object.keys(match).length === 0);
      http.push({
        ...(!isBare && { match: all }),
        route,
        ...(others !== undefined && { timeout: others }),
        retries: noRetries,
      });
    }
  }
  if (!needed || http.length + tcp.length === 0) return undefined;
  if (isHeadless(service) && tcp.length > 0)
    said.push(`Service ${host} is headless: its VirtualService splits what is sent to its own name only.`);
  return {
    apiVersion: istioKinds.VirtualService.apiVersion,
    kind: "VirtualService",
    metadata: { name: service.name, namespace: service.namespace },
    spec: { hosts: [host], ...(http.length > 0 && { http }), ...(tcp.length > 0 && { tcp }) },
  };
}

function withHeaders(match: HttpMatchRequest, headers: HeaderMatch["headers"] | undefined): HttpMatchRequest {
  return headers === undefined ? match : { ...match, headers: { ...match.headers, ...headers } };
}

/** Where requests to a port go that their headers tell, in the order in which Istio looks. */
function headerDestinations(
  mesh: OsmMesh,
  service: MeshService,
  { callRules = noCallRules }: RoutingOptions,
  refused: Refusal[],
): readonly { readonly headers: HeaderMatch["headers"]; readonly route: readonly RouteDestination[] }[] {
  const { namespace, name } = service.service;
  const own = callRules.headerRoutes.filter((one) => rootOf(one) === keyOf(namespace, name));
  return own.flatMap(({ headers, to }) => {
    const backend = mesh.state.services.get(keyOf(namespace, to));
    const answers = mesh.catalog
      .splitsOfRoot(service)
      .some(({ backends }) => backends.some((one) => one.service === to));
    const there = backendTargetPort(mesh.catalog, namespace, to, service.port) !== undefined;
    if (backend === undefined || !answers || !there) {
      refused.push({
        place: `header route of Service ${keyOf(namespace, name)} to ${to}`,
        text: `${to} is no backend of its TrafficSplit that has the port ${String(service.port)} and pods: give it that port, or leave the match out`,
      });
      return [];
    }
    return [{ headers, route: [{ destination: { host: fullName(backend), port: { number: service.port } } }] }];
  });
}

/** Where a port's calls go. A backend that is not there is left out, as OSM leaves it out. */
function destinationsOf(
  mesh: OsmMesh,
  service: MeshService,
  several: boolean,
  said: string[],
  refused: Refusal[],
): readonly RouteDestination[] | undefined {
  const [split] = mesh.catalog.splitsOfRoot(service);
  if (split === undefined) {
    return [{ destination: { host: fullName(service.service), ...(several && { port: { number: service.port } }) } }];
  }
  const place = `TrafficSplit ${split.namespace}/${split.name}`;
  const other = split.backends.find(
    ({ service: name }) =>
      mesh.state.services.has(keyOf(split.namespace, name)) &&
      mesh.catalog
        .meshServicesOf(mesh.state.services.get(keyOf(split.namespace, name)) ?? service.service)
        .some((one) => one.port === service.port && chainKind(one.protocol) !== chainKind(service.protocol)),
  );
  if (other !== undefined) {
    refused.push({
      place,
      text: `port ${String(service.port)} of backend ${other.service} has another protocol than that of ${split.service}: give both the same appProtocol`,
    });
    return undefined;
  }
  const known = split.backends.flatMap(({ service: name, weight }) => {
    const backend = mesh.state.services.get(keyOf(split.namespace, name));
    const there = backendTargetPort(mesh.catalog, split.namespace, name, service.port) !== undefined;
    const port = backend?.ports.find((one) => (one.port & 0xffff) === service.port);
    return backend === undefined || !there || port === undefined ? [] : [{ backend, weight, port: port.port }];
  });
  if (known.length < split.backends.length) {
    const missing = split.backends
      .map(({ service: name }) => name)
      .filter((name) => !known.some(({ backend }) => backend.name === name));
    said.push(
      `${place}: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} left out, as OSM leaves out a backend without such a port, or without pods; the others share all calls. Convert again once that is there.`,
    );
  }
  // OSM keeps a route's clusters in a set.
  const distinct = [...new Map(known.map((one) => [`${one.backend.name} ${String(one.weight)}`, one])).values()];
  const used = distinct.length === 1 ? distinct : distinct.filter(({ weight }) => weight > 0);
  if (!used.some(({ weight }) => weight > 0)) {
    refused.push({
      place,
      text: "no backend has a weight above 0, which breaks all HTTP routes of the callers in OSM: give one a share",
    });
    return undefined;
  }
  const [only] = used;
  return used.map(({ backend, weight, port }) => ({
    destination: { host: fullName(backend), port: { number: port } },
    ...(only !== undefined && used.length > 1 && { weight }),
  }));
}

/** OSM's own routes of the accounts behind a port, whoever calls. */
function matchesOf(mesh: OsmMesh, service: MeshService, several: boolean): readonly HttpMatchRequest[] {
  const splits = mesh.catalog.splitsOfRoot(service);
  const services =
    splits.length === 0
      ? [service.service]
      : splits.flatMap(({ namespace, backends }) =>
          backends.flatMap(({ service: name }) => mesh.state.services.get(keyOf(namespace, name)) ?? []),
        );
  const accounts = new Set(services.flatMap((one) => mesh.accountsBehind({ service: keyOf(one.namespace, one.name) })));
  const routes = new Map<string, Route>();
  for (const pod of mesh.state.pods) {
    if (!mesh.state.isMonitored(pod.namespace) || !accounts.has(accountOfPod(pod))) continue;
    for (const route of mesh.inbound(pod).routes?.rules ?? [])
      if (route.methods.length > 0) routes.set(route.key, route);
  }
  return [...routes.values()].map((route) => ({ ...(several && { port: service.port }), ...matchOf(route) }));
}

/** One of OSM's routes, with its own patterns. */
export function matchOf({
  methods,
  path,
  headers = new Map<string, string>(),
}: Pick<Route, "methods" | "path" | "headers">): HttpMatchRequest {
  const named = [...headers].map(([name, regex]) => [name.toLowerCase(), regex] as const);
  const hosts = named.filter(([name]) => name === "host" || name === ":authority");
  const others = named.filter(([name]) => name !== "host" && name !== ":authority");
  const [host] = hosts;
  return {
    ...(path !== ".*" && { uri: pathMatch(path) }),
    ...(!methods.includes("*") && {
      method: methods.length === 1 ? { exact: methods[0] ?? "" } : { regex: methods.join("|") },
    }),
    ...(host !== undefined && { authority: { regex: host[1] } }),
    ...(others.length > 0 && { headers: Object.fromEntries(others.map(([name, regex]) => [name, { regex }])) }),
  };
}

function pathMatch(path: string): StringMatch {
  return /^[\w/-]+$/.test(path) ? { exact: path } : { regex: path };
}
