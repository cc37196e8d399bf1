import { type Draw } from "./draw";
import { type Mood, namespaces, serviceNames } from "./names";
import { type Workload } from "./workload";

/** A Service as the requests need to know it. */
export interface DrawnService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly port: number; readonly protocol: "http" | "tcp" }[];
}

interface DrawnPort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

/**
 * A Service, mostly for one of the workloads.
 * @param named says every port's protocol: without that it is HTTP to OSM, and Istio finds out with filters that upstream Envoy lacks.
 */
export function drawService(draw: Draw, mood: Mood, workloads: readonly Workload[], named: boolean) {
  const wild = mood === "wild";
  const workload = draw.maybe(workloads);
  const several = draw.oneIn(3) ? draw.some([80, 81, 5000]) : [];
  const numbers = several.length > 1 ? several : [draw.pick([80, 80, 81, 5000])];
  const targets = [8080, 8081, 9090];
  const ports: DrawnPort[] = numbers.map((port, index) => {
    const prefix = draw.oneIn(3)
      ? draw.pick(["tcp-", "grpc-", "http-", ...(wild ? ["https-", "tcp-server-first-", "tcp"] : [])])
      : "";
    const target = wild ? draw.pick([8080, 8080, 8081, port, "web", "missing"]) : (targets[index] ?? port);
    return {
      ...((numbers.length > 1 || prefix !== "" || draw.oneIn(3)) && { name: `${prefix}p${String(port)}` }),
      port,
      ...(named && prefix === "" && { appProtocol: "http" }),
      ...(!draw.oneIn(6) && { targetPort: draw.oneIn(8) ? "web" : target }),
      ...(draw.oneIn(wild ? 3 : 8) && {
        appProtocol: draw.pick(["http", "tcp", "grpc", ...(wild ? ["https", "TCP", "HTTP", "mongo"] : [])]),
      }),
    };
  });
  const name = draw.pick(serviceNames);
  const selector: Record<string, string> =
    wild && draw.oneIn(6)
      ? draw.pick<Record<string, string>>([{}, { app: "nobody" }, { version: "v1" }])
      : { app: workload?.spec.template.metadata.labels.app ?? name, ...(wild && draw.oneIn(4) && { version: "v1" }) };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: draw.oneIn(8) ? draw.pick(namespaces) : (workload?.metadata.namespace ?? "a") },
    spec: { ...(draw.oneIn(wild ? 6 : 20) && { clusterIP: "None" }), selector, ports },
  };
}

export type ServiceObject = ReturnType<typeof drawService>;

export function describeService({ metadata, spec }: ServiceObject): DrawnService {
  return {
    ...metadata,
    ports: spec.ports.map(({ name = "", port, appProtocol }) => ({
      port,
      protocol: (appProtocol ?? name).toLowerCase().startsWith("tcp") ? "tcp" : "http",
    })),
  };
}

/** A Service that is another name for a host. */
export function drawAlias(draw: Draw) {
  const namespace = draw.pick(namespaces);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "alias", namespace },
    spec: {
      type: "ExternalName",
      externalName: draw.pick(["example.com", `${draw.pick(serviceNames)}.${namespace}.svc.cluster.local`]),
      ...(draw.oneIn(2) && { ports: [{ port: draw.pick([80, 5000]) }] }),
    },
  };
}

export type AliasObject = ReturnType<typeof drawAlias>;
