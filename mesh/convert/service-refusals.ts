import { type AccountKey, keyOf } from "../cluster/keys";
import { isHeadless } from "../cluster/workloads";
import { type PortProtocol, protocolOf } from "../istio/protocol";
import { type OsmMesh } from "../osm";
import { chainKind } from "../osm/proxy/outbound";
import { type MeshService } from "../osm/state";
import { type Grant } from "./grants";
import { type Refusal } from "./routing";

/** Services that the sidecars of both meshes do not take for the same. */
export function serviceRefusals(mesh: OsmMesh, grants: readonly Grant[]): readonly Refusal[] {
  const services = mesh.catalog.allMeshServices();
  return [...services.flatMap(protocolRefusals), ...sharedServices(mesh, services, grants)];
}

/** Ports that are HTTP to OSM, and of which Istio's sidecars read nothing, so that no rule for requests meets any. */
function protocolRefusals({ service, port, protocol }: MeshService): readonly Refusal[] {
  if (chainKind(protocol) !== "http") return [];
  const spec = service.ports.find((one) => (one.port & 0xffff) === port);
  const inIstio: PortProtocol = spec === undefined ? "http" : protocolOf(spec);
  if (spec === undefined || inIstio === "http" || inIstio === "auto") return [];
  const told = spec.name === "" ? `its port ${String(port)}` : `its port ${String(port)}, ${spec.name},`;
  return [
    {
      place: `Service ${keyOf(service.namespace, service.name)}`,
      text: `${told} is HTTP to OSM, and Istio tells ${inIstio.toUpperCase()} from its name or number: write appProtocol: http, which both read, or appProtocol: tcp if it is none`,
    },
  ];
}

/**
 * Services that lead to pods of several accounts, of which a caller may call some: OSM's sidecars know no others, Istio's send to all.
 */
function sharedServices(mesh: OsmMesh, services: readonly MeshService[], grants: readonly Grant[]): readonly Refusal[] {
  const callers = new Map<string, Set<AccountKey>>();
  for (const grant of grants) {
    const key = serverKey(grant.server, grant.port);
    const known = callers.get(key) ?? new Set();
    for (const caller of grant.callers) known.add(caller);
    callers.set(key, known);
  }
  const refused = new Map<AccountKey, Refusal>();
  for (const { service, targetPort } of services) {
    // The name of a headless Service leads to one pod, which its caller chose.
    if (isHeadless(service)) continue;
    const place = keyOf(service.namespace, service.name);
    const accounts = mesh.accountsBehind({ service: place });
    if (accounts.length < 2) continue;
    for (const account of accounts) {
      for (const caller of callers.get(serverKey(account, targetPort)) ?? []) {
        const closed = accounts.find((other) => callers.get(serverKey(other, targetPort))?.has(caller) !== true);
        if (closed === undefined) continue;
        refused.set(account, {
          place: `service account ${account}`,
          text: `it lets ${caller} in, and ${closed}, whose pods are behind the same Service ${place}, does not: OSM's sidecars call only pods that let them in, Istio's send to all, so that some calls would fail: give each account a Service of its own, or let ${caller} in at both`,
          account,
        });
        break;
      }
    }
  }
  return [...refused.values()];
}

function serverKey(account: AccountKey, port: number): string {
  return `${account}|${String(port)}`;
}
