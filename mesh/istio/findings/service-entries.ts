import { type Finding, finding } from "../../analysis/finding";
import { type IstioMesh } from "../mesh";
import { type KnownHost, type HostPort } from "../registry";
import { haveCommonReader } from "../state/named";
import { type ServiceEntryState } from "../state/service-entries";

/** A port of a ServiceEntry on which sidecars tell its hosts from nothing: it is no HTTP and no TLS, and has no addresses. */
interface WidePort {
  readonly entry: ServiceEntryState;
  readonly host: KnownHost;
  readonly port: HostPort;
}

/**
 * ServiceEntries that take more connections than those to their hosts, or none of them: a connection that is no HTTP and no TLS tells no name, so
 * that without addresses all that go to the port count as the host's (networking/core/listener.go).
 */
export function serviceEntryFindings(mesh: IstioMesh): readonly Finding[] {
  const first = new Map<number, WidePort>();
  return widePorts(mesh).flatMap((wide): readonly Finding[] => {
    const { entry, port, host } = wide;
    const index = entry.ports.findIndex(({ number }) => number === port.number);
    const path = ["spec", "ports", index];
    const other = first.get(port.number);
    if (other === undefined) first.set(port.number, wide);
    else if (other.host.host !== host.host && haveCommonReader(other.entry, entry)) {
      const { namespace, name } = other.entry;
      return [
        finding(mesh, entry, path, {
          severity: "error",
          rule: "port-of-another-host",
          message: `Connections to port ${String(port.number)} tell no name, and neither ServiceEntry has addresses: all of them count as those to ${other.host.host} of ServiceEntry ${namespace}/${name}, also the ones to ${host.host}.`,
          remedy: "Write the addresses of each host, or give each a port of its own.",
        }),
      ];
    }
    if (entry.resolution !== "NONE" || !keepsIn(mesh)) return [];
    return [
      finding(mesh, entry, path, {
        severity: "warning",
        rule: "port-open-to-any",
        message: `Connections to port ${String(port.number)} tell no name, and the ServiceEntry has no addresses: sidecars that let nothing unknown out (REGISTRY_ONLY) let those to any address out on this port.`,
        remedy: "Write the host's addresses, or protocol TLS where callers speak TLS, so that server names tell.",
      }),
    ];
  });
}

function widePorts({ registry }: IstioMesh): readonly WidePort[] {
  return registry.hosts.flatMap((host) => {
    if (host.addresses.length > 0) return [];
    const ports = host.ports.filter(({ protocol, tls }) => protocol === "tcp" && !tls);
    return host.entries.flatMap((entry) => {
      const own = ports.filter((port) => entry.ports.some(({ number }) => number === port.number));
      return own.map((port) => ({ entry, host, port }));
    });
  });
}

/** Whether some sidecars let nothing unknown out. */
function keepsIn({ state }: IstioMesh): boolean {
  return !state.settings.allowAny || state.sidecars.some(({ allowAny }) => allowAny === false);
}
