import { type Finding, finding } from "../../analysis/finding";
import { hostHeaderFor } from "../../analysis/mesh";
import { keyOf } from "../../cluster/keys";
import { groupBy, memo, memoOnce } from "../../cluster/look-up";
import { type ValuePath } from "../../manifests";
import { nearNames } from "../../manifests/near-names";
import { isHostAmong, namesOf } from "../authorization/rule";
import { type IstioMesh } from "../mesh";
import { fullName, type KnownHost, type Registry } from "../registry";
import { type AuthorizationPolicyState, isOfHost, type RuleState } from "../state/authorization-policies";
import { isHttp } from "../calls/virtual-hosts";

/** A Host header that a rule names. */
interface NamedHost {
  readonly value: string;
  /** The list that it is in: each of these meets the rule. */
  readonly list: readonly string[];
  readonly path: ValuePath;
  /** Ports of the pods that the rule is for; undefined for all. */
  readonly ports: readonly string[] | undefined;
}

/** Host headers that a policy's rule names, and that no call to a Service has. */
export function hostFindings(mesh: IstioMesh, policy: AuthorizationPolicyState, rule: RuleState): readonly Finding[] {
  if (policy.targeted) return [];
  return namedHosts(rule).flatMap(
    (named) => nameOfNobody(mesh, policy, named) ?? withoutPort(mesh, policy, named) ?? [],
  );
}

function namedHosts({ index, to, when }: RuleState): readonly NamedHost[] {
  const found: NamedHost[] = [];
  const add = (list: readonly string[], path: ValuePath, ports?: readonly string[]): void =>
    list.forEach((value, place) => found.push({ value, list, path: [...path, place], ports }));
  for (const [at, { hosts = [], notHosts = [], ports }] of to.entries()) {
    const path = ["spec", "rules", index, "to", at, "operation"];
    add(hosts, [...path, "hosts"], ports);
    add(notHosts, [...path, "notHosts"], ports);
  }
  for (const [at, condition] of when.entries()) {
    if (!isOfHost(condition)) continue;
    const path = ["spec", "rules", index, "when", at];
    add(condition.values, [...path, "values"]);
    add(condition.notValues, [...path, "notValues"]);
  }
  return found;
}

const clusterName = /^([^.*:]+)\.([^.*:]+)\.svc\.cluster\.local(?::\d+)?$/i;

/** The full name of a Service that is not there: no request has it as its Host header that leads to the workload. */
function nameOfNobody(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  { value, path }: NamedHost,
): Finding | undefined {
  const { services } = mesh.state;
  const [, name, namespace] = clusterName.exec(value.toLowerCase()) ?? [];
  if (name === undefined || namespace === undefined || services.has(keyOf(namespace, name))) return undefined;
  if (![...services.values()].some((service) => service.namespace === namespace)) return undefined;
  const near = nearNames(keyOf(namespace, name), services.keys());
  return finding(mesh, policy, path, {
    severity: "warning",
    rule: "host-of-nobody",
    message: `No Service has the name ${value}, so that hardly any request has it as its Host header.`,
    remedy: near.length === 0 ? "Write the name of a Service." : `Did you mean ${near.map(inFull).join(" or ")}?`,
  });
}

function inFull(key: string): string {
  const [namespace = "", name = ""] = key.split("/");
  return fullName(namespace, name);
}

/** The Host headers of calls to a port of a Service by any of its names, as clients write them. */
function headersOf(host: string, port: number): readonly string[] {
  return namesOf(hostHeaderFor({ host, port }));
}

/**
 * A Service's name, or the end of some, without the port that clients write after it: they leave out 80 alone (RFC 9110 section 7.2), and sidecars hold the whole
 * header against it.
 */
function withoutPort(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  { value, list, path, ports }: NamedHost,
): Finding | undefined {
  const only = [value];
  const meant = servicesCalled(mesh, policy, value)
    .map(({ host, ports: all }) => ({
      host,
      ports: all.filter(
        ({ protocol, targetPort }) =>
          isHttp(protocol) && (ports === undefined || targetPort === 0 || ports.includes(String(targetPort))),
      ),
    }))
    .filter((one) => one.ports.length > 0);
  const [first] = meant;
  const port = first?.ports[0]?.number;
  if (first === undefined || port === undefined) return undefined;
  const isMet = meant.some(({ host, ports: all }) =>
    all.some(({ number }) => headersOf(host, number).some((header) => isHostAmong(list, header))),
  );
  if (isMet || isRewrittenTo(mesh, only)) return undefined;
  const name = headersOf(first.host, 80).find((one) => isHostAmong(only, one)) ?? first.host;
  return finding(mesh, policy, path, {
    severity: "error",
    rule: "host-without-port",
    message: `Calls to ${first.host} have its port in their Host header, ${JSON.stringify(`${name}:${String(port)}`)}, which is never ${JSON.stringify(value)}.`,
    remedy: value.startsWith("*")
      ? `Write ${JSON.stringify(`${value}:${String(port)}`)}.`
      : `Write ${JSON.stringify(`${value}:*`)} for all ports, or ${JSON.stringify(`${value}:${String(port)}`)}.`,
  });
}

/** Of the Services of pods that a policy may select those that a Host header without a port, or a pattern of some, names. */
function servicesCalled(
  { registry, state }: IstioMesh,
  { namespace }: AuthorizationPolicyState,
  value: string,
): readonly KnownHost[] {
  let found = namedServices.get(registry);
  if (found === undefined) {
    const services = registry.hosts.filter(({ service }) => service !== undefined);
    const byNamespace = groupBy(services, (host) => host.namespace);
    found = memo((one) => servicesByName(one === undefined ? services : (byNamespace.get(one) ?? [])));
    namedServices.set(registry, found);
  }
  return found(namespace === state.rootNamespace ? undefined : namespace)(value.toLowerCase());
}

const namedServices = new WeakMap<
  Registry,
  (namespace: string | undefined) => (value: string) => readonly KnownHost[]
>();

function servicesByName(services: readonly KnownHost[]): (value: string) => readonly KnownHost[] {
  const byName = memoOnce(() => {
    const named = services.flatMap((host) =>
      headersOf(host.host, 80).map((name) => ({ name: name.toLowerCase(), host })),
    );
    return groupBy(named, ({ name }) => name);
  });
  return memo((value) => {
    if (!value.includes("*")) return (byName().get(value) ?? []).map(({ host }) => host);
    return services.filter(({ host }) => headersOf(host, 80).some((name) => isHostAmong([value], name)));
  });
}

/** Whether a VirtualService gives requests such a Host header. */
function isRewrittenTo({ state }: IstioMesh, hosts: readonly string[]): boolean {
  return state.virtualServices.some(({ http }) =>
    http.some(({ changes: { authority } }) => authority !== undefined && isHostAmong(hosts, authority)),
  );
}
