import { memo, type MeshService } from "../state";

/** Names under which OSM lets a service be called (pkg/k8s/util.go, GetHostnamesForService), each also with the port. */
export function hostnamesOf(
  service: Pick<MeshService, "name" | "namespace" | "port">,
  localNamespace: boolean,
): readonly string[] {
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

/** Whether a host names the service, in any case: what {@link hostnamesOf} lists, told without listing it. */
export function isHostnameOf(service: MeshService, localNamespace: boolean, host: string): boolean {
  let text = host;
  const port = `:${String(service.port)}`;
  if (text.endsWith(port)) text = text.slice(0, -port.length);
  text = text.toLowerCase();
  const name = service.name.toLowerCase();
  if (!text.startsWith(name)) return false;
  if (text.length === name.length) return localNamespace;
  const rest = text.slice(name.length);
  const space = `.${service.namespace}`;
  return (
    rest.startsWith(space) && ["", ".svc", ".svc.cluster", ".svc.cluster.local"].includes(rest.slice(space.length))
  );
}

/**
 * Finds the service that a host names on a port; "refused" where two of the port's services share a name, which Envoy does
 * not take.
 */
export function hostFinder<T>(
  hosted: readonly T[],
  portOf: (one: T) => number,
  serviceOf: (one: T) => MeshService,
  isLocal: (service: MeshService) => boolean,
): (port: number, host: string) => T | undefined | "refused" {
  const onPort = (port: number): readonly T[] => hosted.filter((one) => portOf(one) === port);
  if (hosted.length <= fewHosts) {
    const clashes = memo((port: number) => shareName(onPort(port).map(serviceOf), isLocal));
    return (port, host) => {
      const few = onPort(port);
      if (few.length > 1 && clashes(port)) return "refused";
      return few.find((one) => isHostnameOf(serviceOf(one), isLocal(serviceOf(one)), host));
    };
  }
  const indexes = memo((port: number) => indexHosts(onPort(port), serviceOf, isLocal));
  return (port, host) => {
    const names = indexes(port);
    return names === "refused" ? names : names.get(host.toLowerCase());
  };
}

function indexHosts<T>(
  hosted: readonly T[],
  serviceOf: (one: T) => MeshService,
  isLocal: (service: MeshService) => boolean,
): ReadonlyMap<string, T> | "refused" {
  if (shareName(hosted.map(serviceOf), isLocal)) return "refused";
  const names = new Map<string, T>();
  for (const one of hosted) {
    const service = serviceOf(one);
    for (const host of hostnamesOf(service, isLocal(service))) names.set(host.toLowerCase(), one);
  }
  return names;
}

/** Up to so many services are searched one by one. */
const fewHosts = 8;

function shareName(services: readonly MeshService[], isLocal: (service: MeshService) => boolean): boolean {
  const plain = new Set<string>();
  for (const { namespace, name } of services) {
    const key = `${name}.${namespace}`;
    if (plain.has(key)) return true;
    plain.add(key);
  }
  // Only the name of a headless Service's pod has a dot, and may look like another service with its namespace.
  if (services.every(({ name }) => !name.includes("."))) return false;
  const all = new Set<string>();
  for (const service of services) {
    for (const host of hostnamesOf(service, isLocal(service))) {
      const name = host.toLowerCase();
      if (all.has(name)) return true;
      all.add(name);
    }
  }
  return false;
}

/** The full name, which is also the TLS server name. */
export function fullName(service: Pick<MeshService, "name" | "namespace">): string {
  return `${service.name}.${service.namespace}.svc.cluster.local`;
}
