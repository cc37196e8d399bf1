import { type AccountKey, keyOf } from "../cluster/keys";
import { memo } from "../cluster/look-up";
import { partOfCondition, type RequestPart } from "../istio/request-rules";
import { mayMeet } from "../osm/order-dependence";
import { hostnamesOf } from "../osm/proxy/hostnames";
import { routeMatch } from "../osm/state";
import { type AccessRule, type Policy, type PolicyRoute, type PolicyService } from "../policy/model";
import { namesOf } from "../policy/names";
import { patternFault } from "../regex/pattern";
import { type Grant } from "./grants";

/** A policy of which nothing but its access rules decides what passes. */
export interface PlainPolicy {
  readonly namespaces: readonly string[];
  /** Those that have ports: all of them speak HTTP. */
  readonly services: readonly PlainService[];
  /** What {@link grantsOf} would find in the mesh that the policy makes, by account. */
  readonly grants: ReadonlyMap<AccountKey, readonly Grant[]>;
}

/** A service, and what it is called in the cluster. */
export interface PlainService {
  readonly namespace: string;
  /** Name of its Kubernetes Service. */
  readonly name: string;
  readonly account: AccountKey;
  readonly ports: readonly { readonly port: number; readonly targetPort: number }[];
}

/** A route as OSM reads it. */
interface PlainRoute {
  readonly group: string;
  /** Equal for those that OSM takes for one. */
  readonly key: string;
  readonly path: string;
  readonly methods: readonly string[];
  readonly part: RequestPart;
}

/**
 * What a policy lets pass, straight from its rules; undefined where they do not tell it by themselves, or where something is wrong with
 * them: then OSM's control plane has to be asked, which takes several times as long. They tell it where nothing else is there that
 * decides (splits, TCP, callers and hosts outside, retries, timeouts, limits), where every account has one service and one way to be named, and
 * where no two routes of an account that different callers may use have a request in common: then OSM's order of routes decides nothing.
 */
export function plainPolicy(policy: Policy): PlainPolicy | undefined {
  if (!hasRulesOnly(policy)) return undefined;
  const services = plainServices(policy);
  if (services === undefined) return undefined;
  const routes = plainRoutes(policy);
  if (routes === undefined) return undefined;
  const byServer = rulesByServer(policy, services);
  if (byServer === undefined) return undefined;
  const grants = new Map<AccountKey, readonly Grant[]>();
  for (const [server, rules] of byServer) {
    const found = grantsOfServer(server, rules, services, routes);
    if (found === undefined) return undefined;
    grants.set(server.account, found);
  }
  const all = [...services.values()];
  return {
    namespaces: [...new Set(all.map(({ namespace }) => namespace))].sort(),
    services: all.filter(({ ports }) => ports.length > 0),
    grants,
  };
}

function hasRulesOnly({ splits, ingress, egress, retries, timeouts, limits, mode, openEgress }: Policy): boolean {
  const others: readonly (readonly unknown[] | undefined)[] = [splits, ingress, egress, retries, timeouts, limits];
  return mode !== "permissive" && openEgress !== true && others.every((one) => one === undefined || one.length === 0);
}

/** A name of Kubernetes without a dot: of names with dots two may be put together to the same text. */
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** By their names in the policy. */
function plainServices(policy: Policy): ReadonlyMap<string, PlainService> | undefined {
  const found = new Map<string, PlainService>();
  const taken = new Set<string>();
  const accounts = new Set<AccountKey>();
  for (const [key, service] of Object.entries(policy.services)) {
    const { namespace, serviceAccount } = service;
    const name = service.service ?? key;
    if (![namespace, serviceAccount, name].every((one) => label.test(one))) return undefined;
    const account = keyOf(namespace, serviceAccount);
    const ports = plainPorts(service);
    if (ports === undefined || taken.has(keyOf(namespace, name)) || accounts.has(account)) return undefined;
    taken.add(keyOf(namespace, name));
    accounts.add(account);
    found.set(key, { namespace, name, account, ports });
  }
  return found;
}

function plainPorts({ ports = [] }: PolicyService): PlainService["ports"] | undefined {
  const found = ports.map(({ port, targetPort = port }) => ({ port, targetPort }));
  const isPort = (one: number): boolean => Number.isInteger(one) && one > 0 && one < 65536;
  const isPlain =
    ports.every(({ protocol }) => protocol === "http" || protocol === "grpc") &&
    found.every(({ port, targetPort }) => isPort(port) && isPort(targetPort)) &&
    new Set(found.map(({ port }) => port)).size === found.length &&
    new Set(found.map(({ targetPort }) => targetPort)).size === found.length;
  return isPlain ? found : undefined;
}

/** By `group/route`. */
function plainRoutes(policy: Policy): ReadonlyMap<string, PlainRoute> | undefined {
  const found = new Map<string, PlainRoute>();
  for (const [name, { group, route }] of namesOf(policy).routes) {
    const written = policy.routes?.[group]?.[route];
    const plain = written && plainRoute(group, route, written);
    if (plain === undefined) return undefined;
    found.set(name, plain);
  }
  return found;
}

function plainRoute(
  group: string,
  name: string,
  { path = "", methods = [], headers }: PolicyRoute,
): PlainRoute | undefined {
  const patterns = headers === undefined ? [] : Object.values(headers);
  const isWord = (method: string): boolean => /^[A-Z]+$/.test(method);
  const isSound =
    methods.every(isWord) &&
    patternFault(path) === undefined &&
    patterns.every((one) => one !== "" && patternFault(one) === undefined) &&
    (headers === undefined || Object.keys(headers).every((header) => /^[\w-]+$/.test(header)));
  if (!isSound) return undefined;
  const match = routeMatch(
    name,
    path === "" ? ".*" : path,
    methods.length === 0 ? ["*"] : methods,
    headers && new Map(Object.entries(headers)),
  );
  const part = partOfCondition(match);
  return part && { group, key: match.key, path: match.path, methods: match.methods, part };
}

/** The rules for each service that is called, in the order of the TrafficTargets that OSM gets; undefined where one is not plain. */
function rulesByServer(
  policy: Policy,
  services: ReadonlyMap<string, PlainService>,
): ReadonlyMap<PlainService, readonly AccessRule<string, string>[]> | undefined {
  const found = new Map<PlainService, { readonly name: string; readonly rule: AccessRule<string, string> }[]>();
  const names = new Set<string>();
  for (const rule of policy.access ?? []) {
    const server = services.get(rule.to);
    if (server === undefined || server.ports.length === 0) return undefined;
    if ((rule.tcp ?? []).length > 0 || (rule.routes ?? []).length === 0 || rule.from.length === 0) return undefined;
    const callers = callersOf(rule);
    if (!callers.every((caller) => services.has(caller))) return undefined;
    const name = rule.name ?? `${callers.join("-")}-to-${rule.to}`;
    if (names.has(keyOf(server.namespace, name))) return undefined;
    names.add(keyOf(server.namespace, name));
    const rules = found.get(server);
    if (rules === undefined) found.set(server, [{ name, rule }]);
    else rules.push({ name, rule });
  }
  return new Map(
    Array.from(found, ([server, rules]) => {
      if (rules.length > 1) rules.sort((a, b) => (a.name < b.name ? -1 : 1));
      return [server, rules.map(({ rule }) => rule)];
    }),
  );
}

function callersOf({ from }: AccessRule<string, string>): readonly string[] {
  return typeof from === "string" ? [from] : from;
}

/** A route of a server, and who may use it. */
interface SharedRoute {
  readonly route: PlainRoute;
  readonly callers: Set<PlainService>;
}

function grantsOfServer(
  { namespace, name, account, ports }: PlainService,
  rules: readonly AccessRule<string, string>[],
  services: ReadonlyMap<string, PlainService>,
  routes: ReadonlyMap<string, PlainRoute>,
): readonly Grant[] | undefined {
  const shared = new Map<string, SharedRoute>();
  const callers = new Set<PlainService>();
  for (const rule of rules) {
    const own = callersOf(rule).flatMap((caller) => services.get(caller) ?? []);
    for (const caller of own) callers.add(caller);
    const wanted = (rule.routes ?? []).map((one) => routes.get(one));
    if (!wanted.every((route) => route !== undefined)) return undefined;
    for (const route of groupByGroup(wanted)) {
      let known = shared.get(route.key);
      if (known === undefined) shared.set(route.key, (known = { route, callers: new Set() }));
      for (const caller of own) known.callers.add(caller);
    }
  }
  const all = [...shared.values()];
  if (mayDependOnOrder(all, callers.size)) return undefined;
  const hostsOf = memo((port: number) => memo((isLocal: boolean) => hostnamesOf({ name, namespace, port }, isLocal)));
  const grants = new Map<string, { readonly grant: Grant; readonly callers: AccountKey[] }>();
  for (const caller of [...callers].sort((a, b) => (a.account < b.account ? -1 : 1))) {
    const passing = all.map((route) => (route.callers.has(caller) ? "+" : "-")).join("");
    const isLocal = caller.namespace === namespace;
    for (const { port, targetPort } of ports) {
      const key = `${String(port)} ${passing} ${String(isLocal)}`;
      const known = grants.get(key);
      if (known !== undefined) {
        known.callers.push(caller.account);
        continue;
      }
      const accounts = [caller.account];
      const parts = all.flatMap((one) => (one.callers.has(caller) ? [one.route.part] : []));
      const hosts = hostsOf(port)(isLocal);
      grants.set(key, {
        grant: { server: account, port: targetPort, callers: accounts, hosts, parts },
        callers: accounts,
      });
    }
  }
  return Array.from(grants.values(), ({ grant }) => grant);
}

/** A TrafficTarget names the routes of one group together. */
function groupByGroup(routes: readonly PlainRoute[]): readonly PlainRoute[] {
  const [first] = routes;
  if (routes.every(({ group }) => group === first?.group)) return routes;
  const groups = new Set(routes.map(({ group }) => group));
  return [...groups].flatMap((group) => routes.filter((route) => route.group === group));
}

/** Routes of an account that are compared one by one. */
const mostCompared = 200;

/** Whether two routes that not the same callers may use may have a request in common. */
function mayDependOnOrder(routes: readonly SharedRoute[], callers: number): boolean {
  const some = routes.some((route) => route.callers.size < callers);
  if (!some) return false;
  if (routes.length > mostCompared) return true;
  const areSame = (a: ReadonlySet<PlainService>, b: ReadonlySet<PlainService>): boolean =>
    a.size === b.size && [...a].every((one) => b.has(one));
  return routes.some((one, index) =>
    routes.slice(index + 1).some((other) => mayMeet(one.route, other.route) && !areSame(one.callers, other.callers)),
  );
}
