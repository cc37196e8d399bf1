import { type AccountKey, keyOf } from "../cluster/keys";
import { isHeadless } from "../cluster/workloads";
import {
  type DestinationRule,
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
import { type Retry, type UpstreamTrafficSetting } from "../osm/kinds";
import { type Route } from "../osm/proxy/routes";
import { fullName } from "../osm/proxy/hostnames";
import { chainKind } from "../osm/proxy/outbound";
import { accountOfPod, backendTargetPort, type MeshService, type ServiceState } from "../osm/state";
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
  readonly objects: readonly (VirtualService | DestinationRule)[];
  readonly said: readonly string[];
  readonly refused: readonly Refusal[];
}

/** What decides how much is written of routing. */
export interface RoutingOptions {
  /** Callers' sidecars answer 404 to what OSM answers so, by OSM's own patterns. */
  readonly keepNotFound?: boolean;
  /** The mesh's configuration says `defaultHttpRetryPolicy: {attempts: 0}`. */
  readonly noDefaultRetries?: boolean;
}

/** Of calls that OSM sends once. */
export const noRetries: HttpRetry = { attempts: 0 };

/** VirtualServices and DestinationRules for the Services of the mesh. */
export function routingOf(mesh: OsmMesh, selectors: Selectors, options: RoutingOptions): Routing {
  const objects: (VirtualService | DestinationRule)[] = [];
  const said: string[] = [];
  const refused: Refusal[] = [];
  const retries = retriesOf(mesh, selectors, said, refused);
  const byService = new Map<ServiceState, MeshService[]>();
  for (const one of mesh.catalog.allMeshServices()) {
    const known = byService.get(one.service);
    if (known === undefined) byService.set(one.service, [one]);
    else known.push(one);
  }
  for (const [service, ports] of byService) {
    const made = virtualService(mesh, service, distinctPorts(ports), retries, options, said, refused);
    if (made !== undefined) objects.push(made);
  }
  objects.push(...destinationRules(mesh, said, refused));
  return { objects, said, refused };
}

/** A headless Service's ports once, not once for each pod. */
function distinctPorts(ports: readonly MeshService[]): readonly MeshService[] {
  return [...new Map(ports.map((one) => [one.port, one])).values()];
}

type Retries = ReadonlyMap<string, readonly { readonly match: HttpMatchRequest; readonly policy: HttpRetry }[]>;

/** Retries by the Service that is called, `namespace/name`. */
function retriesOf(mesh: OsmMesh, selectors: Selectors, said: string[], refused: Refusal[]): Retries {
  const found = new Map<string, { readonly match: HttpMatchRequest; readonly policy: HttpRetry }[]>();
  if (!mesh.state.switches.retryPolicy) {
    if (mesh.state.retries.length > 0)
      said.push(
        "Retry objects are left out: the MeshConfig does not set featureFlags.enableRetryPolicy, so that OSM reads none.",
      );
    return found;
  }
  for (const { object, source, destinations } of mesh.state.retries) {
    const place = `Retry ${object.metadata.namespace ?? ""}/${object.metadata.name}`;
    const labels = selectors(source.key);
    const { retryPolicy } = Reflect.get(object, "spec") as Retry["spec"];
    if (labels === undefined) {
      refused.push({
        place,
        text: `no label set selects exactly the pods of ${source.key}, which retry: ${adviceOf(source.key)}`,
      });
      continue;
    }
    const policy: HttpRetry = {
      attempts: retryPolicy.numRetries,
      perTryTimeout: retryPolicy.perTryTimeout,
      retryOn: retryPolicy.retryOn,
      backoff: retryPolicy.retryBackoffBaseInterval,
    };
    for (const { key } of destinations) {
      const list = found.get(key) ?? [];
      for (const sourceLabels of labels)
        list.push({ match: { sourceLabels, sourceNamespace: source.namespace }, policy });
      found.set(key, list);
    }
  }
  return found;
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
  retries: Retries,
  options: RoutingOptions,
  said: string[],
  refused: Refusal[],
): VirtualService | undefined {
  const http: HttpRoute[] = [];
  const tcp: TcpRoute[] = [];
  const host = fullName(service);
  let needed = false;
  for (const one of ports) {
    const splits = mesh.catalog.splitsOfRoot(one);
    const kind = chainKind(one.protocol);
    if (kind === undefined) continue;
    const place = `Service ${keyOf(service.namespace, service.name)}`;
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
    if (splits.length > 0 || options.noDefaultRetries !== true) needed = true;
    const matches = options.keepNotFound === true ? matchesOf(mesh, one, several) : [several ? { port: one.port } : {}];
    if (options.keepNotFound === true && matches.length > 0) needed = true;
    for (const { match, policy } of retries.get(keyOf(service.namespace, service.name)) ?? []) {
      needed = true;
      http.push({ match: matches.map((some) => ({ ...match, ...some })), route: destinations, retries: policy });
    }
    const isBare = matches.every((match) => Object.keys(match).length === 0);
    http.push({ ...(!isBare && { match: matches }), route: destinations, retries: noRetries });
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

function destinationRules(mesh: OsmMesh, said: string[], refused: Refusal[]): readonly DestinationRule[] {
  return mesh.state.settings.flatMap(({ object, namespace, name, host }): readonly DestinationRule[] => {
    const place = `UpstreamTrafficSetting ${namespace}/${name}`;
    const {
      connectionSettings,
      rateLimit,
      httpRoutes = [],
    } = Reflect.get(object, "spec") as UpstreamTrafficSetting["spec"];
    if (rateLimit !== undefined || httpRoutes.some((route) => route.rateLimit !== undefined)) {
      refused.push({
        place,
        text: "Istio has no object for rate limits: write an EnvoyFilter with envoy.filters.http.local_ratelimit, which AKS allows and does not support, or limit in the application; take rateLimit out here",
      });
    }
    if (connectionSettings === undefined) return [];
    const { tcp, http } = connectionSettings;
    said.push(`${place}: its connection limits are those of a DestinationRule.`);
    return [
      {
        apiVersion: istioKinds.DestinationRule.apiVersion,
        kind: "DestinationRule",
        metadata: { name, namespace },
        spec: {
          host,
          trafficPolicy: {
            connectionPool: {
              ...(tcp && {
                tcp: {
                  ...(tcp.maxConnections !== undefined && { maxConnections: tcp.maxConnections }),
                  ...(tcp.connectTimeout !== undefined && { connectTimeout: tcp.connectTimeout }),
                },
              }),
              ...(http && {
                http: {
                  ...(http.maxPendingRequests !== undefined && { http1MaxPendingRequests: http.maxPendingRequests }),
                  ...(http.maxRequests !== undefined && { http2MaxRequests: http.maxRequests }),
                  ...(http.maxRequestsPerConnection !== undefined && {
                    maxRequestsPerConnection: http.maxRequestsPerConnection,
                  }),
                  ...(http.maxRetries !== undefined && { maxRetries: http.maxRetries }),
                },
              }),
            },
          },
        },
      },
    ];
  });
}
