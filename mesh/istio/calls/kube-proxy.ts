import { keyOf } from "../../cluster/keys";
import { type ServiceState } from "../../cluster/workloads";
import { type IstioPlane } from "../plane";
import { type Called } from "./server";

/**
 * Where a connection to an address ends: at the endpoints of the Service that has it, or at the address itself.
 *
 * @param asked the Service whose name led to the address.
 */
export function endsOf(
  plane: IstioPlane,
  {
    ip,
    port,
    host,
    asked,
  }: {
    readonly ip: string;
    readonly port: number;
    readonly host: string;
    readonly asked: ServiceState | undefined;
  },
): readonly Called[] {
  const service = plane.serviceOfIp(ip);
  if (service === undefined) return [{ ip, port, backend: backendOf(plane, ip, host, asked) }];
  const known = plane.registry.hostOf(service);
  const found = known?.ports.find((one) => one.number === port && one.protocol !== "udp");
  if (known === undefined || found === undefined) return [];
  const backend = keyOf(service.namespace, service.name);
  return plane.registry.endpoints(known, found).map(({ ip, port: target }) => ({ ip, port: target, backend }));
}

function backendOf(plane: IstioPlane, ip: string, host: string, asked: ServiceState | undefined): string {
  if (asked !== undefined) return keyOf(asked.namespace, asked.name);
  const pod = plane.podOfIp(ip);
  return pod === undefined ? host : keyOf(pod.namespace, pod.name);
}
