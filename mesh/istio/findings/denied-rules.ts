import { type CallTree, end, endsOf } from "../../analysis/call-tree";
import { type Finding, finding } from "../../analysis/finding";
import { accountCaller, sentTo } from "../../analysis/mesh";
import { mayPass } from "../../analysis/may-pass";
import { resolve } from "../../analysis/resolve";
import { type AccountKey } from "../../cluster/keys";
import { memo } from "../../cluster/look-up";
import { describeObject } from "../../manifests";
import { bytewise, type HttpRequest, httpRequest } from "../../request/match";
import { authorization, type WorkloadPolicies } from "../authorization/decision";
import { accountOfPrincipal, accountWritten, type Peer, principalOf } from "../authorization/peer";
import { callersTest, isHostAmong, sourceKeys } from "../authorization/rule";
import { type IstioMesh } from "../mesh";
import { servicePorts } from "../registry";
import { type AuthorizationPolicyState, asksForAddress, type RuleState } from "../state/authorization-policies";

/** A port of pods, and their policies; those of DENY that ask for addresses are left out, of which nothing is known here. */
interface PolicedPort {
  readonly destination: { readonly ip: string; readonly port: number };
  readonly authority: string | undefined;
  readonly policies: WorkloadPolicies;
}

/** What becomes of a rule of ALLOW. */
interface Fate {
  readonly policy: AuthorizationPolicyState;
  /** The DENY policies that take all of it away, where it would let anybody in. */
  readonly by: Set<AuthorizationPolicyState>;
  /** Whether anybody gets in by it anywhere. */
  passes: boolean;
}

/** Rules of ALLOW by which nobody gets in, as every call that they allow is denied. */
export function deniedRuleFindings(mesh: IstioMesh): readonly Finding[] {
  const fates = new Map<RuleState, Fate>();
  if (!mesh.state.authorizationPolicies.some(({ action }) => action === "DENY")) return [];
  const ports = [...policedPorts(mesh)];
  for (const port of ports.filter(({ policies }) => policies.deny.length > 0)) {
    for (const policy of port.policies.allow) {
      for (const rule of policy.rules) {
        const fate = fates.get(rule) ?? { policy, by: new Set(), passes: false };
        if (fate.passes) continue;
        fates.set(rule, fate);
        judge(mesh, port, rule, fate);
      }
    }
  }
  // Where nothing is denied whoever is allowed gets in.
  for (const port of ports.filter(({ policies }) => policies.deny.length === 0)) {
    for (const rule of port.policies.allow.flatMap(({ rules }) => rules)) {
      const fate = fates.get(rule);
      if (fate !== undefined && fate.by.size > 0) judge(mesh, port, rule, fate);
    }
  }
  return [...fates].flatMap(([rule, { policy, by, passes }]) => {
    const [first, ...others] = by;
    if (passes || first === undefined) return [];
    const names = [first, ...others].map(({ object }) => describeObject(object)).join(", ");
    return [
      finding(mesh, policy, ["spec", "rules", rule.index], {
        severity: "warning",
        rule: "allow-denied",
        message: `Every call that it allows is denied by ${names}, which is asked first: nobody gets in by it.`,
        remedy: [first, ...others].some((one) => one.rules.some(isForAll))
          ? `A DENY rule without conditions denies all. To deny what no policy allows, write spec: {} in ${describeObject(first.object)}, without an action.`
          : `Leave these calls out of ${describeObject(first.object)} (notPrincipals, notNamespaces, notPaths, …), or take the rule out.`,
      }),
    ];
  });
}

function isForAll({ from, to, when }: RuleState): boolean {
  return [...from, ...to].every((one) => Object.keys(one).length === 0) && when.length === 0;
}

/** Notes whether anybody gets in at a port by a rule, and what keeps them out. */
function judge(mesh: IstioMesh, port: PolicedPort, rule: RuleState, fate: Fate): void {
  const { deny } = port.policies;
  const isFor = callersTest(fate.policy.namespace, rule, mesh.state.settings);
  const peers = peersOf(mesh, rule, fate.policy).filter(isFor);
  const getsIn = (denying: readonly AuthorizationPolicyState[]): ((peer: Peer) => boolean) => {
    const decided = decision(mesh, port, { ...fate.policy, rules: [rule] }, denying);
    return (peer) => mayPass(decided(peer), port.authority);
  };
  const example = exampleOf(rule, port);
  if (example !== undefined) {
    // One request that is allowed and not denied spares the sets of all.
    const decided = decision(mesh, port, { ...fate.policy, rules: [{ ...rule, to: [], when: [] }] }, deny);
    if (peers.some((peer) => passes(decided(peer), example))) {
      fate.passes = true;
      return;
    }
  }
  if (peers.some(getsIn(deny))) {
    fate.passes = true;
    return;
  }
  const meant = peers.filter(getsIn([]));
  if (meant.length === 0) return;
  const alone = deny.find((one) => !meant.some(getsIn([one])));
  for (const one of alone === undefined ? deny : [alone]) fate.by.add(one);
}

function passes(tree: CallTree, request: HttpRequest): boolean {
  return endsOf(resolve(tree, request)).every(({ outcome }) => outcome === "allowed");
}

/** A request to a port that certainly meets a rule, for callers that the rule is for; undefined where that takes more than a look to tell. */
function exampleOf({ to, when }: RuleState, { authority, destination }: PolicedPort): HttpRequest | undefined {
  const [operation = {}] = to;
  const { methods = ["GET"], paths = ["/"], hosts, ports, ...others } = operation;
  if (authority === undefined || Object.keys(others).length > 0) return undefined;
  if (ports?.includes(String(destination.port)) === false || (hosts && !isHostAmong(hosts, authority)))
    return undefined;
  const headers: Record<string, string> = {};
  for (const { key, values, notValues } of when) {
    if (sourceKeys[key] !== undefined) continue;
    const [, name] = /^request\.headers\[(x-[\w-]+)\]$/.exec(key) ?? [];
    const [value] = values;
    if (name === undefined || name in headers || value === undefined || notValues.length > 0) return undefined;
    headers[name] = value.replace("*", "x");
  }
  const method = methods[0]?.replace("*", "X");
  const path = paths[0]?.replace(/\{?\*+\}?/g, "x");
  if (method === undefined || path === undefined || !/^(?:\/[\w-]+)+$|^\/$/.test(path)) return undefined;
  return httpRequest({ from: "", to: authority, protocol: "http", host: authority, method, path, headers }, bytewise);
}

function decision(
  { state }: IstioMesh,
  { destination, authority, policies }: PolicedPort,
  allow: AuthorizationPolicyState,
  deny: readonly AuthorizationPolicyState[],
): ReturnType<typeof authorization> {
  return authorization(
    { tokens: policies.tokens, custom: [], deny, allow: [allow] },
    { destination, serverName: undefined, authority },
    state.settings,
    "",
    (because) => end("allowed", because),
  );
}

/** Who calls without a certificate. */
const nobody: Peer = { principal: undefined, ip: "" };

/** Whom a rule may be for: the accounts or namespaces that it names; or else all that are known, and somebody without a certificate. */
function peersOf(mesh: IstioMesh, { from }: RuleState, { namespace: own }: AuthorizationPolicyState): readonly Peer[] {
  const peerOf = peersIn(mesh);
  const { all, byNamespace } = callersOf(mesh);
  const named = from.map(({ principals = [], namespaces = [], serviceAccounts = [] }): readonly Peer[] => {
    const accounts = principals.map(accountOfPrincipal).filter((one) => one !== undefined);
    if (accounts.length > 0 && accounts.length === principals.length) return accounts.map(peerOf);
    if (serviceAccounts.length > 0) {
      return serviceAccounts.map((one) => peerOf(accountWritten(own, one)));
    }
    const isExact = namespaces.length > 0 && namespaces.every((one) => !one.includes("*"));
    return isExact ? namespaces.flatMap((one) => byNamespace.get(one) ?? []) : all;
  });
  return named.length === 0 || named.includes(all) ? all : named.flat();
}

function peersIn({ state }: IstioMesh): (account: AccountKey) => Peer {
  return (key) => {
    const { namespace, serviceAccount } = accountCaller(key);
    return { principal: principalOf(state.settings.trustDomain, namespace, serviceAccount), ip: "" };
  };
}

/** The accounts that are known, and, among all, somebody without a certificate. */
interface Callers {
  readonly all: readonly Peer[];
  readonly byNamespace: ReadonlyMap<string, readonly Peer[]>;
}

const known = new WeakMap<IstioMesh, Callers>();

function callersOf(mesh: IstioMesh): Callers {
  let found = known.get(mesh);
  if (found === undefined) {
    const byNamespace = new Map<string, Peer[]>();
    const peerOf = peersIn(mesh);
    for (const caller of mesh.access().callers) {
      const { namespace } = accountCaller(caller);
      const list = byNamespace.get(namespace);
      if (list === undefined) byNamespace.set(namespace, [peerOf(caller)]);
      else list.push(peerOf(caller));
    }
    known.set(mesh, (found = { all: [nobody, ...[...byNamespace.values()].flat()], byNamespace }));
  }
  return found;
}

/** Ports of Services' pods, those of pods with the same policies once. */
function* policedPorts(mesh: IstioMesh): Iterable<PolicedPort> {
  const { state, registry } = mesh;
  const known = memo((policies: WorkloadPolicies): WorkloadPolicies => ({
    ...policies,
    deny: policies.deny.filter(({ rules }) => !rules.some(asksForAddress)),
  }));
  for (const host of registry.hosts) {
    if (host.service === undefined) continue;
    for (const port of host.ports) {
      for (const service of servicePorts(host, port)) {
        if (service.kind === undefined) continue;
        const seen = new Set<WorkloadPolicies>();
        for (const destination of registry.endpoints(host, port)) {
          const pod = mesh.podOfIp(destination.ip);
          const policies = pod && state.hasSidecar(pod) ? mesh.policiesOf(pod) : undefined;
          if (policies === undefined || seen.has(policies)) continue;
          seen.add(policies);
          yield { destination, authority: sentTo(service).authority, policies: known(policies) };
        }
      }
    }
  }
}
