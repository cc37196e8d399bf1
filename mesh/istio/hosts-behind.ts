import { type WorkloadPolicies } from "./authorization/decision";
import { rulesOf } from "./calls/delegates";
import { leavesInbound } from "./calls/interception";
import { resolveName } from "./calls/virtual-hosts";
import { type IstioPlane } from "./plane";
import { type KnownHost } from "./registry";
import { type AuthorizationPolicyState } from "./state/authorization-policies";
import { type VirtualServiceState } from "./state/virtual-services";

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
export function policiesBehind(
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
  /** From any host that a pattern takes in. */
  readonly open: ReadonlySet<string>;
  /** From where, by the name that is led to: names, and patterns of names. */
  readonly sources: ReadonlyMap<string, ReadonlySet<string>>;
}

const knownTargets = new WeakMap<IstioPlane, Targets>();

function targetsOf(plane: IstioPlane): Targets {
  let found = knownTargets.get(plane);
  if (found === undefined) {
    const byHost = new Map<string, string[]>();
    const open = new Set<string>();
    const sources = new Map<string, Set<string>>();
    for (const service of plane.state.virtualServices) {
      const targets = namesLedTo(plane, service);
      for (const name of namesOfService(service)) {
        if (name.startsWith("*")) for (const target of targets) open.add(target);
        const known = byHost.get(name);
        if (known === undefined) byHost.set(name, [...targets]);
        else known.push(...targets);
        for (const target of targets) {
          const names = sources.get(target);
          if (names === undefined) sources.set(target, new Set([name]));
          else names.add(name);
        }
      }
    }
    knownTargets.set(plane, (found = { byHost, open, sources }));
  }
  return found;
}

/** The full names, and patterns of names, that a VirtualService is for. */
export function namesOfService({ hosts, namespace }: VirtualServiceState): readonly string[] {
  return hosts.map((host) => resolveName(host, namespace));
}

/** The full names that a VirtualService leads to, by those that it delegates to as well. */
export function namesLedTo(plane: IstioPlane, service: VirtualServiceState): readonly string[] {
  const { tcp, tls, namespace } = service;
  return [rulesOf(plane, service), tcp, tls].flatMap((routes) =>
    routes.flatMap(({ destinations }) =>
      destinations.map((one) => {
        const name = resolveName(one.host, namespace);
        return plane.registry.alias(name)?.next ?? name;
      }),
    ),
  );
}

/** Every policy of some sets once. */
export function policiesIn(sets: ReadonlySet<WorkloadPolicies>): Iterable<AuthorizationPolicyState> {
  const [first] = sets;
  if (sets.size === 1 && first !== undefined && first.custom.length + first.deny.length === 0) return first.allow;
  return new Set([...sets].flatMap(({ custom, deny, allow }) => [...custom, ...deny, ...allow]));
}

/** Names, and patterns of names, from which VirtualServices and ExternalName Services lead to a host. */
export function namesLeadingTo(plane: IstioPlane, { host }: KnownHost): ReadonlySet<string> {
  const names = targetsOf(plane).sources.get(host) ?? nowhere;
  const aliases = [host, ...names].flatMap((name) => plane.registry.aliasesOf(name));
  return aliases.length === 0 ? names : new Set([...names, ...aliases]);
}

const nowhere: ReadonlySet<string> = new Set();
