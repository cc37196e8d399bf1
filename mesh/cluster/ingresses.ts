import { type KubernetesObject, type ValuePath } from "../manifests";
import { type Reader } from "../manifests/reader";

/** What a controller of ingresses passes on, and to whom: an Ingress, an HTTPProxy of Contour, a route of the Gateway API. */
export interface IngressState {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
  readonly backends: readonly IngressBackendState[];
}

/** A Service that an Ingress leads to. */
export interface IngressBackendState {
  readonly namespace: string;
  readonly service: string;
  /** Number or name of the Service's port. */
  readonly port: number | string;
  /** Host header of requests that are led there; undefined for any. */
  readonly host: string | undefined;
  readonly path: ValuePath;
}

/** Reads an Ingress of networking.k8s.io. */
export function readIngressObject(reader: Reader): IngressState {
  const { object } = reader;
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  const namespace = object.metadata.namespace ?? "";
  const backends: IngressBackendState[] = [];
  const add = (value: unknown, host: string | undefined, path: ValuePath): void => {
    const service = reader.record(reader.record(value, path)["service"], path, "service");
    const name = reader.text(service["name"], path, "service");
    if (name === undefined) return;
    const given = reader.record(service["port"], path, "service");
    const port = reader.text(given["name"], path) ?? reader.integer(given["number"], path) ?? 0;
    backends.push({ namespace, service: name, port, host, path });
  };
  add(spec["defaultBackend"], undefined, ["spec", "defaultBackend"]);
  reader.list(spec["rules"], ["spec", "rules"]).forEach((item, index) => {
    const at = ["spec", "rules", index, "http"] as const;
    const rule = reader.record(item, at);
    const host = reader.text(rule["host"], at);
    const http = reader.record(rule["http"], at);
    reader.list(http["paths"], at, "paths").forEach((entry, number) => {
      const path = [...at, "paths", number];
      add(reader.record(entry, path)["backend"], host, [...path, "backend"]);
    });
  });
  return { object, namespace, name: object.metadata.name, backends };
}

/** Group of Contour's kinds (https://projectcontour.io/docs/main/config/api/). */
export const contourGroup = "projectcontour.io";

/** Reads an HTTPProxy of Contour. What it delegates to other HTTPProxies is theirs. */
export function readHttpProxy(reader: Reader): IngressState {
  const { object } = reader;
  const namespace = object.metadata.namespace ?? "";
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  const virtualHost = reader.record(spec["virtualhost"], ["spec"], "virtualhost");
  const host = reader.text(virtualHost["fqdn"], ["spec", "virtualhost"], "fqdn");
  const servicesOf = (value: unknown, at: ValuePath): readonly IngressBackendState[] =>
    reader.list(reader.record(value, at)["services"], at, "services").flatMap((entry, index) => {
      const path = [...at, "services", index];
      const service = reader.record(entry, path);
      const name = reader.text(service["name"], path, "name");
      if (name === undefined) return [];
      return [{ namespace, service: name, port: reader.integer(service["port"], path, "port") ?? 0, host, path }];
    });
  const routes = reader.list(spec["routes"], ["spec", "routes"]);
  const backends = [
    ...routes.flatMap((route, index) => servicesOf(route, ["spec", "routes", index])),
    ...servicesOf(spec["tcpproxy"], ["spec", "tcpproxy"]),
  ];
  return { object, namespace, name: object.metadata.name, backends };
}

/** Reads a route of the Gateway API, whoever's gateways it is attached to. Services as parents make it one for callers inside, which leads nobody in. */
export function readGatewayRoute(reader: Reader): IngressState {
  const { object } = reader;
  const namespace = object.metadata.namespace ?? "";
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  const parents = reader.list(spec["parentRefs"], ["spec", "parentRefs"]).map((one) => reader.record(one, ["spec"]));
  const leadsIn = parents.length === 0 || parents.some(({ kind = "Gateway" }) => kind === "Gateway");
  const [named] = reader.list(spec["hostnames"], ["spec", "hostnames"]);
  const host = typeof named === "string" ? named.replace("*", "any") : undefined;
  const backends = reader.list(spec["rules"], ["spec", "rules"]).flatMap((rule, index) => {
    const at = ["spec", "rules", index] as const;
    return reader.list(reader.record(rule, at)["backendRefs"], at, "backendRefs").flatMap((entry, number) => {
      const path = [...at, "backendRefs", number];
      const reference = reader.record(entry, path);
      const service = reader.text(reference["name"], path, "name");
      if (service === undefined || (reference["kind"] ?? "Service") !== "Service") return [];
      const port = reader.integer(reference["port"], path, "port") ?? 0;
      return [
        { namespace: reader.text(reference["namespace"], path, "namespace") ?? namespace, service, port, host, path },
      ];
    });
  });
  return { object, namespace, name: object.metadata.name, backends: leadsIn ? backends : [] };
}
