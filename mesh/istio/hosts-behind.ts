import { type WorkloadPolicies } from "./authorization/decision";
import { leavesInbound } from "./calls/interception";
import { resolveName } from "./calls/virtual-hosts";
import { type IstioPlane } from "./plane";
import { type KnownHost } from "./registry";
import { type AuthorizationPolicyState } from "./state/authorization-policies";

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

/** Every policy of some sets once. */
export function policiesIn(sets: ReadonlySet<WorkloadPolicies>): Iterable<AuthorizationPolicyState> {
  const [first] = sets;
  if (sets.size === 1 && first !== undefined && first.custom.length + first.deny.length === 0) return first.allow;
  return new Set([...sets].flatMap(({ custom, deny, allow }) => [...custom, ...deny, ...allow]));
}

/** Names by which calls may come to a host's pods: its own, and those from which VirtualServices lead there; undefined for any name. */
export function namesLeadingTo(plane: IstioPlane, host: KnownHost): ReadonlySet<string> | undefined {
  const { byHost, open } = targetsOf(plane);
  if (open.has(host.host) || plane.state.serviceRoutes.length > 0) return undefined;
  let found = knownLeading.get(byHost);
  if (found === undefined) {
    found = new Map();
    for (const [name, targets] of byHost) {
      for (const target of targets) {
        const names = found.get(target);
        if (names === undefined) found.set(target, new Set([name]));
        else names.add(name);
      }
    }
    knownLeading.set(byHost, found);
  }
  return new Set([host.host, ...(found.get(host.host) ?? [])]);
}

const knownLeading = new WeakMap<Targets["byHost"], Map<string, Set<string>>>();
