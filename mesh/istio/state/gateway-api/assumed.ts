import { assumedPod, assumedService } from "../../../cluster/assumed-objects";
import { keyOf } from "../../../cluster/keys";
import { type PodState, type ServiceState } from "../../../cluster/workloads";
import { type AssumedWorkloads } from "../assumed-workloads";
import { type KubernetesGatewayState } from "./gateway";
import { gatewayNameLabel, managedLabel } from "./kinds";

/**
 * The pods and Services that istiod makes for Gateways, where no object shows them: no team's manifests have them.
 *
 * @param assumptions gets a sentence for each.
 */
export function managedGateways(
  gateways: readonly KubernetesGatewayState[],
  known: ReadonlyMap<string, ServiceState>,
  assumptions: string[],
): AssumedWorkloads {
  const pods = new Map<string, PodState>();
  const services = new Map<string, ServiceState>();
  for (const { namespace, name, managed, listeners } of gateways) {
    if (managed === undefined || known.has(keyOf(namespace, managed.service))) continue;
    const { service, serviceAccount, exposed } = managed;
    const ports = [...new Set(listeners.map(({ port }) => port))];
    services.set(
      keyOf(namespace, service),
      assumedService({
        namespace,
        name: service,
        selector: { [gatewayNameLabel]: name },
        exposed,
        // That of its readiness is left out, as at the add-on's gateways.
        ports: ports.map((port) => ({ name: `port-${String(port)}`, port, targetPort: port, transport: "TCP" })),
      }),
    );
    pods.set(
      keyOf(namespace, service),
      assumedPod({
        namespace,
        name: service,
        labels: { [gatewayNameLabel]: name, [managedLabel.name]: managedLabel.value },
        serviceAccount,
      }),
    );
    assumptions.push(
      `Gateway ${namespace}/${name}: istiod makes its pods, which run as ${serviceAccount}, and its Service ${service}, ${exposed ? "with an address outside" : "inside of the cluster"}.`,
    );
  }
  return { pods, services };
}
