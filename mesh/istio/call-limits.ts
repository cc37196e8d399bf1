import { hostHeaderOf } from "../request/request";
import { type BoundedCall, bucketText, type CallLimit, type LimitName } from "../analysis/call-limits";
import { parseAddress } from "../cluster/dns";
import { type AccountKey } from "../cluster/keys";
import { isJsonObject, type ValuePath } from "../manifests";
import { listAt, numberAt, textAt, valueAt } from "../manifests/inside";
import { fullMatch } from "../regex/pattern";
import { bytewise, httpRequest, type HttpRequest, meets } from "../request/match";
import { type Client, clientsOf } from "./calls/client";
import { destinationRulesFor } from "./calls/destination-rules";
import { conditionOf, isForCaller } from "./calls/routes";
import { type Scope } from "./calls/scope";
import { hostOf, namedHost, resolveName, virtualServicesFor } from "./calls/virtual-hosts";
import { isSubset } from "./labels";
import { type IstioPlane } from "./plane";
import { authorityOf } from "./rate-limits";
import { fullName } from "./registry";
import { type ObjectPart, routeLimits, type Taken } from "./route-limits";

/**
 * The limits of a call: of the VirtualService's route that takes it, of the DestinationRules of those that answer, and of the EnvoyFilters of their pods.
 */
export function limitsOf(plane: IstioPlane, call: BoundedCall): readonly CallLimit[] {
  const found = clientsOf(plane, call.caller).flatMap((client) =>
    client.scope === undefined ? [] : limitsOfClient(plane, client, client.scope, call),
  );
  // Pods of one account may be told different things.
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

function limitsOfClient(
  plane: IstioPlane,
  client: Client,
  scope: Scope,
  { request, backends }: BoundedCall,
): readonly CallLimit[] {
  const port = parseAddress(request.to)?.port ?? 0;
  if (request.protocol === "tcp") {
    return backends.flatMap((key) => [
      ...destinationLimits(plane, client, key, { port, subsets: [""], isHttp: false }),
      ...rateLimits(plane, key, port, undefined),
    ]);
  }
  const named = namedHost(plane, scope, port, hostOf(hostHeaderOf(request)));
  if (named?.host.service === undefined) return [];
  const { namespace, name } = named.host.service;
  const http = httpRequest(request, bytewise);
  const taken = virtualServicesFor(plane, scope, named.host.host, port).requests.flatMap(
    (service): readonly Taken[] => {
      const forCaller = service.http.map((route) => ({
        route,
        matches: route.matches.filter((match) => isForCaller(match, { client, scope, port })),
      }));
      const route = forCaller.find(
        ({ route: { matches: all }, matches }) =>
          all.length === 0 || matches.some((match) => meets(http, conditionOf(match))),
      )?.route;
      return route === undefined ? [] : [{ service, route }];
    },
  )[0];
  return [
    ...routeLimits(`${namespace}/${name}`, taken, plane.state.settings.defaultRetries),
    ...backends.flatMap((key) => {
      const host = fullNameOf(key);
      const ways = (taken?.route.destinations ?? []).filter(
        (one) => resolveName(one.host, taken?.service.namespace ?? "") === host,
      );
      const subsets = ways.length === 0 ? [""] : [...new Set(ways.map(({ subset }) => subset))];
      const answering = ways[0]?.port ?? port;
      return [
        ...destinationLimits(plane, client, key, { port: answering, subsets, isHttp: true }),
        ...rateLimits(plane, key, answering, http),
      ];
    }),
  ];
}

function fullNameOf(key: AccountKey): string {
  const [namespace = "", name = ""] = key.split("/");
  return fullName(namespace, name);
}

/** What the sidecars of those that answer bound, by EnvoyFilters of a conversion. */
function rateLimits(
  { registry, podOfIp, state }: IstioPlane,
  service: string,
  port: number,
  request: HttpRequest | undefined,
): readonly CallLimit[] {
  const host = registry.find(fullNameOf(service));
  const called = host?.ports.find((one) => one.number === port);
  const endpoints = host === undefined || called === undefined ? [] : registry.endpoints(host, called);
  return endpoints.flatMap((endpoint) => {
    const pod = podOfIp(endpoint.ip);
    const selecting = state.envoyFilters.filter(
      ({ namespace, selector }) => namespace === pod?.namespace && isSubset(selector, pod.labels),
    );
    return selecting.flatMap(({ object, rates = [] }) =>
      rates
        .filter((one) => one.port === endpoint.port)
        .flatMap(({ connections, requests }): CallLimit[] => {
          const path: ValuePath = ["spec", "configPatches"];
          const taken = requests.find(
            (one) =>
              request !== undefined &&
              fullMatch(authorityOf(one.service), request.authority) &&
              (one.path === undefined || fullMatch(one.path, request.path)),
          );
          const limits: CallLimit[] = [];
          if (connections !== undefined) {
            const value = bucketText(connections);
            limits.push({ limit: "connectionRate", value, service, bucket: connections, object, path });
          }
          if (taken !== undefined) {
            const { bucket, service: named } = taken;
            limits.push({ limit: "requestRate", value: bucketText(bucket), service: named, bucket, object, path });
          }
          return limits;
        }),
    );
  });
}

type Reading = readonly [limit: LimitName, path: ValuePath];

const tcpBreakers: readonly Reading[] = [
  ["maxConnections", ["tcp", "maxConnections"]],
  ["connectTimeout", ["tcp", "connectTimeout"]],
];

const httpBreakers: readonly Reading[] = [
  ["maxPendingRequests", ["http", "http1MaxPendingRequests"]],
  ["maxRequests", ["http", "http2MaxRequests"]],
  ["maxRequestsPerConnection", ["http", "maxRequestsPerConnection"]],
  ["maxRetries", ["http", "maxRetries"]],
];

function destinationLimits(
  plane: IstioPlane,
  client: Client,
  service: string,
  { port, subsets, isHttp }: { readonly port: number; readonly subsets: readonly string[]; readonly isHttp: boolean },
): readonly CallLimit[] {
  const host = plane.registry.find(fullNameOf(service));
  if (host === undefined) return [];
  const rules = destinationRulesFor(plane, client, host);
  const main = rules.find(({ tls }) => tls !== undefined)?.object;
  return subsets.flatMap((subset): readonly CallLimit[] => {
    const owner = rules.find((rule) => rule.subsets.some(({ name }) => name === subset));
    const index = owner?.subsets.findIndex(({ name }) => name === subset) ?? -1;
    const policies: readonly ObjectPart[] = [
      ...(owner === undefined ? [] : [{ object: owner.object, path: ["spec", "subsets", index, "trafficPolicy"] }]),
      ...(main === undefined ? [] : [{ object: main, path: ["spec", "trafficPolicy"] }]),
    ];
    const pool = partOf(policies, "connectionPool", port);
    const outliers = partOf(policies, "outlierDetection", port);
    return [
      ...(pool === undefined ? [] : poolLimits(pool, service, isHttp)),
      ...(outliers === undefined ? [] : outlierLimits(outliers, service)),
    ];
  });
}

/**
 * A part of traffic policies, of which the first that has it counts. The settings of a port take the place of all that stands beside them
 * (MergeTrafficPolicy in cluster_traffic_policy.go).
 */
function partOf(policies: readonly ObjectPart[], part: string, port: number): ObjectPart | undefined {
  for (const { object, path } of policies) {
    const ofPort = listAt(object, ...path, "portLevelSettings").findIndex(
      (one) => numberAt(one, "port", "number") === port,
    );
    const place: ValuePath = ofPort < 0 ? [...path, part] : [...path, "portLevelSettings", ofPort, part];
    if (isJsonObject(valueAt(object, ...place))) return { object, path: place };
    if (ofPort >= 0) return undefined;
  }
  return undefined;
}

function poolLimits({ object, path: pool }: ObjectPart, service: string, isHttp: boolean): readonly CallLimit[] {
  return (isHttp ? [...tcpBreakers, ...httpBreakers] : tcpBreakers).flatMap(([limit, inside]): CallLimit[] => {
    const path: ValuePath = [...pool, ...inside];
    const value = valueAt(object, ...path);
    // Istio takes 0 for no limit.
    if ((typeof value !== "number" && typeof value !== "string") || value === 0) return [];
    return [{ limit, value: String(value), service, object, path }];
  });
}

/** What Istio and Envoy do where the rule does not say otherwise. */
const defaults = { consecutive5xxErrors: 5, baseEjectionTime: "30s", maxEjectionPercent: 10 };

function outlierLimits({ object, path }: ObjectPart, service: string): readonly CallLimit[] {
  const errors = numberAt(object, ...path, "consecutive5xxErrors") ?? defaults.consecutive5xxErrors;
  const time = textAt(object, ...path, "baseEjectionTime") ?? defaults.baseEjectionTime;
  const percent = numberAt(object, ...path, "maxEjectionPercent") ?? defaults.maxEjectionPercent;
  const value = `${time} after ${errors === 1 ? "an error" : `${String(errors)} errors in a row`}, at most ${String(percent)} % of the pods`;
  return errors === 0 ? [] : [{ limit: "outliers", value, service, object, path }];
}
