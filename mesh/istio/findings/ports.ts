import { type Finding } from "../../analysis/finding";
import { type PodState } from "../../cluster/workloads";
import { type IstioMesh } from "../mesh";
import { type HostPort, type KnownHost } from "../registry";

/** A Service's port, and a pod that it leads to. */
interface Led {
  readonly host: KnownHost;
  readonly port: HostPort;
  readonly pod: PodState;
  /** The pod's port. */
  readonly target: number;
}

/** Services that lead to one port of the same pods, and do not say the same of it: a sidecar goes by one. */
export function portFindings(mesh: IstioMesh): readonly Finding[] {
  const byTarget = new Map<string, Led>();
  const found = new Map<HostPort, Finding>();
  for (const host of mesh.registry.hosts) {
    if (host.service === undefined) continue;
    for (const port of host.ports) {
      if (port.protocol === "udp" || found.has(port)) continue;
      for (const { ip, port: target } of mesh.registry.endpoints(host, port)) {
        const pod = mesh.podOfIp(ip);
        if (pod === undefined || !mesh.state.hasSidecar(pod)) continue;
        const one: Led = { host, port, pod, target };
        const key = `${ip}:${String(target)}`;
        const other = byTarget.get(key);
        if (other === undefined) byTarget.set(key, one);
        else if (other.port.protocol !== port.protocol) {
          found.set(port, twoProtocols(mesh, other, one));
          break;
        }
      }
    }
  }
  return [...found.values()];
}

function twoProtocols(mesh: IstioMesh, a: Led, b: Led): Finding {
  const taken = mesh.inboundProtocol(b.pod, b.target);
  const said = [a, b].map(({ host, port }) => `${host.host}:${String(port.number)} ${wordFor(port.protocol)}`);
  const { service } = b.host;
  return {
    severity: "warning",
    rule: "port-of-two-protocols",
    object: `Service ${service?.namespace ?? ""}/${service?.name ?? ""}`,
    message: `Two Services lead to port ${String(b.target)} of ${b.pod.namespace}/${b.pod.serviceAccount}, and do not say the same of it (${said.join(", ")}): the sidecar there takes it for ${wordFor(taken)}, as the older Service says, or the first by name.`,
    remedy: "Give both ports the same appProtocol, or names that begin alike, such as http- or tcp-.",
  };
}

function wordFor(protocol: HostPort["protocol"]): string {
  return protocol === "auto" ? "found out from what is sent" : protocol;
}
