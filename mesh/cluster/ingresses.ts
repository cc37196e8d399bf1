import { type KubernetesObject, type ValuePath } from "../manifests";
import { type Reader } from "../manifests/reader";

/** An Ingress of networking.k8s.io: what its controller passes on, and to whom. */
export interface IngressState {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
  readonly backends: readonly IngressBackendState[];
}

/** A Service that an Ingress leads to. */
export interface IngressBackendState {
  readonly service: string;
  /** Number or name of the Service's port. */
  readonly port: number | string;
  readonly path: ValuePath;
}

export function readIngressObject(reader: Reader): IngressState {
  const { object } = reader;
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  const backends: IngressBackendState[] = [];
  const add = (value: unknown, path: ValuePath): void => {
    const service = reader.record(reader.record(value, path)["service"], path, "service");
    const name = reader.text(service["name"], path, "service");
    if (name === undefined) return;
    const port = reader.record(service["port"], path, "service");
    backends.push({
      service: name,
      port: reader.text(port["name"], path) ?? reader.integer(port["number"], path) ?? 0,
      path,
    });
  };
  add(spec["defaultBackend"], ["spec", "defaultBackend"]);
  reader.list(spec["rules"], ["spec", "rules"]).forEach((item, index) => {
    const at = ["spec", "rules", index, "http"] as const;
    const http = reader.record(reader.record(item, at)["http"], at);
    reader.list(http["paths"], at, "paths").forEach((entry, number) => {
      const path = [...at, "paths", number];
      add(reader.record(entry, path)["backend"], [...path, "backend"]);
    });
  });
  return { object, namespace: object.metadata.namespace ?? "", name: object.metadata.name, backends };
}
