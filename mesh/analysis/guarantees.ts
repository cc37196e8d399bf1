import { describeObject, isJsonObject, type KubernetesObject, type Positions, type Problem } from "../manifests";
import { TooComplexError } from "../regex/automaton";
import {
  exampleRequest,
  intersectSets,
  type RequestCondition,
  requestMethods,
  requestsMeeting,
  type RequestSet,
  subtractSets,
} from "../request/request-set";
import { fullMatch } from "../regex/pattern";
import { nearNames } from "../manifests/near-names";
import { type CallRequest } from "../request/request";
import { isClaim, issuerClaim } from "../request/token-claims";
import { answeredOnlyBy } from "./call-tree";
import { callTree, decide } from "./decide";
import { type Finding } from "./finding";
import { hostHeaders, unnamedHost } from "./host-headers";
import { type Access, addressOf, type Mesh, sentTo, type ServicePort, hostHeaderFor } from "./mesh";
import { callerShowing, isOutside, outsideClasses, outsiderOf, principalsAt, splitCaller } from "./outside";
import { certain, mayBeStopped, possible } from "./outcome-sets";

/** A promise about who may call whom, proved or refuted for all requests at once. */
export interface Guarantee {
  readonly name: string;
  /** `never`: no such call may ever pass. `always`: every such call passes, whatever OSM leaves undefined. */
  readonly kind: "never" | "always";
  /**
   * Callers as `namespace/service account`, `outside` for everybody outside of the mesh, or `outside:` and a CIDR for everybody
   * outside with an address in it; with ` as NAME` those that show this client certificate. `never` holds whatever certificate is
   * shown, `always` for callers who come in by any of the ways that are open. `*` stands for every caller that the manifests know,
   * and for those outside; any other name of a guarantee that has an {@link Guarantee.object} has to exist.
   */
  readonly from: readonly string[];
  /** Service as `namespace/name`. */
  readonly to: string;
  /** Default: every port. */
  readonly port?: number;
  /** Default: any request; of `always` any without a token, unless claims are among the headers. */
  readonly requests?: Partial<RequestCondition>;
  /** HTTP requests that are left out of `requests`. Default: none. */
  readonly except?: readonly RequestCondition[];
  /**
   * The manifest that it was written in. Nothing has checked its names there, and a misspelt caller would make it hold of
   * nobody: so callers that do not exist break it, where the manifests tell which pods or service accounts there are. A
   * guarantee without one may speak of callers that only other stacks have.
   */
  readonly object?: KubernetesObject;
}

/** The version and kind of a guarantee in a manifest. No cluster knows it; it is for this analysis alone. */
export const guaranteeKind = { apiVersion: "aks-mesh/v1alpha1", kind: "Guarantee" } as const;

/** Guarantees among the objects, and what is wrong with them. */
export function readGuarantees(
  objects: readonly KubernetesObject[],
  positions: Positions,
): { readonly guarantees: readonly Guarantee[]; readonly problems: readonly Problem[] } {
  const guarantees: Guarantee[] = [];
  const problems: Problem[] = [];
  for (const object of objects) {
    if (object.kind !== guaranteeKind.kind || !isOurs(object.apiVersion)) continue;
    const isKnown = object.apiVersion === guaranteeKind.apiVersion;
    const read = isKnown ? readGuarantee(object) : `Write apiVersion: ${guaranteeKind.apiVersion}.`;
    if (typeof read !== "string") guarantees.push(read);
    else {
      const property = isKnown ? "spec" : "apiVersion";
      const position = positions.of(object, [property]);
      problems.push({
        severity: "error",
        object: describeObject(object),
        property,
        message: read,
        ...(position && { position }),
      });
    }
  }
  return { guarantees, problems };
}

/** Whether an object is this command's, of whatever version: a guarantee that is passed over would look like one that holds. */
function isOurs(apiVersion: string): boolean {
  const [group] = guaranteeKind.apiVersion.split("/");
  return apiVersion.split("/")[0] === group;
}

function readGuarantee(object: KubernetesObject): Guarantee | string {
  const spec: unknown = Reflect.get(object, "spec");
  if (!isJsonObject(spec)) return "Write never: or always: here.";
  const kind = spec["never"] !== undefined ? "never" : "always";
  const body = spec[kind];
  if (!isJsonObject(body) || (spec["never"] !== undefined && spec["always"] !== undefined)) {
    return "Write either never: or always:, with from, to and what is asked.";
  }
  const { from, to, port, methods, path, headers, ...others } = body;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const fields = ["from", "to", "port", "methods", "path", "headers"];
    const [near] = nearNames(unknown, fields);
    return `A guarantee has no ${unknown}: ${near === undefined ? `write ${fields.join(", ")}.` : `did you mean ${near}?`}`;
  }
  const callers = typeof from === "string" ? [from] : from;
  if (!isTexts(callers) || callers.length === 0)
    return 'from must be a list of "namespace/service-account", "outside", "outside:CIDR", each with " as CERTIFICATE" if it shows one, or "*".';
  if (typeof to !== "string" || to.split("/").length !== 2) return 'to must be "namespace/service".';
  if (port !== undefined && typeof port !== "number") return "port must be a number.";
  if (methods !== undefined && !isTexts(methods)) return "methods must be a list of strings.";
  if (path !== undefined && typeof path !== "string") return "path must be a pattern.";
  if (headers !== undefined && !(isJsonObject(headers) && isTexts(Object.values(headers)))) {
    return "headers must map names to patterns.";
  }
  return {
    name: object.metadata.name,
    kind,
    from: callers,
    to,
    ...(port !== undefined && { port }),
    requests: {
      ...(methods && { methods }),
      ...(path !== undefined && { path }),
      ...(headers && { headers: new Map(Object.entries(headers).map(([name, value]) => [name, String(value)])) }),
    },
    object,
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Guarantees that are broken, each with a request that breaks it, or that cannot be proved. What is not reported is proved. */
export function checkGuarantees(mesh: Mesh, guarantees: readonly Guarantee[]): readonly Finding[] {
  if (guarantees.length === 0) return [];
  const relation = mesh.access();
  return guarantees.flatMap((guarantee) => {
    const found =
      saysNothing(mesh, relation, guarantee) ??
      counterexample(mesh, relation, guarantee) ??
      unprovedBy(mesh, relation, guarantee);
    return found === undefined ? [] : [found];
  });
}

/** A guarantee about a service or a caller that does not exist: it would hold whatever the policy says. */
function saysNothing(mesh: Mesh, relation: Access, guarantee: Guarantee): Finding | undefined {
  const services = relation.services.map(({ service }) => service);
  if (!services.includes(guarantee.to)) return unknownName(mesh, guarantee, "service", guarantee.to, services);
  const nowhere = guarantee.from.find((from) => isOutside(from) && outsiderOf(splitCaller(from).who, []) === undefined);
  if (nowhere !== undefined) {
    return broken(
      mesh,
      guarantee,
      `It says nothing: after "outside:" there has to be an IPv4 address or CIDR, and ${JSON.stringify(nowhere)} has none.`,
    );
  }
  const nothing = requestOfNobody(guarantee);
  if (nothing !== undefined) {
    const position = guarantee.object && mesh.positions.of(guarantee.object, ["spec", guarantee.kind, nothing.field]);
    return {
      ...broken(mesh, guarantee, `It says nothing: ${nothing.why}`),
      ...(position && { position }),
      remedy: nothing.remedy,
    };
  }
  const accounts = guarantee.object === undefined ? undefined : mesh.knownAccounts();
  const unknown = guarantee.from
    .map((from) => splitCaller(from).who)
    .find((from) => from !== "*" && !isOutside(from) && accounts?.has(from) === false);
  return unknown === undefined ? undefined : unknownName(mesh, guarantee, "service account", unknown, accounts ?? []);
}

/** What a guarantee asks of requests that none of them has: it would hold of nothing. */
function requestOfNobody({
  requests = {},
}: Guarantee): { readonly field: string; readonly why: string; readonly remedy: string } | undefined {
  const { methods = ["*"], path = ".*" } = requests;
  const isSent = (method: string): boolean =>
    method === "*" || requestMethods.some((known) => fullMatch(method, known));
  const lost = methods.find((method) => !isSent(method));
  if (lost !== undefined || methods.length === 0) {
    const remedy = `Write some of ${requestMethods.join(", ")}, in capitals, or leave the field out for any.`;
    const why =
      lost === undefined
        ? "it names no method."
        : `no request that is told apart has the method ${JSON.stringify(lost)}.`;
    return { field: "methods", why, remedy };
  }
  try {
    if (requestsMeeting({ methods: ["*"], path }, "").length > 0) return undefined;
  } catch (error) {
    // Then the proof fails as well, and says so.
    if (error instanceof TooComplexError) return undefined;
    throw error;
  }
  const remedy = path.startsWith("/")
    ? "Write a pattern (RE2) that matches whole paths, without a query."
    : `Write ${JSON.stringify(`/${path}`)}.`;
  return {
    field: "path",
    why: `no path matches ${JSON.stringify(path)}: paths begin with a slash and have no query.`,
    remedy,
  };
}

function unknownName(
  mesh: Mesh,
  guarantee: Guarantee,
  kind: "service" | "service account",
  name: string,
  known: Iterable<string>,
): Finding {
  const near = nearNames(name, new Set(known));
  const meant = near.length === 0 ? "" : ` Is ${near.join(" or ")} meant?`;
  const { object } = guarantee;
  const position = object && mesh.positions.of(object, ["spec", guarantee.kind, kind === "service" ? "to" : "from"]);
  return {
    ...broken(mesh, guarantee, `It says nothing: there is no ${kind} ${name}.${meant}`),
    ...(position && { position }),
    remedy: `Name a ${kind} that the manifests have.`,
  };
}

function counterexample(mesh: Mesh, relation: Access, guarantee: Guarantee): Finding | undefined {
  const services = relation.services.filter(
    ({ service, port }) => service === guarantee.to && (guarantee.port === undefined || guarantee.port === port),
  );
  if (services.length === 0) {
    return broken(mesh, guarantee, `It says nothing: ${guarantee.to} has no port ${String(guarantee.port)}.`);
  }
  let unproved: Finding | undefined;
  for (const ways of partiesOf(mesh, relation, guarantee)) {
    const found = ofCaller(mesh, guarantee, ways);
    if (found?.rule === brokenRule) return found;
    unproved ??= found;
  }
  if (guarantee.kind === "always") return unproved;
  for (const way of throughGateways(mesh, relation, guarantee)) {
    const found = ofWay(mesh, guarantee, way);
    if (found?.rule === brokenRule) return found;
    unproved ??= found;
  }
  return unproved;
}

/** The ways of callers outside by names of gateways, which may lead to the service. */
function* throughGateways(mesh: Mesh, relation: Access, guarantee: Guarantee): Iterable<Way> {
  const { ranges, entrances } = mesh.boundary();
  const named = entrances.filter(({ service }) => service === "");
  if (named.length === 0) return;
  for (const caller of callersOf(relation, guarantee)) {
    const { who, principal } = splitCaller(caller);
    if (!isOutside(who) || principal !== undefined) continue;
    for (const { from } of outsideClasses(ranges, who)) {
      for (const service of named) yield { from, service, answeredBy: guarantee.to };
    }
  }
}

/** The callers that a guarantee speaks of. */
function callersOf(relation: Access, { from }: Guarantee): readonly string[] {
  return from.includes("*") ? [...relation.callers, "outside"] : from;
}

/** The first of the callers that are alike. Those outside, and those who show a certificate, are not compared. */
function distinct(callers: readonly string[], likeness: (caller: string) => string): readonly string[] {
  const seen = new Set<string>();
  return callers.filter((caller) => {
    const { who, principal } = splitCaller(caller);
    if (isOutside(who) || principal !== undefined) return true;
    const key = likeness(who);
    return !seen.has(key) && seen.add(key);
  });
}

/** Of each party that a guarantee speaks of all its ways to a port, under one of the port's names. */
function* partiesOf(mesh: Mesh, relation: Access, guarantee: Guarantee): Iterable<readonly Way[]> {
  const callers = callersOf(relation, guarantee);
  for (const service of relation.services) {
    if (service.service !== guarantee.to || (guarantee.port ?? service.port) !== service.port) continue;
    const others = distinct(callers, mesh.likeness(service));
    for (const host of service.hosts) for (const caller of others) yield* waysOf(mesh, caller, { ...service, host });
  }
}

/** Why a guarantee that nothing breaks is not proved all the same: what decides over its calls is not read, or not so. */
function unprovedBy(mesh: Mesh, relation: Access, guarantee: Guarantee): Finding | undefined {
  const never = guarantee.kind === "never";
  const callers = callersOf(relation, guarantee).map((caller) => splitCaller(caller).who);
  const accounts = callers.filter((who) => !isOutside(who));
  if (never) {
    const unmet = mesh.unmetAssumptions();
    for (const account of [...mesh.accountsBehind({ service: guarantee.to }), ...accounts]) {
      const opening = unmet.get(account)?.find(({ mayOpen }) => mayOpen);
      if (opening !== undefined) return unproved(mesh, guarantee, opening.text);
    }
  }
  const namespaces = new Set([guarantee.to, ...accounts].map((key) => key.slice(0, key.indexOf("/"))));
  const unread = mesh.unread.filter(({ namespace }) => namespace === undefined || namespaces.has(namespace));
  // What is decided below the mesh can open nothing that the mesh itself refuses.
  const voiding = unread.find(
    ({ layer }) => !never || layer === "sidecar" || restsOnNetwork(mesh, relation, guarantee),
  );
  if (voiding === undefined) return undefined;
  const what = `${describeObject(voiding.object)} (${voiding.object.apiVersion})`;
  return unproved(mesh, guarantee, voiding.why ?? `${what} may decide otherwise, and is not read.`);
}

/** Whether NetworkPolicies stop any of a guarantee's calls. */
function restsOnNetwork(mesh: Mesh, relation: Access, guarantee: Guarantee): boolean {
  for (const ways of partiesOf(mesh, relation, guarantee)) {
    for (const { from, service } of ways) {
      if (mayBeStopped(callTree(mesh, from, addressOf(service), sentTo(service)), "network")) return true;
    }
  }
  return false;
}

const anyIssuer = new Map([[issuerClaim, ".+"]]);

/** Tokens that are not valid fail anywhere; so what always passes is meant without one, unless its claims are named. */
const withToken: RequestCondition = { methods: ["*"], path: "(?s:.*)", headers: new Map([[issuerClaim, "(?s:.*)"]]) };

/** A way in which somebody may call. */
interface Way {
  readonly from: string;
  readonly service: ServicePort;
  /** The only Service, `namespace/name`, whose answers count. Default: any. */
  readonly answeredBy?: string;
}

/** Of each party that a caller's name stands for all the ways to a port. */
function waysOf(mesh: Mesh, caller: string, service: ServicePort): readonly (readonly Way[])[] {
  const { who, principal } = splitCaller(caller);
  const outside = isOutside(who);
  const around = mesh.boundary();
  if (!outside && principal === undefined && !mesh.hasOtherWays(who)) return [[{ from: who, service }]];
  const entrances = around.entrances.filter((one) => one.service === service.service && one.port === service.port);
  const secured = entrances.filter(({ tls }) => tls !== undefined).map((one) => ({ ...one, host: service.host }));
  const plain = entrances.filter(({ tls }) => tls === undefined).map((one) => ({ ...one, host: service.host }));
  const parties = outside ? outsideClasses(around.ranges, who).map(({ title }) => title) : [who];
  return parties.map((from): readonly Way[] => {
    if (principal !== undefined) {
      const ways = secured.map((one) => ({ from: callerShowing(from, principal), service: one }));
      return ways.length > 0 ? ways : [{ from: callerShowing(from, principal), service }];
    }
    return [...plain, ...secured].flatMap((one) =>
      principalsAt(one, around).map((shown) => ({ from: callerShowing(from, shown), service: one })),
    );
  });
}

/** Whether a party breaks a guarantee: what must never pass by any way, what must always pass needs one by which it does. */
function ofCaller(mesh: Mesh, guarantee: Guarantee, ways: readonly Way[]): Finding | undefined {
  const found = ways.map((way) => ofWay(mesh, guarantee, way));
  const always = guarantee.kind === "always";
  if (always && found.includes(undefined)) return undefined;
  // A way of which it is not known may be the one that always passes; one that may pass is enough to break what never may.
  return (
    found.find((one) => one?.rule === (always ? unprovedRule : brokenRule)) ?? found.find((one) => one !== undefined)
  );
}

/**
 * Under the Host header that clients write, and under the one with the port that most leave out. What must never pass is tried
 * under the Service's other names as well, under those that the objects tell apart, and under one that stands for all others.
 */
function ofWay(mesh: Mesh, guarantee: Guarantee, way: Way): Finding | undefined {
  const { service } = way;
  const isHttp = guarantee.kind === "never" && service.kind !== "tcp";
  const own = new Set([
    hostHeaderFor(service),
    addressOf(service),
    ...(isHttp ? hostHeaders(service, [way.from]) : []),
  ]);
  for (const authority of own) {
    const found = ofHost(mesh, guarantee, way, authority);
    if (found !== undefined) return found;
  }
  if (!isHttp) return undefined;
  // By other names calls may be led to other Services.
  const elsewhere = { ...way, answeredBy: guarantee.to };
  try {
    for (const authority of [...mesh.authorities(service, guarantee.to), unnamedHost]) {
      const found = own.has(authority) ? undefined : ofHost(mesh, guarantee, elsewhere, authority);
      if (found !== undefined) return found;
    }
  } catch (error) {
    if (error instanceof TooComplexError) return unproved(mesh, guarantee, error.message);
    throw error;
  }
  return undefined;
}

function ofHost(
  mesh: Mesh,
  guarantee: Guarantee,
  { from, service, answeredBy }: Way,
  authority: string,
): Finding | undefined {
  const to = addressOf(service);
  const tcp = service.kind === "tcp";
  const tls = service.tls === undefined ? {} : { serverName: service.tls.serverName };
  const { methods = ["*"], path = ".*", headers = new Map<string, string>() } = guarantee.requests ?? {};
  const tokens = [...headers.keys()].some(isClaim);
  try {
    const whole = callTree(mesh, from, to, { ...sentTo(service), ...(!tcp && { authority }) });
    const tree = answeredBy === undefined ? whole : answeredOnlyBy(answeredBy, whole);
    const asked = requestsMeeting(
      { methods, path, headers: tokens ? new Map([...anyIssuer, ...headers]) : headers },
      authority,
    );
    const except = tcp
      ? []
      : [...(guarantee.except ?? []), ...(guarantee.kind === "always" && !tokens ? [withToken] : [])];
    const meant = subtractSets(
      asked,
      except.flatMap((condition) => requestsMeeting(condition, authority)),
    );
    const breaking: RequestSet =
      guarantee.kind === "never"
        ? intersectSets(meant, possible(tree, "allowed", authority))
        : subtractSets(meant, certain(tree, "allowed", authority));
    const example = exampleRequest(breaking);
    const shown = example ?? (guarantee.kind === "always" ? exampleRequest(meant) : undefined);
    if (shown === undefined) return undefined;
    const request: CallRequest = tcp
      ? { from, to, protocol: "tcp", ...tls }
      : {
          ...{ from, to, protocol: "http" },
          ...(authority !== hostHeaderFor(service) && { host: authority }),
          ...{ ...shown, ...tls },
        };
    const { outcome, outcomes, unmetAssumptions } = decide(mesh, request);
    if (example === undefined) {
      return unmetAssumptions && unproved(mesh, guarantee, unmetAssumptions.join(" "), request);
    }
    const verdict = outcome === "varies" ? `may be ${(outcomes ?? []).join(" or ")}` : `is ${outcome}`;
    return broken(mesh, guarantee, `It is broken: a call that must ${guarantee.kind} pass ${verdict}.`, request);
  } catch (error) {
    if (error instanceof TooComplexError) return unproved(mesh, guarantee, error.message);
    throw error;
  }
}

/** Rule of the findings about guarantees that do not hold. */
const brokenRule = "broken-guarantee";
/** Rule of the findings about guarantees that may hold, which is not certain. */
export const unprovedRule = "unproved-guarantee";

function unproved(mesh: Mesh, guarantee: Guarantee, why: string, request?: CallRequest): Finding {
  return {
    ...broken(mesh, guarantee, `It cannot be proved. ${why}`, request),
    rule: unprovedRule,
    remedy: "Change what stands in the way of the proof, or take the guarantee out.",
  };
}

function broken(mesh: Mesh, guarantee: Guarantee, message: string, request?: CallRequest): Finding {
  const { object } = guarantee;
  const position = object && mesh.positions.of(object);
  return {
    severity: "error",
    rule: brokenRule,
    object: `Guarantee ${guarantee.name}`,
    ...(position && { position }),
    message,
    ...(request && { request }),
    remedy: "Change the policy until the guarantee holds, or the guarantee where it asks for too much.",
  };
}
