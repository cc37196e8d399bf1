import { isAddress } from "../cluster/dns";
import { groupBy, memo } from "../cluster/look-up";
import { isHostAmong } from "./authorization/rule";
import { isGatewayPod } from "./calls/interception";
import { hostOf } from "./calls/virtual-hosts";
import { namesLeadingTo, policiesBehind, policiesIn } from "./hosts-behind";
import { type IstioPlane } from "./plane";
import { hostOfService, type KnownHost } from "./registry";
import { type AuthorizationPolicyState, isOfHost } from "./state/authorization-policies";

/** Host headers that policies ask for. */
interface AskedHosts {
  /** One for each that is written; a star stands for one word. */
  readonly all: readonly string[];
  /** Those that may mean a name to some client, by full names and by names of one label. */
  readonly meaning: ReadonlyMap<string, readonly { readonly host: string }[]>;
  /** Those that meet a pattern. */
  readonly meeting: (pattern: string) => readonly string[];
  /** Whether routes ask for the Host header, too. */
  readonly byRoutes: boolean;
}

const known = new WeakMap<IstioPlane, AskedHosts>();

function askedHosts(plane: IstioPlane): AskedHosts {
  let found = known.get(plane);
  if (found === undefined) {
    const { authorizationPolicies, virtualServices } = plane.state;
    const all = [...new Set(authorizationPolicies.flatMap(hostsOf).map(exampleOf))];
    const named = all.flatMap((host) => namesMeant(host).map((name) => ({ name, host })));
    found = {
      all,
      meaning: groupBy(named, ({ name }) => name),
      meeting: memo((pattern) => all.filter((host) => isHostAmong([pattern], host))),
      byRoutes: virtualServices.some(({ http }) =>
        http.some(({ matches }) => matches.some(({ authority }) => authority !== undefined)),
      ),
    };
    known.set(plane, found);
  }
  return found;
}

/** What a policy's rules write about the Host header. */
function hostsOf({ rules }: AuthorizationPolicyState): readonly string[] {
  const written: string[] = [];
  for (const { to, when } of rules) {
    for (const { hosts = [], notHosts = [] } of to) written.push(...hosts, ...notHosts);
    for (const condition of when) if (isOfHost(condition)) written.push(...condition.values, ...condition.notValues);
  }
  return written;
}

function exampleOf(pattern: string): string {
  return pattern.replace("*", "any");
}

/** Names that a Host header may mean to clients: itself, longer ones, and those of which it names a pod (see `namedHost`). */
function namesMeant(authority: string): readonly string[] {
  const name = hostOf(authority);
  if (isAddress(name)) return [name];
  const longer = (one: string): readonly string[] => [one, `${one}.svc.cluster.local`, `${one}.cluster.local`];
  return [...longer(name), ...longer(name.slice(name.indexOf(".") + 1))];
}

/**
 * Host headers under which calls to a Service may be answered by it otherwise than under its own names, and than under one that nobody
 * names: those that policies of its pods ask for, and those that lead to it. Calls under all others are led to other Services, or go on as
 * those under any name.
 */
export function authoritiesFor(plane: IstioPlane, service: string): readonly string[] {
  const { all, meaning, meeting, byRoutes } = askedHosts(plane);
  const host = hostOfService(plane, service);
  const names = host && namesLeadingTo(plane, host);
  if (host === undefined || names === undefined || byRoutes || isGateway(plane, host)) return all;
  const found = new Set<string>();
  for (const name of names) {
    const [label = ""] = name.split(".");
    const { service: called, addresses = [] } = plane.registry.find(name) ?? {};
    for (const one of [name, label, ...addresses, ...(called === undefined ? [] : [called.clusterIp])]) {
      for (const meant of meaning.get(one) ?? []) found.add(meant.host);
    }
  }
  for (const policy of policiesIn(policiesBehind(plane, host).sets)) {
    for (const one of hostsOf(policy)) {
      found.add(exampleOf(one));
      if (one.includes("*")) for (const met of meeting(one)) found.add(met);
    }
  }
  return [...found];
}

/** Whether pods behind a Service are gateways, which lead calls on by their Host headers. */
function isGateway(plane: IstioPlane, host: KnownHost): boolean {
  return host.ports.some((port) =>
    plane.registry.endpoints(host, port).some(({ ip }) => {
      const pod = plane.podOfIp(ip);
      return pod !== undefined && isGatewayPod(pod);
    }),
  );
}
