import { type CallTree } from "../analysis/call-tree";
import { fingerprint } from "../analysis/fingerprint";
import { type Access, accountCaller, type AccessEntry, sentTo, type ServicePort } from "../analysis/mesh";
import { hasAnswer } from "../analysis/outcome-sets";
import { outsideName } from "../analysis/outside";
import { type AccountKey, keyOf } from "../cluster/keys";
import { memo } from "../cluster/look-up";
import { isUnseen, shownAccounts } from "../cluster/shown-accounts";
import { sourceClasses } from "../cluster/source-ranges";
import { accountOfPrincipal, accountWritten } from "./authorization/peer";
import { boundary, outsideHosts } from "./boundary";
import { type CallerClasses } from "./caller-classes";
import { callsTo } from "./calls/call";
import { isInMesh } from "./calls/client";
import { ingressHosts, unnamedIngressHosts } from "./ingress";
import { type IstioPlane } from "./plane";
import { servicePorts } from "./registry";
import { fareAsOutside, isUntold } from "./untold-callers";

/** Who may call whom: what does not pass at all is left out. */
export function relation(plane: IstioPlane, callers: readonly AccountKey[], classes: CallerClasses): Access {
  const known = plane.registry.hosts.filter(({ service }) => service !== undefined);
  const ports = known.flatMap((host) => host.ports.map((port) => ({ host, port, services: servicePorts(host, port) })));
  const services = ports.flatMap((one) => one.services);
  const around = boundary(plane);
  const outsiders = sourceClasses(around.ranges).map((one) => ({
    who: outsideName(one),
    caller: { kind: "outside", address: one.address } as const,
  }));
  const entries: AccessEntry[] = [];
  const callerOf = memo(accountCaller);
  for (const { host, port, services: same } of ports) {
    for (const service of same) {
      if (service.kind === undefined) continue;
      const calls = callsTo(plane, service, sentTo(service));
      const entered = outsiders.map(({ who, caller }) => ({ who, tree: calls(caller) }));
      const isClosed = fareAsOutside(plane, host, port) && !entered.some(({ tree }) => hasAnswer(tree, "allowed"));
      for (const { first, all } of classes.of(host, port)) {
        if (isClosed && isUntold(plane, first, host, port)) continue;
        add(entries, all, service, calls(callerOf(first)));
      }
      for (const { who, tree } of entered) add(entries, () => [who], service, tree);
    }
  }
  for (const service of [...ingressHosts(plane), ...unnamedIngressHosts(plane)]) {
    const calls = callsTo(plane, service, sentTo(service));
    for (const { who, caller } of outsiders) add(entries, () => [who], service, calls(caller));
  }
  const hosts = outsideHosts(plane, around);
  for (const service of hosts) {
    const alike = new Map<string, { readonly callers: string[]; readonly tree: CallTree }>();
    const calls = callsTo(plane, service, sentTo(service));
    for (const { first, all } of classes.of(undefined, undefined)) {
      const tree = calls(callerOf(first));
      const print = fingerprint(tree);
      const found = alike.get(print);
      if (found === undefined) alike.set(print, { callers: [...all()], tree });
      else found.callers.push(...all());
    }
    for (const { callers: group, tree } of alike.values()) add(entries, () => group, service, tree);
  }
  const shown = shownAccounts(plane.state);
  return {
    callers,
    unseen: callers.filter((caller) => isUnseen(shown, caller)),
    outsiders: outsiders.map(({ who }) => who),
    services,
    hosts,
    entries,
    otherwise: undefined,
  };
}

function add(entries: AccessEntry[], callers: () => readonly string[], service: ServicePort, tree: CallTree): void {
  if (hasAnswer(tree, "allowed")) entries.push({ callers: callers(), service, tree });
}

/** Every service account that runs pods of the mesh, that a policy names exactly, or that is an object. */
export function allCallers(plane: IstioPlane): readonly AccountKey[] {
  const { state } = plane;
  const callers = new Set<AccountKey>();
  for (const { namespace, serviceAccount } of state.pods) {
    const key = keyOf(namespace, serviceAccount);
    if (!callers.has(key) && isInMesh(plane, key)) callers.add(key);
  }
  const seen = new Set<string>();
  const name = (principals: readonly string[]): void => {
    for (const one of principals) {
      if (seen.has(one)) continue;
      seen.add(one);
      const account = accountOfPrincipal(one);
      if (account !== undefined) callers.add(account);
    }
  };
  for (const { namespace, rules } of state.authorizationPolicies) {
    for (const { from, when } of rules) {
      for (const { principals = [], serviceAccounts = [] } of from) {
        name(principals);
        for (const one of serviceAccounts) callers.add(accountWritten(namespace, one));
      }
      for (const { key, values } of when) if (key === "source.principal") name(values);
    }
  }
  for (const account of state.accounts) if (!account.endsWith("/default")) callers.add(account);
  return [...callers].sort();
}
