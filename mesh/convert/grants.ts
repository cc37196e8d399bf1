import { type CallTree, type Rules } from "../analysis/call-tree";
import { type ServicePort } from "../analysis/mesh";
import { hostConditions, meetsHost } from "../analysis/may-pass";
import { quoted } from "../regex/ends-cover";
import { difference, exampleOf, intersection, languageOf } from "../regex/language";
import { certain, possible } from "../analysis/outcome-sets";
import { isOutside } from "../analysis/outside";
import { type OsmMesh } from "../osm";
import { mayMeet } from "../osm/order-dependence";
import { hostnamesOf } from "../osm/proxy/hostnames";
import { type RouteTable } from "../osm/proxy/routes";
import { backendTargetPort, identityOf, keyOf } from "../osm/state";
import { partOfBox, partOfCondition, type RequestPart } from "../istio/request-rules";
import { exampleRequest, type RequestSet, subtractSets } from "../request/request-set";
import { type AccountKey } from "../cluster/keys";
import { memo } from "../cluster/look-up";
import { TooComplexError } from "../regex/automaton";

/** Requests that some callers may send to the pods of an account. */
export interface Grant {
  readonly server: AccountKey;
  /** The pods' port. */
  readonly port: number;
  readonly callers: readonly AccountKey[];
  /** Host headers; undefined for TCP. */
  readonly hosts?: readonly string[];
  /** Undefined for all of TCP. */
  readonly parts?: readonly RequestPart[];
}

/** A pair of which the objects do not say what happens, or not what Istio could do as well. */
export interface Unsettled {
  readonly server: AccountKey;
  readonly text: string;
}

/** What passes in the mesh, by the pods that it reaches. */
export interface Grants {
  readonly grants: readonly Grant[];
  readonly unsettled: readonly Unsettled[];
}

/** Calls of one caller that reach one port of an account's pods. */
interface Reached {
  readonly server: AccountKey;
  readonly port: number;
  readonly caller: AccountKey;
  readonly rules: Rules | undefined;
  hosts: readonly string[];
}

/** The relation by the accounts that are called. */
export function grantsOf(mesh: OsmMesh): Grants {
  const tables = new Map<unknown, RouteTable>();
  for (const pod of mesh.state.pods) {
    if (!mesh.state.isMonitored(pod.namespace)) continue;
    const { routes } = mesh.inbound(pod);
    if (routes !== undefined) tables.set(routes, routes);
  }
  const reached = new Map<string, Reached>();
  const unsettled = new Map<string, Unsettled>();
  const add = (one: Omit<Reached, "hosts">, hosts: readonly string[]): void => {
    const key = `${one.server}|${String(one.port)}|${one.caller}|${one.rules === undefined ? "tcp" : rulesKey(one.rules)}`;
    const known = reached.get(key);
    if (known === undefined) reached.set(key, { hosts, ...one });
    else if (known.hosts !== hosts) known.hosts = [...new Set([...known.hosts, ...hosts])];
  };
  const hostsOf = memo((service: ServicePort) => memo((isLocal: boolean) => hostnamesOf(service, isLocal)));
  for (const { callers, service, tree } of mesh.access().entries) {
    if (service.service === "") continue;
    for (const caller of callers) {
      if (isOutside(caller) || !caller.includes("/") || caller.includes(" ")) continue;
      const [namespace = ""] = caller.split("/");
      const hosts = hostsOf(service)(service.namespace === namespace);
      if (service.kind === "tcp") {
        for (const { server, port } of tcpServers(mesh, caller, service, tree))
          add({ server, port, caller, rules: undefined }, hosts);
        continue;
      }
      for (const rules of leavesOf(tree)) {
        const table = tables.get(rules.list);
        if (table === undefined) continue;
        const backend = backendOf(rules);
        if (backend === undefined) continue;
        const port = targetPortOf(mesh, service, backend);
        if (port === undefined) continue;
        add({ server: table.account, port, caller, rules }, hosts);
      }
    }
  }
  return { grants: grouped([...reached.values()], unsettled), unsettled: [...unsettled.values()] };
}

/** All lists of rules in a tree. */
function leavesOf(tree: CallTree): readonly Rules[] {
  switch (tree.kind) {
    case "end":
      return [];
    case "http":
    case "normalised":
    case "changed":
      return leavesOf(tree.tree);
    case "choice":
      return [...new Set(tree.branches.flatMap((branch) => leavesOf(branch.tree)))];
    case "rules":
      return [tree];
  }
}

function backendOf({ list, then }: Rules): string | undefined {
  for (const rule of list.rules) {
    const next = then(rule);
    if (next.kind === "end" && next.backend !== undefined) return next.backend;
  }
  return undefined;
}

/** The pods' port that calls to a port of a Service come to, by the backend that answers. */
function targetPortOf(mesh: OsmMesh, service: ServicePort, backend: string): number | undefined {
  if (backend === service.service || backend === keyOf(service.namespace, service.name)) return service.targetPort;
  const [namespace = "", name = ""] = backend.split("/");
  return backendTargetPort(mesh.catalog, namespace, name, service.port) ?? service.targetPort;
}

/** The accounts that a caller's connections to a TCP port get to. */
function tcpServers(
  mesh: OsmMesh,
  caller: AccountKey,
  service: ServicePort,
  tree: CallTree,
): readonly { readonly server: AccountKey; readonly port: number }[] {
  const [namespace = "", name = ""] = caller.split("/");
  const identity = identityOf(namespace, name);
  const found = new Map<string, { readonly server: AccountKey; readonly port: number }>();
  for (const backend of backendsIn(tree)) {
    const port = targetPortOf(mesh, service, backend);
    if (port === undefined) continue;
    // A pod that a headless Service names is reached by that Service.
    const named = backend === keyOf(service.namespace, service.name) ? service.service : backend;
    for (const server of mesh.accountsBehind({ service: named })) {
      const pods = mesh.catalog.podsOfAccount(server);
      const isAdmitted = pods.some((pod) => (mesh.inbound(pod).network?.admitting(identity, port) ?? []).length > 0);
      if (isAdmitted) found.set(server, { server, port });
    }
  }
  return [...found.values()];
}

function backendsIn(tree: CallTree): readonly string[] {
  switch (tree.kind) {
    case "end":
      return tree.outcome === "allowed" && tree.backend !== undefined ? [tree.backend] : [];
    case "http":
    case "normalised":
    case "changed":
      return backendsIn(tree.tree);
    case "choice":
      return [...new Set(tree.branches.flatMap((branch) => backendsIn(branch.tree)))];
    case "rules":
      return [];
  }
}

/** Equal for callers to whom an account's list of rules does the same. */
function rulesKey({ list, then }: Pick<Rules, "list" | "then">): string {
  return list.rules.map((rule) => outcomeOf(then(rule))).join("");
}

function outcomeOf(tree: CallTree): "+" | "-" | "?" {
  return tree.kind !== "end" ? "?" : tree.outcome === "allowed" ? "+" : "-";
}

/** Callers that may send the same are one grant. */
function grouped(reached: readonly Reached[], unsettled: Map<string, Unsettled>): readonly Grant[] {
  const groups = new Map<string, { readonly first: Reached; readonly callers: AccountKey[] }>();
  const texts = memo((hosts: readonly string[]) => hosts.join());
  for (const one of reached) {
    const hosts = one.rules === undefined ? "" : texts(one.hosts);
    const key = `${one.server}|${String(one.port)}|${one.rules === undefined ? "tcp" : rulesKey(one.rules)}|${hosts}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { first: one, callers: [one.caller] });
    else known.callers.push(one.caller);
  }
  return [...groups.values()].flatMap(({ first, callers }): readonly Grant[] => {
    const { server, port, rules, hosts } = first;
    const all = [...new Set(callers)].sort();
    if (rules === undefined) return [{ server, port, callers: all }];
    return partsByHost(rules, hosts, server, unsettled).flatMap((one) =>
      one.parts.length === 0 ? [] : [{ server, port, callers: all, hosts: one.hosts, parts: one.parts }],
    );
  });
}

interface ByHost {
  readonly hosts: readonly string[];
  readonly parts: readonly RequestPart[];
}

/** What passes, by Host header where rules ask for it. */
function partsByHost(
  rules: Rules,
  hosts: readonly string[],
  server: AccountKey,
  unsettled: Map<string, Unsettled>,
): readonly ByHost[] {
  const asks = rules.list.rules.some((rule) => hostConditions(rule).length > 0);
  const simple = asks ? undefined : plainParts(rules);
  if (simple !== undefined) return [{ hosts, parts: simple }];
  const setOf = (host: string): RequestSet => {
    let may: RequestSet;
    let doubtful: ReturnType<typeof exampleRequest>;
    try {
      may = possible(rules, "allowed", host);
      doubtful = exampleRequest(subtractSets(may, certain(rules, "allowed", host)));
    } catch (error) {
      if (!(error instanceof TooComplexError)) throw error;
      unsettled.set(server, { server, text: `${error.message} Write simpler patterns, or fewer that overlap` });
      return [];
    }
    if (doubtful !== undefined) {
      const text = `OSM leaves open whether ${doubtful.method} ${doubtful.path} passes: routes of several TrafficTargets match it, in an order that is not defined, and not all of them let the caller in. Let their requests exclude each other`;
      unsettled.set(server, { server, text });
    }
    return may;
  };
  if (!asks) return [{ hosts, parts: setOf(hosts[0] ?? "").map(partOfBox) }];
  for (const pattern of new Set(rules.list.rules.flatMap(hostConditions))) {
    const told = hosts.find((host) => tellsCapitals(pattern, host));
    if (told === undefined) continue;
    const text = `a route's pattern for Host, ${JSON.stringify(pattern)}, takes ${told} in some letters, capital or small, and not in others; Istio's policies make no difference. Write (?i)${pattern}, or take it out: calls come by the Service's name anyway`;
    unsettled.set(server, { server, text });
  }
  const byKey = new Map<string, { readonly hosts: string[]; readonly parts: readonly RequestPart[] }>();
  for (const host of hosts) {
    const key = rules.list.rules.map((rule) => (meetsHost(rule, [host]) ? "+" : "-")).join("");
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { hosts: [host], parts: setOf(host).map(partOfBox) });
    else known.hosts.push(host);
  }
  return [...byKey.values()];
}

/** Whether a pattern matches a host in some letters, capital or small, and not in others. */
function tellsCapitals(pattern: string, host: string): boolean {
  const written = languageOf(`(?i)${quoted(host)}`);
  const wanted = languageOf(pattern);
  return exampleOf(intersection(written, wanted)) !== undefined && exampleOf(difference(written, wanted)) !== undefined;
}

const knownParts = new WeakMap<Rules["list"], Map<string, readonly RequestPart[] | undefined>>();

/** The conditions of the rules that let a caller in, where no other rule can come before them. */
function plainParts({ list, then }: Pick<Rules, "list" | "then">): readonly RequestPart[] | undefined {
  const passing = list.rules.filter((rule) => outcomeOf(then(rule)) === "+" && rule.methods.length > 0);
  const stopping = list.rules.filter((rule) => outcomeOf(then(rule)) !== "+" && rule.methods.length > 0);
  let known = knownParts.get(list);
  if (known === undefined) knownParts.set(list, (known = new Map()));
  const key = rulesKey({ list, then });
  if (known.has(key)) return known.get(key);
  const result = compute();
  known.set(key, result);
  return result;

  function compute(): readonly RequestPart[] | undefined {
    if (passing.some((rule) => stopping.some((other) => mayMeet(rule, other)))) return undefined;
    const parts = passing.map(partOfCondition);
    return parts.every((part) => part !== undefined) ? parts : undefined;
  }
}
