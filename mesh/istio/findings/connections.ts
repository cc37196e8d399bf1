import { type Finding, finding } from "../../analysis/finding";
import { type ServicePort } from "../../analysis/mesh";
import { groupBy } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { asksForHttp } from "../authorization/rule";
import { type IstioMesh } from "../mesh";
import { servicePorts } from "../registry";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";
import { listed } from "./listed";

/**
 * What a policy with parts of HTTP does to ports that are not HTTP: of DENY each rule that is for such ports, of ALLOW the first, where none
 * lets anybody in there.
 *
 * @param pods those that the policy selects.
 */
export function connectionFindings(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  pods: readonly PodState[],
): readonly Finding[] {
  const { action } = policy;
  if (policy.targeted || policy.dryRun || (action !== "DENY" && action !== "ALLOW")) return [];
  const http = policy.rules.filter(asksForHttp);
  if (http.length === 0) return [];
  const connections = connectionPorts(mesh);
  const ports = new Map<ServicePort, PodState[]>();
  for (const pod of pods) {
    for (const port of pod.ips.flatMap((ip) => connections.get(ip) ?? [])) {
      const behind = ports.get(port);
      if (behind === undefined) ports.set(port, [pod]);
      else behind.push(pod);
    }
  }
  if (action === "DENY") {
    return http.flatMap((rule) =>
      denied(
        mesh,
        policy,
        rule,
        [...ports.keys()].filter((port) => isOpen(rule, port)),
      ),
    );
  }
  const concerned = [...ports].filter(([port]) => http.some((rule) => isOpen(rule, port)));
  const closed = concerned.flatMap(([port, behind]) => {
    const letsIn = (rule: RuleState): boolean => !asksForHttp(rule) && isOpen(rule, port);
    const isClosed = behind.some((pod) => !mesh.policiesOf(pod).allow.some(({ rules }) => rules.some(letsIn)));
    return isClosed ? [port] : [];
  });
  const first = http.find((rule) => closed.some((port) => isOpen(rule, port)));
  return first === undefined ? [] : notAllowed(mesh, policy, first, closed);
}

/** Whether a rule is for a port of the pods behind a Service. */
function isOpen({ to }: RuleState, { targetPort }: ServicePort): boolean {
  const port = String(targetPort);
  return (
    to.length === 0 ||
    to.some(({ ports, notPorts }) => (ports === undefined || ports.includes(port)) && notPorts?.includes(port) !== true)
  );
}

function denied(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  { index }: RuleState,
  ports: readonly ServicePort[],
): readonly Finding[] {
  return alike(ports, (where, _, isFoundOut) =>
    finding(mesh, policy, ["spec", "rules", index], {
      severity: isFoundOut ? "warning" : "error",
      rule: "deny-closes-tcp",
      message: `On ${where}, the rule loses its methods, paths, hosts and headers, and denies all that is left.`,
      remedy: isFoundOut
        ? "Say the port's protocol (appProtocol: http or tcp), and name the ports of HTTP in the rule (to.operation.ports)."
        : "Name the ports of HTTP in the rule (to.operation.ports).",
    }),
  );
}

function notAllowed(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  { index }: RuleState,
  ports: readonly ServicePort[],
): readonly Finding[] {
  return alike(ports, (where, numbers) =>
    finding(mesh, policy, ["spec", "rules", index], {
      severity: "warning",
      rule: "allow-closes-tcp",
      message: `On ${where}, rules with methods, paths, hosts or headers are not there: it is closed to everybody.`,
      remedy: `Let callers in there by a rule with ports: [${numbers.map((one) => `"${one}"`).join(", ")}] and principals alone.`,
    }),
  );
}

/** A finding for the ports that are not HTTP, and one for those that are found out: of these what is HTTP is read, and they are closed to bytes alone. */
function alike(
  ports: readonly ServicePort[],
  make: (where: string, numbers: readonly string[], isFoundOut: boolean) => Finding,
): readonly Finding[] {
  return Array.from(
    groupBy(ports, ({ protocol }) => protocol === "auto"),
    ([isFoundOut, all]) => {
      const named = [...new Set(all.map(({ targetPort, service }) => `${String(targetPort)} of ${service}`))];
      const [word, verb] = named.length === 1 ? ["port", "is"] : ["ports", "are"];
      const why = isFoundOut ? "of which nothing says the protocol, for what is not HTTP" : `which ${verb} not HTTP`;
      return make(
        `${word} ${listed(named)}, ${why}`,
        [...new Set(all.map(({ targetPort }) => String(targetPort)))],
        isFoundOut,
      );
    },
  );
}

const knownPorts = new WeakMap<IstioMesh, ReadonlyMap<string, readonly ServicePort[]>>();

/** Ports of Services that are not HTTP, by the addresses of the pods behind them. */
function connectionPorts(mesh: IstioMesh): ReadonlyMap<string, readonly ServicePort[]> {
  let found = knownPorts.get(mesh);
  if (found === undefined) {
    const byAddress = new Map<string, ServicePort[]>();
    for (const host of mesh.registry.hosts) {
      for (const port of host.ports) {
        for (const service of servicePorts(host, port)) {
          if (service.kind !== "tcp" || service.service === "") continue;
          for (const { ip } of mesh.registry.endpoints(host, port)) {
            const list = byAddress.get(ip);
            if (list === undefined) byAddress.set(ip, [service]);
            else list.push(service);
          }
        }
      }
    }
    knownPorts.set(mesh, (found = byAddress));
  }
  return found;
}
