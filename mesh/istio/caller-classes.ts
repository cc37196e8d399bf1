import { type AccountKey } from "../cluster/keys";
import { memo } from "../cluster/look-up";
import { type WorkloadPolicies } from "./authorization/decision";
import { isFrom, isOne, type Peer } from "./authorization/peer";
import { sourceKeys } from "./authorization/rule";
import { addressOfClient, clientsOf } from "./calls/client";
import { leavesInbound } from "./calls/interception";
import { resolveName } from "./calls/virtual-hosts";
import { type IstioPlane } from "./plane";
import { type HostPort, type KnownHost } from "./registry";
import {
  type AuthorizationPolicyState,
  type ConditionState,
  type Lists,
  type SourceField,
} from "./state/authorization-policies";

/** Callers that are answered alike. */
export interface CallerClass {
  readonly first: AccountKey;
  /** All of them. There may be many, and mostly nobody asks. */
  all(): readonly AccountKey[];
}

/**
 * Callers of a host's port in classes: those of one are answered alike. Callers differ by what their own sidecars are told, and by what
 * the policies of the pods that may answer say of them; most policies name a few, and all others are one class. Classes that cannot
 * pass whatever they send may be left out.
 */
export function callerClasses(
  plane: IstioPlane,
  callers: readonly AccountKey[],
): (host: KnownHost | undefined, port: HostPort | undefined) => readonly CallerClass[] {
  const local = dependsOnNamespace(plane);
  const clientClass = memo((caller: AccountKey) => clientKey(plane, caller, local));
  const byClient = group(callers, clientClass);
  const known = new Set(callers);
  const everything = classesOf(byClient);
  const dependsOnOwnPods = (host: KnownHost): boolean => host.passthrough;
  return (host, port) => {
    if (host === undefined || port === undefined) return everything;
    const policies = policiesBehind(plane, host);
    const sources = policies.flatMap(sourcesOf);
    const named = new Set<AccountKey>();
    const others: Asked[] = [];
    for (const asked of sources) {
      const exact = namedBy(plane, asked);
      if (exact === undefined) others.push(asked);
      else for (const caller of exact) named.add(caller);
    }
    const own = dependsOnOwnPods(host)
      ? new Set(plane.registry.endpoints(host, port).flatMap(({ ip }) => accountAt(plane, ip)))
      : new Set<string>();
    if (named.size === 0 && others.length === 0 && own.size === 0) return everything;
    const apart = [...named, ...own].filter((caller) => known.has(caller));
    if (others.length === 0 && isClosed(plane, host)) {
      return Array.from(new Set(apart), (first) => ({ first, all: () => [first] }));
    }
    if (others.length === 0) return withoutNamed(byClient, apart);
    return classesOf(
      group(callers, (caller) =>
        [
          clientClass(caller),
          named.has(caller) || own.has(caller) ? caller : "",
          ...others.map((asked) => String(isAsked(plane, asked, caller))),
        ].join("|"),
      ),
    );
  };
}

function classesOf(groups: ReadonlyMap<string, readonly AccountKey[]>): readonly CallerClass[] {
  return [...groups.values()].flatMap((all) => {
    const [first] = all;
    return first === undefined ? [] : [{ first, all: () => all }];
  });
}

/** Each named caller by itself, and every class without them. */
function withoutNamed(
  byClient: ReadonlyMap<string, readonly AccountKey[]>,
  named: readonly AccountKey[],
): readonly CallerClass[] {
  const apart = new Set(named);
  return [
    ...Array.from(apart, (first) => ({ first, all: () => [first] })),
    ...[...byClient.values()].flatMap((group) => {
      const first = group.find((caller) => !apart.has(caller));
      return first === undefined ? [] : [{ first, all: () => group.filter((caller) => !apart.has(caller)) }];
    }),
  ];
}

function group(
  callers: readonly AccountKey[],
  keyOf: (caller: AccountKey) => string,
): ReadonlyMap<string, readonly AccountKey[]> {
  const groups = new Map<string, AccountKey[]>();
  for (const caller of callers) {
    const key = keyOf(caller);
    const found = groups.get(key);
    if (found === undefined) groups.set(key, [caller]);
    else found.push(caller);
  }
  return groups;
}

/**
 * Whether what sidecars are told differs between namespaces: objects that are not for all, and rules of destinations, of which those
 * of the caller's own namespace come first.
 */
function dependsOnNamespace({ state }: IstioPlane): boolean {
  return (
    state.destinationRules.length > 0 ||
    state.sidecars.length > 0 ||
    [...state.virtualServices, ...state.serviceEntries].some(({ exportTo }) => exportTo.length > 0) ||
    state.virtualServices.some(({ http, tcp, tls }) =>
      [...http, ...tcp, ...tls].some(({ matches }) => matches.some(({ sourceNamespace }) => sourceNamespace !== "")),
    )
  );
}

/** Equal for callers whose sidecars are told the same. */
function clientKey(plane: IstioPlane, caller: AccountKey, local: boolean): string {
  const [namespace = ""] = caller.split("/");
  const alone = plane.network !== undefined || plane.readsAddresses;
  const pods = clientsOf(plane, caller).map(({ scope, labels, pods: same }) => [
    scope === undefined ? null : (scope.sidecar?.name ?? ""),
    labels,
    same
      .map(({ annotations }) => Object.entries(annotations).filter(([name]) => name.startsWith("traffic.sidecar")))
      .filter((one) => one.length > 0),
  ]);
  return JSON.stringify([
    local ? namespace : "",
    alone ? caller : "",
    [...new Set(pods.map((pod) => JSON.stringify(pod)))].sort(),
  ]);
}

function accountAt(plane: IstioPlane, ip: string): readonly AccountKey[] {
  const pod = plane.podOfIp(ip);
  return pod === undefined ? [] : [`${pod.namespace}/${pod.serviceAccount}`];
}

/** Hosts whose pods may answer for a host: itself, and those that VirtualServices lead to. */
function hostsBehind(plane: IstioPlane, host: KnownHost): ReadonlySet<KnownHost> {
  const hosts = new Set([host]);
  for (const target of targetsOf(plane)(host.host)) {
    const found = plane.registry.find(target);
    if (found !== undefined) hosts.add(found);
  }
  return hosts;
}

/** Whether nobody passes whom no policy names: all that may answer have a sidecar, and policies whose every rule says who calls. */
function isClosed(plane: IstioPlane, host: KnownHost): boolean {
  for (const one of hostsBehind(plane, host)) {
    if (one.service === undefined) return false;
    for (const port of one.ports) {
      for (const { ip, port: target } of plane.registry.endpoints(one, port)) {
        const pod = plane.podOfIp(ip);
        if (pod === undefined || !plane.state.hasSidecar(pod) || leavesInbound(pod, target)) return false;
        const { allow } = plane.policiesOf(pod);
        if (allow.length === 0 || allow.some(({ rules }) => rules.some(({ from }) => from.length === 0))) return false;
      }
    }
  }
  return true;
}

/** Policies of all pods that may answer for a host. */
function policiesBehind(plane: IstioPlane, host: KnownHost): readonly AuthorizationPolicyState[] {
  const sets = new Set<WorkloadPolicies>();
  for (const one of hostsBehind(plane, host)) {
    for (const port of one.ports) {
      for (const { ip } of plane.registry.endpoints(one, port)) {
        const pod = plane.podOfIp(ip);
        if (pod !== undefined) sets.add(plane.policiesOf(pod));
      }
    }
  }
  return [...new Set([...sets].flatMap(({ custom, deny, allow }) => [...custom, ...deny, ...allow]))];
}

const knownTargets = new WeakMap<IstioPlane, (host: string) => readonly string[]>();

/** Names that VirtualServices for a host, or for a pattern or a delegate, lead to. */
function targetsOf(plane: IstioPlane): (host: string) => readonly string[] {
  let found = knownTargets.get(plane);
  if (found === undefined) {
    const byHost = new Map<string, Set<string>>();
    const open = new Set<string>();
    for (const { hosts, http, tcp, tls, namespace } of plane.state.virtualServices) {
      const targets = [...http, ...tcp, ...tls].flatMap(({ destinations }) =>
        destinations.map((one) => resolveName(one.host, namespace)),
      );
      const names = hosts.map((host) => resolveName(host, namespace));
      if (names.length === 0 || names.some((name) => name.startsWith("*")))
        for (const target of targets) open.add(target);
      for (const name of names) {
        const set = byHost.get(name) ?? new Set();
        for (const target of targets) set.add(target);
        byHost.set(name, set);
      }
    }
    knownTargets.set(plane, (found = (host) => [...(byHost.get(host) ?? []), ...open]));
  }
  return found;
}

/** Something that a policy asks of who calls. */
type Asked =
  | { readonly kind: "source"; readonly source: Lists<SourceField>; readonly namespace: string }
  | { readonly kind: "when"; readonly condition: ConditionState; readonly namespace: string };

function sourcesOf({ rules, namespace }: AuthorizationPolicyState): readonly Asked[] {
  return rules.flatMap(({ from, when }): readonly Asked[] => [
    ...from.map((source) => ({ kind: "source", source, namespace }) as const),
    ...when.flatMap((condition) =>
      condition.key.startsWith("source.") || condition.key === "remote.ip"
        ? [{ kind: "when", condition, namespace } as const]
        : [],
    ),
  ]);
}

const exactPrincipal = /^cluster\.local\/ns\/([^*/]+)\/sa\/([^*/]+)$/;

/** The callers that a source names one by one; undefined where it tells callers apart in another way. */
function namedBy(plane: IstioPlane, asked: Asked): readonly AccountKey[] | undefined {
  if (asked.kind === "when" || plane.state.settings.trustDomain !== "cluster.local") return undefined;
  const fields = Object.keys(asked.source);
  if (fields.length === 0) return [];
  const { principals } = asked.source;
  if (principals === undefined || fields.length > 1) return undefined;
  const named: AccountKey[] = [];
  for (const one of principals) {
    const [, namespace, account] = exactPrincipal.exec(one) ?? [];
    if (namespace === undefined || account === undefined) return undefined;
    named.push(`${namespace}/${account}`);
  }
  return named;
}

function isAsked(plane: IstioPlane, asked: Asked, caller: AccountKey): boolean {
  const [client] = clientsOf(plane, caller);
  if (client === undefined) return false;
  const peer: Peer = {
    principal: client.principal,
    ip: addressOfClient(client),
    serverName: undefined,
    destination: { ip: "", port: 0 },
  };
  const reading = { settings: plane.state.settings, namespace: asked.namespace };
  if (asked.kind === "source") return isFrom(asked.source, peer, reading, () => false);
  const { key, values, notValues } = asked.condition;
  const field = sourceKeys[key];
  if (field === undefined) return true;
  const isMet = (value: string): boolean => isOne(field, value, peer, reading);
  return (values.length === 0 || values.some(isMet)) && !notValues.some(isMet);
}
