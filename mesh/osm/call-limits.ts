import { hostHeaderOf } from "../request/request";
import { type BoundedCall, bucketOf, bucketText, type CallLimit, type LimitName } from "../analysis/call-limits";
import { parseAddress, resolveHost } from "../cluster/dns";
import { keyOf } from "../cluster/keys";
import { type KubernetesObject, type ValuePath } from "../manifests";
import { listAt, numberAt, textAt, valueAt } from "../manifests/inside";
import { type ControlPlane } from "./control-plane";
import { fullName } from "./proxy/hostnames";
import { type SettingPolicy } from "./state";

const defaultStatus = 429;

/**
 * The limits of a call. The Service that is called by its name decides over retries and rates of requests, those that answer over connections and
 * circuit breakers (outbound_traffic_policies.go, inbound_traffic_policies.go).
 */
export function limitsOf(plane: ControlPlane, call: BoundedCall): readonly CallLimit[] {
  const called = calledService(plane, call);
  const { backends, request } = call;
  const ofBackends = backends.flatMap((key) => {
    const setting = settingOf(plane, key);
    return setting === undefined ? [] : connectionLimits(setting, key, request.protocol);
  });
  if (request.protocol === "tcp" || called === undefined) return ofBackends;
  const setting = settingOf(plane, called);
  return [
    ...retryLimits(plane, call, called),
    ...ofBackends,
    ...(setting === undefined ? [] : requestRates(setting, called, call)),
  ];
}

/** The Service that the Host header, or the address called, names. */
function calledService({ state }: ControlPlane, { request, caller }: BoundedCall): string | undefined {
  const [namespace = ""] = caller.split("/");
  const host = hostHeaderOf(request).replace(/:\d+$/, "");
  const named = resolveHost(state, namespace, host);
  const destination =
    named.kind === "service" ? named : resolveHost(state, namespace, parseAddress(request.to)?.host ?? "");
  return destination.kind === "service" ? keyOf(destination.service.namespace, destination.service.name) : undefined;
}

/** The UpstreamTrafficSetting that OSM reads for a Service: of its namespace, with its full name as host. */
function settingOf({ state }: ControlPlane, key: string): SettingPolicy | undefined {
  const service = state.services.get(key);
  if (service === undefined) return undefined;
  return state.settings.find(({ namespace, host }) => namespace === service.namespace && host === fullName(service));
}

function retryLimits({ state }: ControlPlane, { caller }: BoundedCall, called: string): readonly CallLimit[] {
  if (!state.switches.retryPolicy) return [];
  const retry = state.retries.find(
    ({ source, destinations }) => source.key === caller && destinations.some(({ key }) => key === called),
  );
  if (retry === undefined) return [];
  const path: ValuePath = ["spec", "retryPolicy"];
  const { object } = retry;
  const value = `${String(numberAt(object, ...path, "numRetries") ?? 0)} on ${textAt(object, ...path, "retryOn") ?? ""}`;
  const attempt = textAt(object, ...path, "perTryTimeout");
  const timeout: ValuePath = [...path, "perTryTimeout"];
  return [
    { limit: "retries", value, service: called, object, path },
    ...(attempt === undefined
      ? []
      : [{ limit: "perTryTimeout", value: attempt, service: called, object, path: timeout } as const]),
  ];
}

type Reading = readonly [limit: LimitName, path: ValuePath];

const tcpBreakers: readonly Reading[] = [
  ["maxConnections", ["tcp", "maxConnections"]],
  ["connectTimeout", ["tcp", "connectTimeout"]],
];

const httpBreakers: readonly Reading[] = [
  ["maxPendingRequests", ["http", "maxPendingRequests"]],
  ["maxRequests", ["http", "maxRequests"]],
  ["maxRequestsPerConnection", ["http", "maxRequestsPerConnection"]],
  ["maxRetries", ["http", "maxRetries"]],
];

function connectionLimits({ object }: SettingPolicy, service: string, protocol: "http" | "tcp"): readonly CallLimit[] {
  const breakers = (protocol === "tcp" ? tcpBreakers : [...tcpBreakers, ...httpBreakers]).flatMap(
    ([limit, inside]): CallLimit[] => {
      const path: ValuePath = ["spec", "connectionSettings", ...inside];
      const value = valueAt(object, ...path);
      if (typeof value !== "number" && typeof value !== "string") return [];
      return [{ limit, value: String(value), service, object, path }];
    },
  );
  const path: ValuePath = ["spec", "rateLimit", "local", "tcp"];
  const bucket = bucketOf(
    numberAt(object, ...path, "connections"),
    textAt(object, ...path, "unit"),
    numberAt(object, ...path, "burst"),
  );
  if (bucket === undefined) return breakers;
  return [...breakers, { limit: "connectionRate", value: bucketText(bucket), service, bucket, object, path }];
}

/** The rate of the route that takes the request, or else that of the host: OSM compares the texts of patterns. */
function requestRates({ object }: SettingPolicy, service: string, { because }: BoundedCall): readonly CallLimit[] {
  const patterns = because.flatMap(({ object: group, path }) =>
    group?.kind === "HTTPRouteGroup" && path !== undefined ? [textAt(group, ...path, "pathRegex") ?? ".*"] : [],
  );
  const ofRoutes = listAt(object, "spec", "httpRoutes").flatMap((_, index): CallLimit[] => {
    const path: ValuePath = ["spec", "httpRoutes", index];
    if (!patterns.includes(textAt(object, ...path, "path") ?? "")) return [];
    return requestRate(object, service, [...path, "rateLimit", "local"]);
  });
  return ofRoutes.length > 0 ? ofRoutes : requestRate(object, service, ["spec", "rateLimit", "local", "http"]);
}

function requestRate(object: KubernetesObject, service: string, path: ValuePath): CallLimit[] {
  const tokens = bucketOf(
    numberAt(object, ...path, "requests"),
    textAt(object, ...path, "unit"),
    numberAt(object, ...path, "burst"),
  );
  if (tokens === undefined) return [];
  const bucket = { ...tokens, status: numberAt(object, ...path, "responseStatusCode") ?? defaultStatus };
  return [{ limit: "requestRate", value: bucketText(bucket), service, bucket, object, path }];
}
