import { type KubernetesObject } from "../../mesh/manifests";
import { listAt, textAt, valueAt } from "../../mesh/manifests/inside";

/** Whether an object is a Service of Kubernetes. */
export function isService({ apiVersion, kind }: KubernetesObject): boolean {
  return apiVersion === "v1" && kind === "Service";
}

/**
 * Where Services answer inside the cluster, by name: with the namespace where it takes one to tell them apart.
 *
 * @param plain the objects as the application names them.
 * @param deployed the same objects where they are deployed.
 */
export function addressesOf(
  plain: readonly KubernetesObject[],
  deployed: readonly KubernetesObject[],
): Record<string, string> {
  const names = plain.filter(isService).map(({ metadata }) => metadata.name);
  const found = plain.flatMap((object, place): readonly (readonly [string, string])[] => {
    const { name, namespace = "" } = object.metadata;
    const service = deployed[place];
    const address = isService(object) && service !== undefined ? addressOf(service) : undefined;
    if (address === undefined) return [];
    const alone = names.filter((other) => other === name).length === 1;
    return [[alone ? name : `${namespace}/${name}`, address]];
  });
  return Object.fromEntries(found);
}

/** The address of a Service's first port; undefined where it has none. */
export function addressOf(service: KubernetesObject): string | undefined {
  const [first] = listAt(service, "spec", "ports");
  const port = valueAt(first, "port");
  if (typeof port !== "number") return undefined;
  const { name, namespace = "default" } = service.metadata;
  return `${schemeOf(first)}://${name}.${namespace}.svc.cluster.local:${port}`;
}

/** What ports speak, by what `appProtocol` or the first part of their name says. All else is bytes. */
const schemes: Readonly<Record<string, string>> = {
  ...{ http: "http", http2: "http", web: "http", h2c: "http" },
  ...{ https: "https", grpc: "grpc", tcp: "tcp" },
};

/** What a Service's port speaks: HTTP where nothing tells, as Open Service Mesh takes it. */
export function schemeOf(port: unknown): string {
  const said = textAt(port, "appProtocol") ?? textAt(port, "name")?.split("-")[0];
  return said === undefined ? "http" : (schemes[said] ?? "tcp");
}
