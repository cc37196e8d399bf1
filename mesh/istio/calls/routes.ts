import {
  answering,
  type CallTree,
  type Content,
  end,
  failure,
  noRoute,
  type Rule,
  type Rules,
  undefinedChoice,
} from "../../analysis/call-tree";
import { answerOf } from "../../analysis/outcome-sets";
import { memo } from "../../cluster/look-up";
import { describeObject } from "../../manifests";
import { type Reason } from "../../request/request";
import { conditionKey } from "../../request/condition-key";
import { isChange, type PathChange, type RequestChange } from "../../request/request-change";
import { type RequestCondition } from "../../request/request-set";
import { isClaim, issuerClaim } from "../../request/token-claims";
import { anyRequest, anything, isAnyRequest, literally } from "../authorization/matcher";
import { matchesHost } from "../host-patterns";
import { isSubset } from "../labels";
import { type IstioPlane } from "../plane";
import { protocolOf } from "../protocol";
import { type Alias, type HostPort, isVisible, type KnownHost, type PortOfHost } from "../registry";
import {
  type HttpMatchState,
  type HttpRouteState,
  meshGateway,
  type RouteDestinationState,
  type StringMatchState,
  type VirtualServiceState,
} from "../state/virtual-services";
import { type Calls, type Client, oneOf } from "./client";
import { always, throughCluster } from "./cluster";
import { rulesOf } from "./delegates";
import { readsTokens, withTokens } from "./forwarded-tokens";
import { pathChangeOf, rewriteFor } from "./request-changes";
import { type Scope } from "./scope";
import { isHttp, resolveName, virtualServicesFor } from "./virtual-hosts";

/** Where a request is when it is routed. */
export interface Routing {
  readonly client: Client;
  readonly scope: Scope;
  /** The port that was called. */
  readonly port: number;
  /** The address that was called; undefined outside of the cluster. */
  readonly ip: string | undefined;
  readonly authority: string;
  /** Of a gateway: the Gateways that opened the port, `namespace/name`. Default: it is a sidecar. */
  readonly gateways?: ReadonlySet<string>;
}

interface RouteRule extends Rule {
  readonly leadsTo: CallTree;
  readonly reason: Reason;
}

/** Calls to a port of a host, by the VirtualServices for it and by how they are made. */
type Ways = Map<readonly VirtualServiceState[], Map<string, Calls>>;

const knownWays = new WeakMap<HostPort, Ways>();

/** A request to a host that sidecars know: by the first VirtualService that has a rule for the caller, or else to the host itself. */
export function throughHost(plane: IstioPlane, routing: Routing, host: KnownHost, port: HostPort): CallTree {
  const { client, scope, ip, authority } = routing;
  const services = virtualServicesFor(plane, scope, host.host, port.number).requests;
  let byServices = knownWays.get(port);
  if (byServices === undefined) knownWays.set(port, (byServices = new Map()));
  let ways = byServices.get(services);
  if (ways === undefined) byServices.set(services, (ways = new Map()));
  const key = `${client.told} ${String(routing.port)} ${ip ?? ""} ${authority}`;
  let calls = ways.get(key);
  if (calls === undefined) {
    for (const service of services) calls ??= throughVirtualService(plane, routing, service);
    calls ??= throughCluster(
      plane,
      client,
      { host, port, subset: "" },
      { ip, port: routing.port },
      { routed: true, authority },
    );
    ways.set(key, calls);
  }
  return calls(client);
}

/** A rule of a VirtualService as sidecars hold requests against it, whoever calls. */
interface ReadRoute {
  readonly route: HttpRouteState;
  readonly reason: Reason;
  readonly matches: readonly ReadMatch[];
}

/** A match with what it asks of requests. */
interface ReadMatch {
  readonly match: HttpMatchState;
  readonly condition: Rule;
}

const knownRoutes = new WeakMap<IstioPlane, (service: VirtualServiceState) => readonly ReadRoute[]>();

function routesOf(plane: IstioPlane, service: VirtualServiceState): readonly ReadRoute[] {
  let known = knownRoutes.get(plane);
  if (known === undefined) {
    known = memo((one) =>
      rulesOf(plane, one).map((route) => ({
        route,
        reason: reasonOfRoute(one, route),
        matches: route.matches.map(readMatch),
      })),
    );
    knownRoutes.set(plane, known);
  }
  return known(service);
}

function readMatch(match: HttpMatchState): ReadMatch {
  const condition = conditionOf(match);
  return { match, condition: { ...condition, key: conditionKey(condition), text: textOf(match) } };
}

/** The matches that are for a caller, as they come to where no token is read: what asks for claims is met by nobody, and what rules claims out by everybody. */
function metBy(plane: IstioPlane, routing: Routing, { matches }: ReadRoute): readonly ReadMatch[] {
  const met = matches.filter(({ match }) => isForCaller(match, routing));
  if (!met.some(({ match }) => asksForClaims(match)) || readsTokens(plane, routing.client)) return met;
  return met.flatMap((one) => {
    const { headers, withoutHeaders } = one.match;
    if ([...headers.keys()].some(isClaim)) return [];
    const others = [...withoutHeaders].filter(([name]) => !isClaim(name));
    if (others.length === withoutHeaders.size) return [one];
    // istiod does not know that everybody meets it, and orders its rules by what is written.
    return [{ match: one.match, condition: readMatch({ ...one.match, withoutHeaders: new Map(others) }).condition }];
  });
}

/** Whether a match names claims of tokens. */
export function asksForClaims({ headers, withoutHeaders }: HttpMatchState): boolean {
  return [...headers.keys(), ...withoutHeaders.keys()].some(isClaim);
}

function reasonOfRoute({ object: whole }: VirtualServiceState, { index, from, written }: HttpRouteState): Reason {
  const { object, path } = written ?? { object: whole, path: ["spec", "http", index] };
  const text = `${describeObject(object)} rule ${String(index + 1)}${from === undefined ? "" : `, ${from}`}`;
  return { text, object, path };
}

const everything: Rule = { ...anyRequest, key: conditionKey(anyRequest), text: "any request" };

/** A rule that is for a caller, with what comes of it. */
interface OpenRule {
  readonly condition: Rule;
  readonly calls: Calls;
  readonly reason: Reason;
  /** Whether it takes every path and asks for nothing else. */
  readonly catchesAll: boolean;
}

/** The rules of a VirtualService that are for the caller and the port, in order. */
function rulesFor(plane: IstioPlane, routing: Routing, service: VirtualServiceState): readonly OpenRule[] {
  const rules: OpenRule[] = [];
  for (const read of routesOf(plane, service)) {
    const { route, reason, matches } = read;
    const met = metBy(plane, routing, read);
    if (matches.length > 0 && met.length === 0) continue;
    const callsOf = throughRoute(plane, routing, service, route);
    if (met.length === 0) rules.push({ condition: everything, calls: callsOf(undefined), reason, catchesAll: true });
    for (const { match, condition } of met)
      rules.push({ condition, calls: callsOf(match), reason, catchesAll: catchesAll(match) });
  }
  return rules;
}

/** Envoy's routes of which istiod knows that none comes after them (route.go, IsCatchAllRoute). */
function catchesAll(match: HttpMatchState): boolean {
  const { uri, method, scheme, authority, headers, withoutHeaders, queryParams } = match;
  return (
    (uri === undefined ||
      uri.kind === "present" ||
      (uri.kind === "prefix" && uri.value === "/") ||
      (uri.kind === "regex" && uri.value === ".*")) &&
    method === undefined &&
    scheme === undefined &&
    authority === undefined &&
    headers.size + withoutHeaders.size + queryParams.size === 0
  );
}

/** Undefined where no rule of the VirtualService is for the caller and the port: then it is as if it were not there. */
export function throughVirtualService(
  plane: IstioPlane,
  routing: Routing,
  service: VirtualServiceState,
): Calls | undefined {
  return throughRules(rulesFor(plane, routing, service), [service]);
}

/** A VirtualService at a gateway: one of its Gateways, and the port that this opens. */
export interface GatewayRoute {
  readonly service: VirtualServiceState;
  readonly gateways: ReadonlySet<string>;
  readonly port: number;
}

/** Whether a VirtualService has a rule for a gateway. */
export function hasRules(
  plane: IstioPlane,
  { client, scope }: Pick<Routing, "client" | "scope">,
  { service, gateways, port }: GatewayRoute,
): boolean {
  return routesOf(plane, service).some(
    ({ matches }) =>
      matches.length === 0 || matches.some(({ match }) => isForCaller(match, { client, scope, gateways, port })),
  );
}

/**
 * What a gateway does by the VirtualServices of one host: their rules come one after the other, and those that catch all after the others
 * (route.go, SortVHostRoutes). Of what a VirtualService has behind such a rule nothing is there. Undefined where none has a rule for it.
 *
 * @param routes as istiod orders them.
 */
export function throughVirtualServices(
  plane: IstioPlane,
  routing: Omit<Routing, "gateways" | "port">,
  routes: readonly GatewayRoute[],
): Calls | undefined {
  const rules = routes.flatMap(({ service, gateways, port }) => {
    const all = rulesFor(plane, { ...routing, gateways, port }, service);
    const last = all.findIndex((rule) => rule.catchesAll);
    return last < 0 ? all : all.slice(0, last + 1);
  });
  const ordered = [...rules.filter((rule) => !rule.catchesAll), ...rules.filter((rule) => rule.catchesAll)];
  return throughRules(ordered, [...new Set(routes.map(({ service }) => service))]);
}

function throughRules(rules: readonly OpenRule[], services: readonly VirtualServiceState[]): Calls | undefined {
  const [first] = rules;
  if (first === undefined) return undefined;
  if (rules.length === 1 && isAnyRequest(first.condition)) return first.calls;
  const source = services.map(({ object }) => describeObject(object)).join(", ");
  const otherwise = noRoute(`no rule of ${source} matches`, services.flatMap(reasonsOf));
  return (client): Rules<RouteRule> => {
    const treeOf = memo((calls: Calls) => calls(client));
    const leading = rules.map(({ condition, calls, reason }): RouteRule => ({
      ...condition,
      reason,
      leadsTo: treeOf(calls),
    }));
    return {
      kind: "rules",
      list: { rules: leading, groups: [{ source, rules: leading }] },
      then: (rule) => rule.leadsTo,
      because: (rule) => [rule.reason],
      otherwise,
    };
  };
}

/** What does not depend on the request (route.go, sourceMatchHTTP): gateways, where there are any, decide in the place of labels. */
export function isForCaller(
  {
    port,
    gateways,
    sourceLabels,
    sourceNamespace,
  }: Pick<HttpMatchState, "port" | "gateways" | "sourceLabels" | "sourceNamespace">,
  { client, scope, port: called, gateways: own }: Pick<Routing, "client" | "scope" | "port" | "gateways">,
): boolean {
  if (port !== 0 && port !== called) return false;
  if (gateways.length > 0) return gateways.some((one) => (own === undefined ? one === meshGateway : own.has(one)));
  return isSubset(sourceLabels, client.labels) && (sourceNamespace === "" || sourceNamespace === scope.namespace);
}

/** What a match asks of requests. */
export function conditionOf(match: HttpMatchState): RequestCondition {
  const { uri, ignoreUriCase, method, scheme, authority, headers, withoutHeaders, queryParams } = match;
  const having = (name: string, pattern: string): RequestCondition => ({
    methods: ["*"],
    path: anything,
    headers: new Map(
      isClaim(name)
        ? [
            [issuerClaim, anything],
            [name, pattern],
          ]
        : [[name.toLowerCase(), pattern]],
    ),
  });
  const conditions = [
    ...(scheme === undefined ? [] : [having(":scheme", patternOf(scheme))]),
    ...(authority === undefined ? [] : [having(":authority", patternOf(authority))]),
    ...[...headers].map(([name, value]) => having(name, patternOf(value))),
    ...[...queryParams].map(([name, value]) => having(":path", queryPattern(name, value))),
    // A header that is not there is as one that is empty; a claim is not.
    ...[...withoutHeaders].flatMap(([name, value]) =>
      value.kind !== "present" && !isClaim(name) && matchesEmpty(value) ? [having(name, anything)] : [],
    ),
  ];
  const except = [...withoutHeaders].map(([name, value]) => having(name, patternOf(value)));
  return {
    methods: method === undefined ? ["*"] : [method.kind === "present" ? "*" : patternOf(method)],
    path: uri === undefined ? anything : uriPattern(uri, ignoreUriCase),
    ...(conditions.length > 0 && { also: conditions }),
    ...(except.length > 0 && { except }),
  };
}

/** A match in one line: `GET /books* {end-user: jason}`, patterns as they are. */
function textOf({ uri, method, authority, headers, withoutHeaders, queryParams }: HttpMatchState): string {
  const value = ({ kind, value: text }: StringMatchState): string =>
    kind === "prefix"
      ? `${text}*`
      : kind === "pathPrefix"
        ? `${text.replace(/\/$/, "")}(/*)`
        : kind === "present"
          ? "*"
          : text;
  const named = (all: ReadonlyMap<string, StringMatchState>): readonly string[] =>
    Array.from(all, ([name, one]) => `{${name}: ${value(one)}}`);
  const parts = [
    ...(method === undefined ? [] : [value(method)]),
    ...(uri === undefined ? [] : [value(uri)]),
    ...(authority === undefined ? [] : [`Host ${value(authority)}`]),
    ...named(headers),
    ...Array.from(queryParams, ([name, one]) => `?${name}=${value(one)}`),
  ];
  const text = parts.length === 0 ? "any request" : parts.join(" ");
  return [text, ...named(withoutHeaders).map((one) => `not ${one}`)].join(", ");
}

function matchesEmpty({ kind, value }: StringMatchState): boolean {
  return kind === "regex" ? /^(\.\*|\(\?:.*\)\*)$/.test(value) || value === "" : value === "";
}

/** RE2 of the texts that meet a match. */
export function patternOf({ kind, value }: StringMatchState): string {
  switch (kind) {
    case "exact":
      return literally(value);
    case "prefix":
      return `${literally(value)}${anything}`;
    case "regex":
      return value;
    case "present":
      return anything;
    case "pathPrefix":
      return `${literally(value.replace(/\/$/, ""))}(?:/${anything})?`;
  }
}

/** Case is ignored of exact paths and prefixes alone. */
function uriPattern(uri: StringMatchState, ignoreCase: boolean): string {
  const pattern = patternOf(uri);
  return ignoreCase && uri.kind !== "regex" ? `(?i:${pattern})` : pattern;
}

/** RE2 of a path with a query that has a parameter. */
function queryPattern(name: string, value: StringMatchState): string {
  const named = literally(name);
  const pair =
    value.kind === "present"
      ? `${named}(?:=[^&]*)?`
      : value.kind === "prefix"
        ? `${named}=${literally(value.value)}[^&]*`
        : `${named}=(?:${patternOf(value)})`;
  return String.raw`[^?]*\?(?:.*&)?${pair}(?:&.*)?`;
}

function reasonsOf({ object }: VirtualServiceState): readonly Reason[] {
  return [{ text: describeObject(object), object }];
}

/** What comes of requests that meet one of a rule's matches. */
function throughRoute(
  plane: IstioPlane,
  routing: Routing,
  service: VirtualServiceState,
  route: HttpRouteState,
): (match: HttpMatchState | undefined) => Calls {
  const because = reasonsOf(service);
  const { direct } = route;
  const abort = route.fault?.abort;
  if (direct !== undefined) {
    const text = direct.by === "redirect" ? "its rule sends the caller elsewhere" : "its rule answers itself";
    const calls = always({ ...end("no-route", [...because, { text }]), status: direct.status });
    return () => calls;
  }
  const content = { routed: true, authority: routing.authority };
  const onward = byPathChange(route, (path) =>
    throughDestinations(plane, routing, service, route.destinations, content, (destination) => {
      const { change, unknown } = rewriteFor(plane, route, destination, path);
      const followed = (tree: CallTree): CallTree =>
        unknown === undefined ? tree : notFollowed(tree, because, unknown);
      const passedOn = (tree: CallTree, withoutToken: boolean): CallTree =>
        passedOnAs(plane, { ...change, withoutToken }, followed(tree));
      const atGateway = routing.gateways !== undefined && readsTokens(plane, routing.client);
      return {
        authority: change.authority ?? routing.authority,
        ...((isChange(change) || unknown !== undefined || atGateway) && {
          behind: memo((tree: CallTree) =>
            atGateway
              ? withTokens(plane, routing.client, (withoutToken) => passedOn(tree, withoutToken))
              : passedOn(tree, false),
          ),
        }),
      };
    }),
  );
  if (abort === undefined || abort.percent === 0) return onward;
  const aborted = always({
    ...end("unavailable", [...because, { text: "its rule aborts calls (fault injection)" }]),
    status: abort.status,
  });
  if (abort.percent >= 100) return () => aborted;
  const some = memo((calls: Calls) =>
    oneOf("split", [
      { weight: abort.percent, calls: aborted },
      { weight: 100 - abort.percent, calls },
    ]),
  );
  return (match) => some(onward(match));
}

/** By what becomes of the path, one and the same for matches of which that is the same. */
function byPathChange(
  { changes }: HttpRouteState,
  callsOf: (path: PathChange | "unknown" | undefined) => Calls,
): (match: HttpMatchState | undefined) => Calls {
  const known = new Map<string, Calls>();
  return (match) => {
    const path = pathChangeOf(changes.path, match);
    const key = JSON.stringify(path ?? null);
    let calls = known.get(key);
    if (calls === undefined) known.set(key, (calls = callsOf(path)));
    return calls;
  };
}

/** A tree for requests that come to it changed. */
function passedOnAs({ state }: IstioPlane, change: RequestChange, tree: CallTree): CallTree {
  if (tree.kind === "end" || !isChange(change)) return tree;
  return { kind: "changed", change, form: state.settings.pathNormalization, tree };
}

/** All that a tree may come to for a request that it is not shown. */
function notFollowed(tree: CallTree, because: readonly Reason[], changed: string): CallTree {
  const ends = new Map<string, CallTree>();
  const visit = (node: CallTree): void => {
    switch (node.kind) {
      case "end":
        ends.set(`${answerOf(node)} ${answering(node) ?? ""}`, node);
        return;
      case "choice":
        for (const { tree: child } of node.branches) visit(child);
        return;
      case "rules":
        for (const rule of node.list.rules) visit(node.then(rule));
        visit(node.otherwise);
        return;
      default:
        visit(node.tree);
    }
  };
  visit(tree);
  const text = `its rule changes ${changed}, and what comes of the new one is not followed here`;
  return undefinedChoice<CallTree>("not-followed", [...ends.values()], [...because, { text }]);
}

/** How requests go on to a destination. */
interface Onward {
  /** The Host header that they have then. */
  readonly authority: string;
  /** What comes of requests like those that the rule got. Default: what comes of those that go on. */
  readonly behind?: (tree: CallTree) => CallTree;
}

/**
 * Shares: a lone destination gets all whatever its weight, of several those with a weight.
 *
 * @param onwardTo Default: as they came.
 */
export function throughDestinations(
  plane: IstioPlane,
  routing: Omit<Routing, "authority">,
  service: VirtualServiceState,
  destinations: readonly RouteDestinationState[],
  content: Content,
  onwardTo?: (destination: RouteDestinationState) => Onward,
): Calls {
  const used = destinations.length === 1 ? destinations : destinations.filter(({ weight }) => weight > 0);
  const because = reasonsOf(service);
  if (used.length === 0) return always(failure(content.routed, "its rule leaves no destination", because));
  return oneOf(
    "split",
    used.map((one) => {
      const { authority, behind }: Partial<Onward> = onwardTo?.(one) ?? content;
      const calls = throughDestination(plane, routing, service, one, { ...content, authority });
      return {
        weight: Math.max(one.weight, 1),
        calls: behind === undefined ? calls : (client: Client) => behind(calls(client)),
      };
    }),
    destinations.length > 1 ? because : [],
  );
}

/**
 * The host behind the name of an ExternalName Service as a destination: of one step alone, and for HTTP of sidecars only where the Service
 * has the port that is called (route.go, GetDestinationCluster).
 */
function aliasedBy(
  { registry }: IstioPlane,
  { scope, port, gateways }: Omit<Routing, "authority">,
  name: string,
  { routed }: Content,
): KnownHost | undefined {
  const alias = registry.alias(name);
  const isKnown = !routed || gateways !== undefined || alias?.service.ports.some((one) => one.port === port) === true;
  return alias !== undefined && isKnown ? scope.find(alias.next, port) : undefined;
}

function throughDestination(
  plane: IstioPlane,
  routing: Omit<Routing, "authority">,
  service: VirtualServiceState,
  destination: RouteDestinationState,
  content: Content,
): Calls {
  const { client, scope, port, ip, gateways } = routing;
  const name = resolveName(destination.host, service.namespace);
  const host = scope.find(name, port) ?? aliasedBy(plane, routing, name, content);
  const missing = (text: string): Calls => {
    const tree = failure(content.routed, text, reasonsOf(service));
    return always(service.semantics === "gateway-api" ? { ...tree, status: 500 } : tree);
  };
  if (host === undefined || !isVisible(host, scope.namespace))
    return missing(
      destination.host === ""
        ? "its backend is none that it may lead to"
        : `no Service or ServiceEntry has the name ${name}`,
    );
  // The only port is taken of a connection's destination and by gateways; for HTTP of sidecars istiod knows Services by the port that was called.
  const [only] = host.ports;
  const single = (!content.routed || gateways !== undefined) && host.ports.length === 1 ? only?.number : undefined;
  const number = destination.port ?? single ?? port;
  const found = host.ports.find((one) => one.number === number && one.protocol !== "udp");
  if (found === undefined) return missing(`${name} has no port ${String(number)}`);
  return throughCluster(plane, client, { host, port: found, subset: destination.subset }, { ip, port }, content);
}

/** A request by the name of an ExternalName Service: by a VirtualService for that, or else as one by the name of the host that it leads to. */
export function throughAlias(plane: IstioPlane, routing: Routing, alias: Alias, { host, port }: PortOfHost): CallTree {
  const { scope, client } = routing;
  const services = virtualServicesFor(plane, scope, alias.name, routing.port);
  const isKnown = alias.service.ports.some((one) => one.port === routing.port && isHttp(protocolOf(one)));
  for (const service of isKnown ? services.requests : routing.port === 80 ? services.unknown : []) {
    const calls = throughVirtualService(plane, routing, service);
    if (calls !== undefined) return calls(client);
  }
  return throughHost(plane, routing, host, port);
}

/** Whether sidecars may be told of routes for a name on a port where they need not know the host. */
export function mayRouteUnknown(plane: IstioPlane, scope: Scope, name: string, port: number): boolean {
  return virtualServicesFor(plane, scope, name, port).unknown.some(({ hosts }) => port === 80 || hosts.length > 1);
}

/**
 * Whether a host of a VirtualService is one for a name that no Service has: the name itself, or a pattern for it that takes in none of the hosts with
 * the port that a sidecar is told of (route.go, separateVSHostsAndServices).
 */
function isOfUnknown({ registry }: IstioPlane, scope: Scope, port: number, host: string, name: string): boolean {
  if (!host.startsWith("*")) return host === name;
  if (!matchesHost(host, name)) return false;
  return !registry.hosts.some(
    (one) => matchesHost(host, one.host) && scope.sees(one, port) && one.ports.some(({ number }) => number === port),
  );
}

/**
 * A request to a name that no Service has, by a VirtualService for it: with the Services with the port that it names as well, where one of these is HTTP
 * there, and where it names none, on port 80 (route.go, buildSidecarVirtualHostsForVirtualService, "gross HACK").
 */
export function throughUnknownHost(plane: IstioPlane, routing: Routing, name: string): CallTree | undefined {
  const { port, scope } = routing;
  if (!mayRouteUnknown(plane, scope, name, port)) return undefined;
  const portsOf = (host: string): readonly HostPort[] => {
    const found = scope.find(host, port);
    const isTold = found !== undefined && scope.sees(found, port) && found.ports.some(({ number }) => number === port);
    return isTold ? found.ports : [];
  };
  // Of what is no HTTP on the port istiod knows the name, and writes nothing for it.
  if (portsOf(name).length > 0) return undefined;
  for (const service of virtualServicesFor(plane, scope, name, port).unknown) {
    const hosts = service.hosts.map((host) => resolveName(host, service.namespace));
    if (!hosts.some((host) => isOfUnknown(plane, scope, port, host, name))) continue;
    const ports = hosts.flatMap(portsOf).filter(({ protocol }) => isHttp(protocol));
    const isThere = ports.length === 0 ? port === 80 : ports.some(({ number }) => number === port);
    const calls = isThere ? throughVirtualService(plane, routing, service) : undefined;
    if (calls !== undefined) return calls(routing.client);
  }
  return undefined;
}
