import { type MeshService } from "../state";

/** Names under which OSM lets a service be called (pkg/k8s/util.go, GetHostnamesForService), each also with the port. */
export function hostnamesOf(service: MeshService, localNamespace: boolean): readonly string[] {
  const { name, namespace } = service;
  const names = [
    ...(localNamespace ? [name] : []),
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.cluster`,
    `${name}.${namespace}.svc.cluster.local`,
  ];
  return names.flatMap((host) => [host, `${host}:${String(service.port)}`]);
}

/** The full name, which is also the TLS server name. */
export function fullName(service: Pick<MeshService, "name" | "namespace">): string {
  return `${service.name}.${service.namespace}.svc.cluster.local`;
}
