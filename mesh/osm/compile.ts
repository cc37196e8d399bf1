import { type KubernetesObject } from "../manifests";
import { type Guarantee, orderDependences, routeTablesOf } from ".";
import {
  type EgressPort,
  type HTTPRouteGroup,
  type IngressSource,
  type MeshConfig,
  type MeshRootCertificate,
  osmKinds,
  type OsmObject,
  type TCPRoute,
  type TrafficTarget,
  type TrafficTargetRule,
} from "./kinds";
import { patternFault } from "../regex/pattern";
import { type AccessRule, type Policy, type PolicyRoute, type PolicyService } from "../policy/model";

/** A policy that a mesh cannot carry out as it is written. The message names the place and says what to write instead. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** Meshes that a policy can be compiled for. */
export type MeshTarget = "osm";

/**
 * The objects of a mesh that do what the policy says, no more and no less, in an order that never changes by itself.
 *
 * @throws {PolicyError} where the mesh cannot say it exactly.
 */
export function compile(policy: Policy, target: MeshTarget): readonly OsmObject[] {
  switch (target) {
    case "osm":
      return compileOsm(policy);
  }
}

function compileOsm(policy: Policy): readonly OsmObject[] {
  checkRoutes(policy);
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

/** What the names in a policy stand for. In maps, because objects with thousands of keys are slow to look things up in. */
interface Names {
  readonly services: ReadonlyMap<string, PolicyService>;
  /** By `group/route`. */
  readonly routes: ReadonlyMap<string, { readonly group: string; readonly route: string }>;
  /** Accounts that have a TCP port on any of their services, `namespace/name`. */
  readonly tcpAccounts: ReadonlySet<string>;
}

const knownNames = new WeakMap<Policy, Names>();

function namesOf(policy: Policy): Names {
  let found = knownNames.get(policy);
  if (found === undefined) {
    const routes = Object.entries(policy.routes ?? {}).flatMap(([group, ofGroup]) =>
      Object.keys(ofGroup).map((route) => [`${group}/${route}`, { group, route }] as const),
    );
    const withTcp = Object.values(policy.services).filter(({ ports = [] }) =>
      ports.some(({ protocol }) => isTcpPort(protocol)),
    );
    found = {
      services: new Map(Object.entries(policy.services)),
      routes: new Map(routes),
      tcpAccounts: new Set(withTcp.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`)),
    };
    knownNames.set(policy, found);
  }
  return found;
}

/** Names that an error lists at most. */
const mostListed = 20;

function serviceOf(policy: Policy, name: string, place: string): PolicyService {
  const { services } = namesOf(policy);
  const service = services.get(name);
  if (service === undefined) {
    const known = [...services.keys()].slice(0, mostListed).join(", ");
    const more = services.size > mostListed ? ` and ${String(services.size - mostListed)} more` : "";
    throw new PolicyError(`${place}: there is no service ${name}. There are ${known}${more}.`);
  }
  return service;
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

/** Whether bare TCP reaches the port. */
function isTcpPort(protocol: string): boolean {
  return protocol === "tcp" || protocol === "https";
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

function routeGroup(policy: Policy, group: string, namespace: string): HTTPRouteGroup {
  return {
    apiVersion: osmKinds.HTTPRouteGroup.apiVersion,
    kind: "HTTPRouteGroup",
    metadata: { name: group, namespace },
    spec: {
      matches: Object.entries(policy.routes?.[group] ?? {}).map(([name, route]) => ({ name, ...httpMatch(route) })),
    },
  };
}

function httpMatch(route: PolicyRoute) {
  return {
    ...(route.path !== undefined && { pathRegex: route.path }),
    ...(route.methods !== undefined && { methods: route.methods }),
    ...(route.headers !== undefined && {
      headers: Object.entries(route.headers).map(([name, value]) => ({ [name]: value })),
    }),
  };
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

function kubernetesName(policy: Policy, name: string): string {
  return policy.services[name]?.service ?? name;
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

function ingress(policy: Policy): readonly OsmObject[] {
  return (policy.ingress ?? []).map((rule, index) => {
    const place = `ingress[${String(index)}]`;
    const to = serviceOf(policy, rule.to, `${place}.to`);
    const port = (to.ports ?? []).find((one) => one.port === rule.port);
    if (port === undefined)
      throw new PolicyError(`${place}.port: service ${rule.to} has no port ${String(rule.port)}.`);
    const principals = rule.principals ?? [];
    if (rule.protocol === "https" && principals.length === 0) {
      throw new PolicyError(`${place}.principals: OSM wants a client certificate's name for https.`);
    }
    const sources: readonly IngressSource[] = [
      ...rule.from.map((from): IngressSource => {
        const [namespace = "", name = ""] = from.split("/");
        return /^\d+\./.test(from) ? { kind: "IPRange", name: from } : { kind: "Service", name, namespace };
      }),
      ...principals.map((name): IngressSource => ({ kind: "AuthenticatedPrincipal", name })),
    ];
    const name = kubernetesName(policy, rule.to);
    return {
      apiVersion: osmKinds.IngressBackend.apiVersion,
      kind: "IngressBackend",
      metadata: { name: `${name}-${String(rule.port)}`, namespace: to.namespace },
      spec: {
        backends: [
          {
            name,
            port: { number: port.targetPort ?? port.port, protocol: rule.protocol },
            ...(rule.protocol === "https" && { tls: { skipClientCertValidation: false } }),
          },
        ],
        sources,
      },
    };
  });
}

function egress(policy: Policy, groups: Map<string, HTTPRouteGroup>): readonly OsmObject[] {
  return (policy.egress ?? []).map((rule, index) => {
    const place = `egress[${String(index)}]`;
    if (policy.openEgress === true)
      throw new PolicyError(`${place}: with openEgress everything may be called; leave one of them out.`);
    const callers = (typeof rule.from === "string" ? [rule.from] : rule.from).map((name) =>
      serviceOf(policy, name, `${place}.from`),
    );
    const namespace = callers[0]?.namespace ?? "";
    const http = rule.ports.some(({ protocol }) => protocol === "http");
    if (http && (rule.hosts ?? []).length === 0)
      throw new PolicyError(`${place}.hosts: an http port needs host names.`);
    const ports: readonly EgressPort[] = rule.ports.map(({ port, protocol }) => ({ number: port, protocol }));
    const named: readonly string[] = rule.groups ?? [];
    for (const group of named) {
      if (policy.routes?.[group] === undefined) throw new PolicyError(`${place}.groups: there is no group ${group}.`);
      groups.set(`${namespace}/${group}`, routeGroup(policy, group, namespace));
    }
    return {
      apiVersion: osmKinds.Egress.apiVersion,
      kind: "Egress",
      metadata: { name: rule.name, namespace },
      spec: {
        sources: callers.map((one) => ({
          kind: "ServiceAccount" as const,
          name: one.serviceAccount,
          namespace: one.namespace,
        })),
        ...(rule.hosts && { hosts: rule.hosts }),
        ...(rule.addresses && { ipAddresses: rule.addresses }),
        ports,
        ...(named.length > 0 && {
          matches: named.map((name) => ({ ...groupReference, name })),
        }),
      },
    };
  });
}

const groupReference = { apiGroup: "specs.smi-spec.io/v1alpha4", kind: "HTTPRouteGroup" } as const;

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
      },
    };
  });
}

function rootCertificate(policy: Policy, provider: NonNullable<Policy["certificates"]>): MeshRootCertificate {
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

/** The policy's guarantees in the terms of the analysis. */
export function guaranteesOf(policy: Policy): readonly Guarantee[] {
  return (policy.guarantees ?? []).map((rule, index) => {
    const place = `guarantees[${String(index)}]`;
    const to = serviceOf(policy, rule.to, `${place}.to`);
    const callers = rule.from === undefined ? undefined : typeof rule.from === "string" ? [rule.from] : rule.from;
    const { methods, path, headers } = rule.requests ?? {};
    return {
      name: rule.name,
      kind: rule.kind,
      from: callers?.map((name) => {
        const { namespace, serviceAccount } = serviceOf(policy, name, `${place}.from`);
        return `${namespace}/${serviceAccount}`;
      }) ?? ["*"],
      to: `${to.namespace}/${kubernetesName(policy, rule.to)}`,
      requests: {
        ...(methods && { methods }),
        ...(path !== undefined && { path }),
        ...(headers && { headers: new Map(Object.entries(headers)) }),
      },
    };
  });
}

/** Services and pods as the policy describes them, so that it can be analysed before anything is deployed. */
export function assumedCluster(policy: Policy): readonly KubernetesObject[] {
  const roots = policy.splits ?? [];
  return Object.entries(policy.services).flatMap(([key, service]): readonly KubernetesObject[] => {
    const { namespace, serviceAccount } = service;
    const name = service.service ?? key;
    const isRoot = roots.some(({ root }) => root === key);
    // A root's selector has to match the pods of its backends.
    const memberships = roots.filter(({ root, backends }) => root === key || Object.keys(backends).includes(key));
    const rootLabel = (root: string): string => `aks-mesh/root.${root}`;
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace,
        labels: {
          "aks-mesh/service": key,
          ...Object.fromEntries(memberships.map(({ root }) => [rootLabel(root), "true"])),
        },
      },
      spec: { serviceAccountName: serviceAccount },
    };
    const ports = (service.ports ?? []).map(({ port, targetPort, protocol }) => ({
      name: `p${String(port)}`,
      port,
      targetPort: targetPort ?? port,
      appProtocol: protocol === "https" ? "tcp" : protocol,
    }));
    if (ports.length === 0) return [pod];
    const selector = isRoot ? { [rootLabel(key)]: "true" } : { "aks-mesh/service": key };
    const one = { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector, ports } };
    return [pod, one];
  });
}
