import { checkCallRules } from "../policy/call-rules";
import { type AccessRule, type Policy, type PolicyService, type RouteLimit } from "../policy/model";
import { isTcpPort, kubernetesName, namesOf, PolicyError, serviceOf } from "../policy/names";
import { refuseOfIstio } from "../policy/of-istio";
import { type CertificateProvider } from "../policy/settings";
import { patternFault } from "../regex/pattern";
import {
  type HTTPRouteGroup,
  type MeshConfig,
  type MeshRootCertificate,
  osmKinds,
  type OsmObject,
  type TCPRoute,
  type TrafficTarget,
  type TrafficTargetRule,
  type UpstreamHttpRoute,
} from "./kinds";
import { egress, ingress } from "./compile-boundary";
import { routeGroup } from "./route-groups";
import { routeTablesOf } from "./control-plane";
import { orderDependences } from "./order-dependence";

/**
 * OSM's objects that do what the policy says, no more and no less, in an order that never changes by itself.
 *
 * @throws {PolicyError} where OSM cannot say it exactly.
 */
export function compileOsm(policy: Policy): readonly OsmObject[] {
  checkRoutes(policy);
  checkCallRules(policy);
  refuseOfIstio(policy);
  const objects: OsmObject[] = [meshConfig(policy)];
  const groups = new Map<string, HTTPRouteGroup>();
  const tcpRoutes = new Map<string, TCPRoute>();
  (policy.access ?? []).forEach((rule, index) => {
    objects.push(trafficTarget(policy, rule, index, groups, tcpRoutes));
  });
  objects.push(...splits(policy), ...ingress(policy), ...egress(policy, groups), ...retries(policy), ...limits(policy));
  objects.push(...groups.values(), ...tcpRoutes.values());
  if (policy.certificates !== undefined) objects.push(rootCertificate(policy, policy.certificates));
  const sorted = canonicalOrder(objects);
  refuseOrderDependence(sorted);
  return sorted;
}

/** By kind, namespace and name; two objects of one name are a mistake in the policy. */
export function canonicalOrder(objects: readonly OsmObject[]): readonly OsmObject[] {
  const byKind = new Map<string, OsmObject[]>(Object.keys(osmKinds).map((kind) => [kind, []]));
  for (const object of objects) byKind.get(object.kind)?.push(object);
  for (const ofKind of byKind.values()) {
    ofKind.sort((a, b) => compareNames(a.metadata, b.metadata));
    ofKind.forEach(({ kind, metadata }, index) => {
      const next = ofKind[index + 1];
      if (next === undefined || compareNames(metadata, next.metadata) !== 0) return;
      throw new PolicyError(
        `Two rules make the ${kind} ${metadata.namespace}/${metadata.name}: give one of them a name.`,
      );
    });
  }
  return [...byKind.values()].flat();
}

function compareNames(a: OsmObject["metadata"], b: OsmObject["metadata"]): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return a.name === b.name ? 0 : a.name < b.name ? -1 : 1;
}

function checkRoutes(policy: Policy): void {
  for (const [group, routes] of Object.entries(policy.routes ?? {})) {
    for (const [name, route] of Object.entries(routes)) {
      const place = `routes.${group}.${name}`;
      if (route.path !== undefined) checkPattern(route.path, `${place}.path`);
      for (const [header, pattern] of Object.entries(route.headers ?? {})) {
        if (pattern === "") throw new PolicyError(`${place}.headers.${header}: write ".*" for any value.`);
        checkPattern(pattern, `${place}.headers.${header}`);
      }
    }
  }
}

function checkPattern(source: string, place: string): void {
  const fault = patternFault(source);
  if (fault === undefined) return;
  throw new PolicyError(`${place}: ${fault.by} refuses ${JSON.stringify(source)}, ${fault.message}.`);
}

function meshConfig(policy: Policy): MeshConfig {
  return {
    apiVersion: osmKinds.MeshConfig.apiVersion,
    kind: "MeshConfig",
    metadata: { name: "osm-mesh-config", namespace: policy.meshNamespace ?? "kube-system" },
    spec: {
      traffic: {
        enableEgress: policy.openEgress ?? false,
        enablePermissiveTrafficPolicyMode: policy.mode === "permissive",
      },
      featureFlags: {
        enableEgressPolicy: true,
        enableIngressBackendPolicy: true,
        enableRetryPolicy: (policy.retries ?? []).length > 0,
      },
    },
  };
}

function trafficTarget(
  policy: Policy,
  rule: AccessRule<string, string>,
  index: number,
  groups: Map<string, HTTPRouteGroup>,
  tcpRoutes: Map<string, TCPRoute>,
): TrafficTarget {
  const place = `access[${String(index)}]`;
  const to = serviceOf(policy, rule.to, `${place}.to`);
  const callers = typeof rule.from === "string" ? [rule.from] : rule.from;
  if (callers.length === 0) throw new PolicyError(`${place}.from: name a caller. OSM takes an empty list for anybody.`);
  const sources = callers.map((caller) => {
    const { serviceAccount, namespace } = serviceOf(policy, caller, `${place}.from`);
    return { kind: "ServiceAccount" as const, name: serviceAccount, namespace };
  });
  const name = rule.name ?? `${callers.join("-")}-to-${rule.to}`;
  const rules: TrafficTargetRule[] = httpRules(policy, rule, to.namespace, `${place}.routes`, groups);
  const ports = allowedPorts(policy, rule, to, place);
  if (ports !== undefined) {
    const key = `${to.namespace}/${name}`;
    tcpRoutes.set(key, {
      apiVersion: osmKinds.TCPRoute.apiVersion,
      kind: "TCPRoute",
      metadata: { name, namespace: to.namespace },
      spec: { matches: { ports } },
    });
    rules.push({ kind: "TCPRoute", name });
  }
  if (rules.length === 0) throw new PolicyError(`${place}: name routes or tcp ports; OSM ignores a rule without them.`);
  return {
    apiVersion: osmKinds.TrafficTarget.apiVersion,
    kind: "TrafficTarget",
    metadata: { name, namespace: to.namespace },
    spec: {
      destination: { kind: "ServiceAccount", name: to.serviceAccount, namespace: to.namespace },
      sources,
      rules,
    },
  };
}

function httpRules(
  policy: Policy,
  rule: AccessRule<string, string>,
  namespace: string,
  place: string,
  groups: Map<string, HTTPRouteGroup>,
): TrafficTargetRule[] {
  const { routes } = namesOf(policy);
  const byGroup = new Map<string, string[]>();
  for (const name of rule.routes ?? []) {
    const found = routes.get(name);
    if (found === undefined) throw new PolicyError(`${place}: there is no route ${name}.`);
    const matches = byGroup.get(found.group);
    if (matches === undefined) byGroup.set(found.group, [found.route]);
    else matches.push(found.route);
  }
  return Array.from(byGroup, ([group, matches]) => {
    const key = `${namespace}/${group}`;
    if (!groups.has(key)) groups.set(key, routeGroup(policy, group, namespace));
    return { kind: "HTTPRouteGroup", name: group, matches };
  });
}

/**
 * Target ports to name in a TCPRoute, or undefined for none. OSM opens every TCP port of the destination's account to a
 * target without one, so that an account with TCP ports always gets one, with the HTTP ports in it where routes are given.
 */
function allowedPorts(
  policy: Policy,
  rule: AccessRule<string, string>,
  to: PolicyService,
  place: string,
): readonly number[] | undefined {
  const hasTcp = namesOf(policy).tcpAccounts.has(`${to.namespace}/${to.serviceAccount}`);
  const wanted = rule.tcp ?? [];
  const ports = wanted.map((port) => {
    const found = (to.ports ?? []).find((one) => one.port === port);
    if (found === undefined) throw new PolicyError(`${place}.tcp: service ${rule.to} has no port ${String(port)}.`);
    if (!isTcpPort(found.protocol))
      throw new PolicyError(`${place}.tcp: port ${String(port)} of ${rule.to} speaks ${found.protocol}; use routes.`);
    return found.targetPort ?? found.port;
  });
  if (ports.length === 0 && !hasTcp) return undefined;
  const http = (rule.routes ?? []).length === 0 ? [] : (to.ports ?? []).filter(({ protocol }) => !isTcpPort(protocol));
  return [...new Set([...http.map(({ port, targetPort }) => targetPort ?? port), ...ports])].sort((a, b) => a - b);
}

function splits(policy: Policy): readonly OsmObject[] {
  return (policy.splits ?? []).map((split, index) => {
    const place = `splits[${String(index)}]`;
    const root = serviceOf(policy, split.root, `${place}.root`);
    const backends = Object.entries(split.backends).map(([name, weight = 0]) => {
      const backend = serviceOf(policy, name, `${place}.backends`);
      if (backend.namespace !== root.namespace) {
        throw new PolicyError(
          `${place}.backends.${name}: it is in namespace ${backend.namespace}, but OSM looks for backends in the root's, ${root.namespace}.`,
        );
      }
      if (!Number.isInteger(weight) || weight < 0)
        throw new PolicyError(`${place}.backends.${name}: a weight is an integer ≥ 0.`);
      return { service: kubernetesName(policy, name), weight };
    });
    if (!backends.some(({ weight }) => weight > 0)) {
      throw new PolicyError(
        `${place}.backends: give one a weight above 0; otherwise OSM breaks every HTTP route of the callers.`,
      );
    }
    const tcp = (root.ports ?? []).some(({ protocol }) => isTcpPort(protocol));
    if (tcp && backends.length > 1 && backends.some(({ weight }) => weight === 0)) {
      throw new PolicyError(
        `${place}.backends: leave a TCP backend out rather than give it weight 0, which breaks the callers' listeners.`,
      );
    }
    const service = kubernetesName(policy, split.root);
    return {
      apiVersion: osmKinds.TrafficSplit.apiVersion,
      kind: "TrafficSplit",
      metadata: { name: split.name ?? service, namespace: root.namespace },
      spec: { service, backends },
    };
  });
}

function retries(policy: Policy): readonly OsmObject[] {
  return (policy.retries ?? []).map((rule, index) => {
    const place = `retries[${String(index)}]`;
    const from = serviceOf(policy, rule.from, `${place}.from`);
    return {
      apiVersion: osmKinds.Retry.apiVersion,
      kind: "Retry",
      metadata: { name: `${rule.from}-to-${rule.to.join("-")}`, namespace: from.namespace },
      spec: {
        source: { kind: "ServiceAccount", name: from.serviceAccount, namespace: from.namespace },
        destinations: rule.to.map((name) => ({
          kind: "Service",
          name: kubernetesName(policy, name),
          namespace: serviceOf(policy, name, `${place}.to`).namespace,
        })),
        retryPolicy: rule.policy,
      },
    };
  });
}

function limits(policy: Policy): readonly OsmObject[] {
  return (policy.limits ?? []).map((rule, index) => {
    const { namespace } = serviceOf(policy, rule.service, `limits[${String(index)}].service`);
    const name = kubernetesName(policy, rule.service);
    return {
      apiVersion: osmKinds.UpstreamTrafficSetting.apiVersion,
      kind: "UpstreamTrafficSetting",
      metadata: { name, namespace },
      spec: {
        host: `${name}.${namespace}.svc.cluster.local`,
        ...(rule.connections && { connectionSettings: rule.connections }),
        ...(rule.rate && { rateLimit: rule.rate }),
        ...(rule.routes && { httpRoutes: rule.routes.map((one) => routeLimit(policy, one)) }),
      },
    };
  });
}

function routeLimit(policy: Policy, { route, http }: RouteLimit<string>): UpstreamHttpRoute {
  const found = namesOf(policy).routes.get(route);
  // Without a path the route's group says ".*".
  const path = found && policy.routes?.[found.group]?.[found.route]?.path;
  return { path: path ?? ".*", rateLimit: { local: http } };
}

function rootCertificate(policy: Policy, provider: CertificateProvider): MeshRootCertificate {
  return {
    apiVersion: osmKinds.MeshRootCertificate.apiVersion,
    kind: "MeshRootCertificate",
    metadata: { name: "osm-mesh-root-certificate", namespace: policy.meshNamespace ?? "kube-system" },
    spec: { provider },
  };
}

/** OSM leaves the order of routes from different rules open: where it would decide, the policy does not say what happens. */
function refuseOrderDependence(objects: readonly OsmObject[]): void {
  for (const table of routeTablesOf(objects)) {
    const [namespace = "", name = ""] = table.account.split("/");
    const [pair] = orderDependences(table, `${name}.${namespace}:80`);
    if (pair === undefined) continue;
    const titles = [pair.first, pair.second].map(({ origins }) => {
      const origin = origins[0];
      return origin === undefined ? "" : `${origin.group.name}/${origin.match.name} of ${origin.target.name}`;
    });
    const shown = pair.request === undefined ? "" : ` Both match ${pair.request.method} ${pair.request.path}.`;
    throw new PolicyError(
      `access: OSM does not define which of the routes ${titles.join(" and ")} comes first, and ${pair.identity} may use only one of them.${shown} Let their requests exclude each other, or give both callers the same route.`,
    );
  }
}
