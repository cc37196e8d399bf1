import { memo } from "../../cluster/look-up";
import { type RequestCondition, requestMethods } from "../../request/request-set";
import { type TokenRule } from "../state/request-authentications";
import { type RequestPart } from "../request-rules";
import { metByShadowRules, type Shadowed } from "../shadow-rules";
import {
  type AuthorizationPolicyState,
  type ConditionState,
  type Lists,
  type OperationField,
  type RuleState,
  type SourceField,
} from "../state/authorization-policies";
import { anyOfPatterns, anything, meetsValue, pathPattern, valuePattern } from "./matcher";
import { anyTest, isInBlock, isTokenSource, type Peer, type Reading, sourceTest } from "./peer";
import { claimCondition, isTokenKey, requestPrincipalCondition, requestPrincipalKey } from "./token";

/** What is sent to a sidecar, whoever sends it, as far as it is known before the request is. */
export interface Sending {
  /** Address and port of the pod. */
  readonly destination: { readonly ip: string; readonly port: number };
  /** TLS server name; undefined for plain text. */
  readonly serverName: string | undefined;
  /** Host header of HTTP requests; undefined where the sidecar sees nothing but a connection. */
  readonly authority: string | undefined;
  /** What an EnvoyFilter of a conversion holds requests of the sender against before the policies are asked. */
  readonly shadow?: readonly Shadowed[] | undefined;
  /** Tokens that are taken. Where none are, nobody reads any. */
  readonly tokens: readonly TokenRule[];
}

/** A condition, and how a policy writes it: `GET /books*, not {x-env: test}`. */
export interface WrittenCondition extends RequestCondition {
  readonly text: string;
}

/** When a rule is met: whatever is sent, never, or by requests that meet any of these conditions. */
export type Met = "always" | "never" | readonly WrittenCondition[];

const requestHeaders = "request.headers";
const envoyMetadata = "experimental.envoy.filters.";

/** Keys of `when` that tell of the caller; the others tell of what is called. */
export const sourceKeys: Readonly<
  Record<string, "ipBlocks" | "remoteIpBlocks" | "namespaces" | "serviceAccounts" | "principals" | "trustDomains">
> = {
  "source.ip": "ipBlocks",
  "remote.ip": "remoteIpBlocks",
  "source.namespace": "namespaces",
  "source.serviceAccount": "serviceAccounts",
  "source.principal": "principals",
  "source.trustDomain": "trustDomains",
};

/** A part of a rule that HTTP requests decide: it holds where they meet it, or where they do not. */
interface Part {
  readonly condition: WrittenCondition;
  readonly holds: boolean;
}

/** What a list of parts comes to: nothing can meet it, or those that HTTP requests decide. */
type Parts = "never" | readonly Part[];

/** Tells whether a rule is for a peer: by its sources, and by what `when` asks of who calls. */
export function callersTest(
  namespace: string,
  { from, when }: RuleState,
  settings: Reading["settings"],
): (peer: Peer) => boolean {
  const reading: Reading = { settings, namespace };
  const [single] = from;
  // As most rules are.
  if (from.length === 1 && single !== undefined && when.every(({ key }) => sourceKeys[key] === undefined))
    return sourceTest(single, reading);
  const sources = from.map((source) => sourceTest(source, reading));
  const whens = when.flatMap((condition) => whenTest(condition, reading) ?? []);
  return (peer) =>
    (sources.length === 0 || sources.some((isFrom) => isFrom(peer))) && whens.every((isMet) => isMet(peer));
}

/** A rule as several, where its sources ask for tokens: each with one source, so that it asks the same of all whom it is for. */
export function bySource(rule: RuleState): readonly RuleState[] {
  return rule.from.some(hasTokenSource) ? rule.from.map((source) => ({ ...rule, from: [source] })) : [rule];
}

/** Tells whether a peer meets a condition of `when`; undefined for one that asks for something else than who calls. */
export function whenTest(
  { key, values, notValues }: ConditionState,
  reading: Reading,
): ((peer: Peer) => boolean) | undefined {
  const field = sourceKeys[key];
  if (field === undefined) return undefined;
  const isAny = anyTest(field, values, reading);
  const isNone = anyTest(field, notValues, reading);
  return (peer) => (values.length === 0 || isAny(peer)) && !isNone(peer);
}

/**
 * What HTTP requests, or a connection, have to be like to meet a rule of one source that is for their sender (pilot/pkg/security/authz/model). A
 * connection has no method, path, host, header or token: a rule of ALLOW that asks for one is not there then, and one of any other
 * action does not ask.
 */
export function whenMet({ action }: Pick<AuthorizationPolicyState, "action">, rule: RuleState, sending: Sending): Met {
  const http = sending.authority !== undefined;
  if (!http && action === "ALLOW" && asksForHttp(rule)) return "never";
  const always: Part[] = [];
  let isShadowed = false;
  let asksTokens = rule.from.some(hasTokenSource);
  for (const condition of rule.when) {
    if (asksShadowRules(condition)) {
      isShadowed = true;
      continue;
    }
    if (isTokenKey(condition.key)) {
      asksTokens = true;
      continue;
    }
    const parts = partsOfWhen(condition, sending);
    if (parts === "never") return "never";
    always.push(...parts);
  }
  const shadows = isShadowed
    ? shadowConditions(sending).map((condition): readonly Part[] => [{ condition, holds: true }])
    : anyWay;
  const ways = asksTokens && http ? bothOf(shadows, tokenWays(rule, sending.tokens)) : shadows;

  const conditions: WrittenCondition[] = [];
  for (const operation of rule.to.length === 0 ? anyOperation : rule.to) {
    const parts = partsOfOperation(operation, sending);
    if (parts === "never") continue;
    const own = always.length === 0 ? parts : [...parts, ...always];
    for (const way of ways) {
      const all = way.length === 0 ? own : [...way, ...own];
      if (all.length === 0) return "always";
      conditions.push(together(all));
    }
  }
  return conditions.length === 0 ? "never" : conditions;
}

const anyOperation: readonly Lists<OperationField>[] = [{}];
const anyWay: readonly (readonly Part[])[] = [[]];

function hasTokenSource(source: Lists<SourceField>): boolean {
  return Object.keys(source).some(isTokenSource);
}

/** Ways to meet what a rule asks of tokens. Where no token is read, none meets anything. */
function tokenWays({ from, when }: RuleState, tokens: readonly TokenRule[]): readonly (readonly Part[])[] {
  const asked = [
    ...from.map(({ requestPrincipals = [], notRequestPrincipals = [] }) => ({
      key: requestPrincipalKey,
      values: requestPrincipals,
      notValues: notRequestPrincipals,
    })),
    ...when.filter(({ key }) => isTokenKey(key)),
  ];
  return asked.reduce<readonly (readonly Part[])[]>(
    (ways, { key, values, notValues }) => {
      const conditions = (some: readonly string[]): readonly WrittenCondition[] => {
        if (some.length === 0 || tokens.length === 0) return [];
        return key === requestPrincipalKey
          ? some.flatMap((value) => requestPrincipalCondition(value, tokens) ?? [])
          : [claimCondition(key, some)];
      };
      const also = conditions(values).map((condition): readonly Part[] => [{ condition, holds: true }]);
      const except = conditions(notValues).map((condition): Part => ({ condition, holds: false }));
      return bothOf(bothOf(ways, values.length === 0 ? [[]] : also), [except]);
    },
    [[]],
  );
}

function bothOf<T>(a: readonly (readonly T[])[], b: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return a.flatMap((one) => b.map((other) => [...one, ...other]));
}

/** Whether a condition asks for what the shadow rules of a conversion write down of what they let pass. */
function asksShadowRules({ key, values, notValues }: ConditionState): boolean {
  return key === metByShadowRules.key && values.join() === metByShadowRules.values?.join() && notValues.length === 0;
}

/** Requests that meet the shadow rules before the policies. */
function shadowConditions({ destination, authority, shadow = [] }: Sending): readonly WrittenCondition[] {
  if (authority === undefined) return [];
  return shadow.flatMap(({ ports, hosts = [], parts }) => {
    const isForIt =
      ports.some((port) => Number(port) === destination.port) &&
      hosts.some((host) => host.toLowerCase() === authority.toLowerCase());
    return isForIt ? parts.flatMap(conditionOfPart) : [];
  });
}

function conditionOfPart({ methods, path, headers }: RequestPart): readonly WrittenCondition[] {
  if (!("source" in path)) return [];
  const named = requestMethods.filter((_, index) => (methods & (1 << index)) !== 0);
  const isAny = named.length === requestMethods.length;
  const sources = Array.from(headers, ([name, { values }]) => [name, "source" in values ? values.source : ""] as const);
  return [
    {
      methods: isAny ? ["*"] : named,
      path: path.source,
      ...(sources.length > 0 && { headers: new Map(sources) }),
      text: [
        ...(isAny ? [] : [named.join(",")]),
        path.source,
        ...sources.map(([name, one]) => `{${name}: ${one}}`),
      ].join(" "),
    },
  ];
}

/** Whether a rule names anything that only HTTP requests have. */
export function asksForHttp({ from, to, when }: RuleState): boolean {
  return (
    from.some(hasTokenSource) ||
    to.some((operation) => (Object.keys(operation) as OperationField[]).some((field) => !isPortField(field))) ||
    when.some(({ key, values, notValues }) => isHttpKey(key) && values.length + notValues.length > 0)
  );
}

function isPortField(field: OperationField): boolean {
  return field === "ports" || field === "notPorts";
}

/** Whether only HTTP requests have what a key of `when` names. */
export function isHttpKey(key: string): boolean {
  return key.startsWith(requestHeaders) || isTokenKey(key);
}

function partsOfOperation(operation: Lists<OperationField>, { destination, authority }: Sending): Parts {
  const { ports, notPorts, hosts, notHosts, methods, notMethods, paths, notPaths } = operation;
  if (ports !== undefined && !isAmong(ports, destination.port)) return "never";
  if (notPorts !== undefined && isAmong(notPorts, destination.port)) return "never";
  if (authority === undefined) return [];
  const named = hosts === undefined ? [] : hostParts(hosts, authority, true);
  if (named === "never") return "never";
  const unnamed = notHosts === undefined ? [] : hostParts(notHosts, authority, false);
  if (unnamed === "never") return "never";
  const parts: Part[] =
    methods !== undefined || paths !== undefined
      ? [{ condition: operationCondition(methods, paths), holds: true }]
      : [];
  parts.push(...named, ...unnamed);
  if (notMethods !== undefined) parts.push({ condition: operationCondition(notMethods, undefined), holds: false });
  if (notPaths !== undefined) parts.push({ condition: operationCondition(undefined, notPaths), holds: false });
  return parts;
}

function isAmong(ports: readonly string[], port: number): boolean {
  return ports.some((one) => Number(one) === port);
}

/**
 * What a list of hosts comes to. A list with the name that is asked for has it, whatever else it has; one that has only other names of
 * the same Service, which clients write as well, is left to the requests.
 *
 * @param holds whether the Host has to be in the list, or must not be.
 */
function hostParts(hosts: readonly string[], authority: string, holds: boolean): Parts {
  const names = namesOf(authority);
  if (!names.some((name) => isHostAmong(hosts, name))) return holds ? "never" : [];
  if (isHostAmong(hosts, authority)) return holds ? [] : "never";
  const pattern = anyOfPatterns(hosts.map((host) => valuePattern(host, "(?s:.+)")));
  const headers = new Map([[":authority", `(?i:${pattern})`]]);
  return [{ condition: { text: `{host: ${hosts.join(", ")}}`, methods: ["*"], path: anything, headers }, holds }];
}

const fullNameOfService = /^([^.:]+(?:\.[^.:]+)?\.[^.:]+)\.svc\.cluster\.local(:\d+)?$/;

/** A Host header, and those of the same Service's shorter names where it is its full name. */
export const namesOf = memo((authority: string): readonly string[] => {
  const [, name, port = ""] = fullNameOfService.exec(authority) ?? [];
  if (name === undefined) return [authority];
  const short = name.slice(0, name.lastIndexOf("."));
  const names = [`${name}.svc.cluster.local`, `${name}.svc`, name, short];
  // Clients leave port 80 out, but some.
  return names.flatMap((one) => (port === "" ? [one, `${one}:80`] : [`${one}${port}`]));
});

/** Whether a Host header is one that a list of hosts takes in, in lower or upper case. */
export function isHostAmong(hosts: readonly string[], authority: string): boolean {
  if (hosts.includes(authority)) return true;
  const lower = authority.toLowerCase();
  return hosts.some((one) => meetsValue(one.toLowerCase(), lower));
}

function operationCondition(
  methods: readonly string[] | undefined,
  paths: readonly string[] | undefined,
): WrittenCondition {
  const [method, path] = [methods?.join(","), paths?.join(", ")];
  return {
    text: method === undefined ? (path ?? "") : path === undefined ? method : `${method} ${path}`,
    methods: methods === undefined ? anyMethod : methods.every(isWord) ? methods : methods.map(methodPattern),
    path: paths === undefined ? anything : patternOfPaths(paths),
  };
}

const anyMethod: readonly string[] = ["*"];

/** A method that is its own pattern. */
function isWord(method: string): boolean {
  return /^[A-Z]+$/.test(method);
}

function methodPattern(method: string): string {
  return valuePattern(method, "*");
}

function patternOfPaths(paths: readonly string[]): string {
  const [only = ""] = paths;
  return paths.length === 1 ? pathPattern(only) : anyOfPatterns(paths.map(pathPattern));
}

/** What a condition of `when` comes to, the sender apart: known of a connection, or left to its requests. */
function partsOfWhen({ key, values, notValues }: ConditionState, sending: Sending): Parts {
  const { destination, serverName, authority } = sending;
  const known = (isMet: (value: string) => boolean): Parts =>
    (values.length > 0 && !values.some(isMet)) || notValues.some(isMet) ? "never" : [];
  if (sourceKeys[key] !== undefined) return [];
  if (key === "destination.ip") return known((value) => isInBlock(value, destination.ip));
  if (key === "destination.port") return known((value) => Number(value) === destination.port);
  if (key === "connection.sni") return known((value) => meetsValue(value, serverName));
  // Metadata that no filter has written is not there.
  if (key.startsWith(envoyMetadata)) return known(() => false);
  if (authority === undefined) return [];
  if (!key.startsWith(requestHeaders)) return known(() => false);
  const name = key.slice(requestHeaders.length + 1, -1).toLowerCase();
  const having = (all: readonly string[]): WrittenCondition => ({
    text: `{${name}: ${all.join(", ")}}`,
    methods: ["*"],
    path: anything,
    headers: new Map([[name, anyOfPatterns(all.map((value) => valuePattern(value, anything)))]]),
  });
  return [
    ...(values.length === 0 ? [] : [{ condition: having(values), holds: true }]),
    ...(notValues.length === 0 ? [] : [{ condition: having(notValues), holds: false }]),
  ];
}

/** One condition of several parts. */
function together(parts: readonly Part[]): WrittenCondition {
  const [only] = parts;
  if (parts.length === 1 && only?.holds === true && only.condition.text !== "") return only.condition;
  const also = parts.filter(({ holds }) => holds).map(({ condition }) => condition);
  const except = parts.filter(({ holds }) => !holds).map(({ condition }) => condition);
  const [first, ...others] = also;
  const positive = also.map(({ text }) => text).join(" ");
  const text = [positive === "" ? "any request" : positive, ...except.map((one) => `not ${one.text}`)].join(", ");
  const { methods, path, headers }: RequestCondition = first ?? { methods: ["*"], path: anything };
  return {
    text,
    methods,
    path,
    ...(headers && { headers }),
    ...(others.length > 0 && { also: others }),
    ...(except.length > 0 && { except }),
  };
}
