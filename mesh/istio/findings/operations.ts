import { type Finding, finding } from "../../analysis/finding";
import { type PodState } from "../../cluster/workloads";
import { type IstioMesh } from "../mesh";
import { type AuthorizationPolicyState, type RuleState } from "../state/authorization-policies";

/**
 * Ports that none of the pods serves, and methods that nobody sends: rules with them are for nothing.
 *
 * @param pods those that the policy selects.
 */
export function operationFindings(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  pods: readonly PodState[],
): readonly Finding[] {
  if (policy.targeted || policy.dryRun) return [];
  return policy.rules.flatMap((rule) => [
    ...portFindings(mesh, policy, rule, pods),
    ...methodFindings(mesh, policy, rule),
  ]);
}

function portFindings(
  mesh: IstioMesh,
  policy: AuthorizationPolicyState,
  rule: RuleState,
  pods: readonly PodState[],
): readonly Finding[] {
  const written = [
    ...rule.to.flatMap(({ ports = [] }, at) =>
      ports.map((port, index) => ({ port, path: ["to", at, "operation", "ports", index] })),
    ),
    ...rule.when.flatMap(({ key, values }, at) =>
      key === "destination.port" ? values.map((port, index) => ({ port, path: ["when", at, "values", index] })) : [],
    ),
  ];
  const isServed = (port: number): boolean => pods.some(({ ips }) => ips.some((ip) => mesh.listens(ip, port)));
  const unserved = written.filter(({ port }) => !isServed(Number(port)));
  const led = unserved.length === 0 ? undefined : portsLedTo(mesh, pods);
  if (led === undefined || led.size === 0) return [];
  const served = [...new Set([...led.values()].map(({ podPort }) => podPort))].sort((a, b) => a - b);
  return unserved.map(({ port, path }) => {
    const meant = led.get(Number(port));
    const none = `None of the pods that it selects serves port ${port}`;
    const ports = meant === undefined ? served : [meant.podPort];
    return finding(mesh, policy, ["spec", "rules", rule.index, ...path], {
      severity: "warning",
      rule: "port-of-nobody",
      message:
        meant === undefined
          ? `${none}: no call meets it.`
          : `${none}: policies see the pods' own ports, and port ${port} of Service ${meant.service} leads to their ${String(meant.podPort)}.`,
      remedy: `Write ${ports.map((one) => `"${String(one)}"`).join(" or ")}.`,
    });
  });
}

/** Ports of Services by their numbers, as far as they lead to some of the pods. */
function portsLedTo(
  { registry }: IstioMesh,
  pods: readonly PodState[],
): ReadonlyMap<number, { readonly service: string; readonly podPort: number }> {
  const addresses = new Set(pods.flatMap(({ ips }) => ips));
  const found = new Map<number, { readonly service: string; readonly podPort: number }>();
  for (const host of registry.hosts) {
    if (host.service === undefined) continue;
    for (const port of host.ports) {
      const endpoint = registry.endpoints(host, port).find(({ ip }) => addresses.has(ip));
      if (endpoint === undefined || found.has(port.number)) continue;
      found.set(port.number, {
        service: `${host.service.namespace}/${host.service.name}`,
        podPort: endpoint.port,
      });
    }
  }
  return found;
}

function methodFindings(mesh: IstioMesh, policy: AuthorizationPolicyState, rule: RuleState): readonly Finding[] {
  return rule.to.flatMap(({ methods = [], notMethods = [] }, at) =>
    [
      ...methods.map((method, index) => ({ method, path: ["methods", index] })),
      ...notMethods.map((method, index) => ({ method, path: ["notMethods", index] })),
    ].flatMap(({ method, path }): readonly Finding[] => {
      if (method === method.toUpperCase()) return [];
      return [
        finding(mesh, policy, ["spec", "rules", rule.index, "to", at, "operation", ...path], {
          severity: "warning",
          rule: "method-of-nobody",
          message: `Methods are told apart by case, and ${JSON.stringify(method)} is none that clients send.`,
          remedy: `Write ${JSON.stringify(method.toUpperCase())}.`,
        }),
      ];
    }),
  );
}
