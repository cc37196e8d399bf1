import { type Finding, finding } from "../../analysis/finding";
import { keyOf } from "../../cluster/keys";
import { memo } from "../../cluster/look-up";
import { type ValuePath } from "../../manifests";
import { nearNames } from "../../manifests/near-names";
import { isHostAmong, namesOf } from "../authorization/rule";
import { type IstioMesh } from "../mesh";
import { fullName, type KnownHost } from "../registry";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";
import { isHttp } from "../calls/virtual-hosts";

/** A Host header that a rule names. */
interface NamedHost {
  readonly value: string;
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

const hostKeys: ReadonlySet<string> = new Set(["request.headers[:authority]", "request.headers[host]"]);

function namedHosts({ index, to, when }: RuleState): readonly NamedHost[] {
  const found: NamedHost[] = [];
  for (const [at, { hosts = [], notHosts = [], ports }] of to.entries()) {
    const path = ["spec", "rules", index, "to", at, "operation"];
    hosts.forEach((value, place) => found.push({ value, path: [...path, "hosts", place], ports }));
    notHosts.forEach((value, place) => found.push({ value, path: [...path, "notHosts", place], ports }));
  }
  for (const [at, { key, values, notValues }] of when.entries()) {
    if (!hostKeys.has(key.toLowerCase())) continue;
    const path = ["spec", "rules", index, "when", at];
    values.forEach((value, place) => found.push({ value, path: [...path, "values", place], ports: undefined }));
    notValues.forEach((value, place) => found.push({ value, path: [...path, "notValues", place], ports: undefined }));
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

/** The Host headers of calls to a port of a Service by any of its names, as clients write them: port 80 is left out. */
const headersOf = memo((host: string) =>
  memo((port: number): readonly string[] => namesOf(port === 80 ? host : `${host}:${String(port)}`)),
);

/**
 * A Service's name, or the end of some, without the port that clients write after it: they leave out 80 alone (RFC 9110 section 7.2), and sidecars hold the whole
 * header against it.
 */
function withoutPort(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  { value, path, ports }: NamedHost,
): Finding | undefined {
  const list = [value];
  const meant = servicesAround(mesh, policy)
    .filter(({ host }) => headersOf(host)(80).some((name) => isHostAmong(list, name)))
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
    all.some(({ number }) => headersOf(host)(number).some((header) => isHostAmong(list, header))),
  );
  if (isMet || isRewrittenTo(mesh, list)) return undefined;
  const name = headersOf(first.host)(80).find((one) => isHostAmong(list, one)) ?? first.host;
  return finding(mesh, policy, path, {
    severity: "error",
    rule: "host-without-port",
    message: `Calls to ${first.host} have its port in their Host header, ${JSON.stringify(`${name}:${String(port)}`)}, which is never ${JSON.stringify(value)}.`,
    remedy: value.startsWith("*")
      ? `Write ${JSON.stringify(`${value}:${String(port)}`)}.`
      : `Write ${JSON.stringify(`${value}:*`)} for all ports, or ${JSON.stringify(`${value}:${String(port)}`)}.`,
  });
}

/** Services of the pods that a policy may select. */
function servicesAround({ registry, state }: IstioMesh, { namespace }: AuthorizationPolicyState): readonly KnownHost[] {
  return registry.hosts.filter(
    (host) => host.service !== undefined && (namespace === state.rootNamespace || host.namespace === namespace),
  );
}

/** Whether a VirtualService gives requests such a Host header. */
function isRewrittenTo({ state }: IstioMesh, hosts: readonly string[]): boolean {
  return state.virtualServices.some(({ http }) =>
    http.some(({ changes: { authority } }) => authority !== undefined && isHostAmong(hosts, authority)),
  );
}
