import { type AccountKey, keyOf } from "../cluster/keys";
import { groupBy, memo } from "../cluster/look-up";
import { type WorkloadPolicies } from "./authorization/decision";
import { isTokenSource, type Peer, sourceTest } from "./authorization/peer";
import { whenTest } from "./authorization/rule";
import { addressOfClient, clientsOf } from "./calls/client";
import { interceptionOf, leavesInbound } from "./calls/interception";
import { resolveName } from "./calls/virtual-hosts";
import { type IstioPlane } from "./plane";
import { type HostPort, type KnownHost } from "./registry";
import { type AuthorizationPolicyState, type Lists, type SourceField } from "./state/authorization-policies";
import { type ServiceRouteState } from "./state/gateway-api/service-routes";

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
  const byClient = groupBy(callers, clientClass);
  const known = new Set(callers);
  const everything = classesOf(byClient);
  const accountNamed = memo((principal: string) => {
    const [, namespace, account] = exactPrincipal.exec(principal) ?? [];
    return namespace === undefined || account === undefined ? undefined : keyOf(namespace, account);
  });
  const askedBy = memo((policy: AuthorizationPolicyState) => askedOf(plane, policy, accountNamed));
  return (host, port) => {
    if (host === undefined || port === undefined) return everything;
    const { sets, isOpen } = policiesBehind(plane, host);
    const apart = new Set<AccountKey>();
    const tests: ((caller: AccountKey) => boolean)[] = [];
    let open = isOpen || isTakenOver(plane, host);
    for (const { allow } of sets) {
      if (allow.length === 0 || allow.some((policy) => askedBy(policy).byAnybody)) open = true;
    }
    for (const policy of policiesIn(sets)) {
      const asked = askedBy(policy);
      tests.push(...asked.tests);
      for (const caller of asked.named) if (known.has(caller)) apart.add(caller);
    }
    // Callers that are a headless Service's own pods call themselves.
    if (host.passthrough) {
      for (const { ip } of plane.registry.endpoints(host, port)) {
        const pod = plane.podOfIp(ip);
        const account = pod && keyOf(pod.namespace, pod.serviceAccount);
        if (account !== undefined && known.has(account)) apart.add(account);
      }
    }
    if (tests.length > 0) {
      return classesOf(
        groupBy(callers, (caller) =>
          [
            clientClass(caller),
            apart.has(caller) ? caller : "",
            ...tests.map((isAsked) => String(isAsked(caller))),
          ].join("|"),
        ),
      );
    }
    const alone = Array.from(apart, (first): CallerClass => ({ first, all: () => [first] }));
    return open ? [...alone, ...withoutNamed(byClient, apart)] : alone;
  };
}

function classesOf(groups: ReadonlyMap<string, readonly AccountKey[]>): readonly CallerClass[] {
  return [...groups.values()].flatMap((all) => {
    const [first] = all;
    return first === undefined ? [] : [{ first, all: () => all }];
  });
}

/** Every class without some callers. */
function withoutNamed(
  byClient: ReadonlyMap<string, readonly AccountKey[]>,
  named: ReadonlySet<AccountKey>,
): readonly CallerClass[] {
  return [...byClient.values()].flatMap((group) => {
    const first = group.find((caller) => !named.has(caller));
    return first === undefined ? [] : [{ first, all: () => group.filter((caller) => !named.has(caller)) }];
  });
}

/** Whether what sidecars are told of differs between namespaces: by Sidecars, or objects that are not for all. */
function dependsOnNamespace({ state }: IstioPlane): boolean {
  return (
    state.sidecars.length > 0 ||
    state.virtualServices.some(({ exportTo }) => exportTo.length > 0) ||
    state.serviceRoutes.length > 0
  );
}

/** Whether a route of the Gateway API may lead a host's calls past the policies of the pods behind it. */
function isTakenOver({ state }: IstioPlane, { service }: KnownHost): boolean {
  if (service === undefined) return false;
  const isParent = ({ namespace, name }: ServiceRouteState["services"][number]): boolean =>
    namespace === service.namespace && name === service.name;
  return state.serviceRoutes.some(({ services }) => services.some(isParent));
}

/** Equal for callers whose sidecars are told the same. */
function clientKey(plane: IstioPlane, caller: AccountKey, local: boolean): string {
  const [namespace = ""] = caller.split("/");
  const alone = plane.network !== undefined || plane.readsAddresses;
  const clients = clientsOf(plane, caller).map(({ scope, told, pods }) => {
    const annotated = pods.map(interceptionOf).filter((one) => one.length > 0);
    const annotations = annotated.length === 0 ? "" : JSON.stringify(annotated);
    return `${scope === undefined ? "-" : `+${scope.sidecar?.name ?? ""}`} ${told} ${annotations}`;
  });
  const alike = clients.length === 1 ? clients : [...new Set(clients)].sort();
  return [local ? namespace : "", alone ? caller : "", ...alike].join("\n");
}

/** Every policy of some sets once. */
function policiesIn(sets: ReadonlySet<WorkloadPolicies>): Iterable<AuthorizationPolicyState> {
  const [first] = sets;
  if (sets.size === 1 && first !== undefined && first.custom.length + first.deny.length === 0) return first.allow;
  return new Set([...sets].flatMap(({ custom, deny, allow }) => [...custom, ...deny, ...allow]));
}

/** Hosts whose pods may answer for a host: itself, and those that VirtualServices lead to. */
function hostsBehind(plane: IstioPlane, host: KnownHost): Iterable<KnownHost> {
  const { byHost, open } = targetsOf(plane);
  const targets = byHost.get(host.host);
  if (open.size === 0 && (targets === undefined || targets.every((target) => target === host.host))) return [host];
  const hosts = new Set([host]);
  for (const target of [...(targets ?? []), ...open]) {
    const found = plane.registry.find(target);
    if (found !== undefined) hosts.add(found);
  }
  return hosts;
}

/** Policies of all pods that may answer for a host, and whether some of it may be answered that no policy guards. */
function policiesBehind(
  plane: IstioPlane,
  host: KnownHost,
): { readonly sets: ReadonlySet<WorkloadPolicies>; readonly isOpen: boolean } {
  const sets = new Set<WorkloadPolicies>();
  let isOpen = false;
  for (const one of hostsBehind(plane, host)) {
    if (one.service === undefined) isOpen = true;
    for (const port of one.ports) {
      for (const { ip, port: target } of plane.registry.endpoints(one, port)) {
        const pod = plane.podOfIp(ip);
        if (pod !== undefined) sets.add(plane.policiesOf(pod));
        if (pod === undefined || !plane.state.hasSidecar(pod) || leavesInbound(pod, target)) isOpen = true;
      }
    }
  }
  return { sets, isOpen: isOpen || sets.size === 0 };
}

/** Names that VirtualServices lead to. */
interface Targets {
  /** From a host, by its name. */
  readonly byHost: ReadonlyMap<string, readonly string[]>;
  /** From any host: of VirtualServices for patterns, and of delegates. */
  readonly open: ReadonlySet<string>;
}

const knownTargets = new WeakMap<IstioPlane, Targets>();

function targetsOf(plane: IstioPlane): Targets {
  let found = knownTargets.get(plane);
  if (found === undefined) {
    const byHost = new Map<string, string[]>();
    const open = new Set<string>();
    for (const { hosts, http, tcp, tls, namespace } of plane.state.virtualServices) {
      const targets: string[] = [];
      for (const routes of [http, tcp, tls]) {
        for (const { destinations } of routes)
          for (const one of destinations) targets.push(resolveName(one.host, namespace));
      }
      const names = hosts.map((host) => resolveName(host, namespace));
      if (names.length === 0 || names.some((name) => name.startsWith("*")))
        for (const target of targets) open.add(target);
      for (const name of names) {
        const known = byHost.get(name);
        if (known === undefined) byHost.set(name, [...targets]);
        else known.push(...targets);
      }
    }
    knownTargets.set(plane, (found = { byHost, open }));
  }
  return found;
}

/** What a policy asks of who calls. */
interface Asked {
  /** Callers that it names one by one. */
  readonly named: readonly AccountKey[];
  /** Whether it tells callers apart in other ways. */
  readonly tests: readonly ((caller: AccountKey) => boolean)[];
  /** Whether a rule of it does not ask. */
  readonly byAnybody: boolean;
}

function askedOf(
  plane: IstioPlane,
  { rules, namespace }: AuthorizationPolicyState,
  accountNamed: (principal: string) => AccountKey | undefined,
): Asked {
  const reading = { settings: plane.state.settings, namespace };
  const named: AccountKey[] = [];
  const tests: ((caller: AccountKey) => boolean)[] = [];
  const ofCaller = (isMet: (peer: Peer) => boolean) => (caller: AccountKey) => {
    const [client] = clientsOf(plane, caller);
    return client !== undefined && isMet({ principal: client.principal, ip: addressOfClient(client) });
  };
  for (const { from, when } of rules) {
    for (const source of from) {
      const exact = namedBy(plane, source, accountNamed);
      if (exact === undefined) tests.push(ofCaller(sourceTest(source, reading)));
      else named.push(...exact);
    }
    for (const condition of when) {
      const isMet = whenTest(condition, reading);
      if (isMet !== undefined) tests.push(ofCaller(isMet));
    }
  }
  const byAnybody = rules.some(
    ({ from }) => from.length === 0 || from.some((source) => Object.keys(source).every(isTokenSource)),
  );
  return { named, tests, byAnybody };
}

const exactPrincipal = /^cluster\.local\/ns\/([^*/]+)\/sa\/([^*/]+)$/;

/** The callers that a source names one by one; undefined where it tells callers apart in another way. */
function namedBy(
  { state }: IstioPlane,
  source: Lists<SourceField>,
  accountNamed: (principal: string) => AccountKey | undefined,
): readonly AccountKey[] | undefined {
  if (state.settings.trustDomain !== "cluster.local") return undefined;
  const fields = Object.keys(source).filter((field) => !isTokenSource(field));
  if (fields.length === 0) return [];
  const { principals } = source;
  if (principals === undefined || fields.length > 1) return undefined;
  const named: AccountKey[] = [];
  for (const one of principals) {
    const account = accountNamed(one);
    if (account === undefined) return undefined;
    named.push(account);
  }
  return named;
}
