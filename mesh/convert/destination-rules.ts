import { type DestinationRule, istioKinds, type TrafficPolicy } from "../istio/kinds";
import { type OsmMesh } from "../osm";
import { type UpstreamTrafficSetting } from "../osm/kinds";
import { fullName } from "../osm/proxy/hostnames";
import { type IstioCallRules } from "../policy/of-istio";
import { type ConnectionSettings, type OutlierDetection } from "../policy/settings";
import { type Refusal } from "./routing";

/** DestinationRules for the limits of OSM's UpstreamTrafficSettings, and for what a policy says of outliers. */
export function destinationRules(
  mesh: OsmMesh,
  { outliers }: IstioCallRules,
  said: string[],
  refused: Refusal[],
): readonly DestinationRule[] {
  const hosts = new Map(
    [...outliers].flatMap(([key, found]) => {
      const service = mesh.state.services.get(key);
      return service === undefined ? [] : [[fullName(service), { service, found }] as const];
    }),
  );
  const made = mesh.state.settings.flatMap(({ object, namespace, name, host }): readonly DestinationRule[] => {
    const place = `UpstreamTrafficSetting ${namespace}/${name}`;
    const { connectionSettings } = Reflect.get(object, "spec") as UpstreamTrafficSetting["spec"];
    if (connectionSettings === undefined) return [];
    const zero = zeroOf(connectionSettings);
    if (zero !== undefined) {
      refused.push({
        place,
        text: `${zero} is 0: in OSM nothing of it passes, and Istio takes 0 for no limit at all; write 1 or more, or take it out`,
      });
      return [];
    }
    said.push(`${place}: its connection limits are those of a DestinationRule.`);
    const found = hosts.get(host)?.found;
    hosts.delete(host);
    return [
      destinationRule(namespace, name, host, {
        connectionPool: connectionPool(connectionSettings),
        ...(found && { outlierDetection: outlierDetection(found) }),
      }),
    ];
  });
  const others = Array.from(hosts, ([host, { service, found }]) =>
    destinationRule(service.namespace, service.name, host, { outlierDetection: outlierDetection(found) }),
  );
  return [...made, ...others];
}

/** The first circuit breaker that is 0: Istio writes those above 0 alone (applyConnectionPool in cluster_traffic_policy.go). */
function zeroOf({ tcp, http }: ConnectionSettings): string | undefined {
  const breakers = {
    "tcp.maxConnections": tcp?.maxConnections,
    "http.maxRequests": http?.maxRequests,
    "http.maxPendingRequests": http?.maxPendingRequests,
    "http.maxRetries": http?.maxRetries,
  };
  return Object.entries(breakers).find(([, value]) => value === 0)?.[0];
}

function destinationRule(namespace: string, name: string, host: string, trafficPolicy: TrafficPolicy): DestinationRule {
  return {
    apiVersion: istioKinds.DestinationRule.apiVersion,
    kind: "DestinationRule",
    metadata: { name, namespace },
    spec: { host, trafficPolicy },
  };
}

function connectionPool({ tcp, http }: ConnectionSettings): TrafficPolicy["connectionPool"] {
  return {
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
  };
}

function outlierDetection({
  consecutiveErrors,
  interval,
  baseEjectionTime,
  maxEjectionPercent,
}: OutlierDetection): TrafficPolicy["outlierDetection"] {
  return {
    ...(consecutiveErrors !== undefined && { consecutive5xxErrors: consecutiveErrors }),
    ...(interval !== undefined && { interval }),
    ...(baseEjectionTime !== undefined && { baseEjectionTime }),
    maxEjectionPercent,
  };
}
