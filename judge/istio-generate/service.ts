import { type Draw } from "../generate/draw";
import { type Mood } from "../generate/names";
import { namespaces, ports, serviceNames } from "./names";
import { type Workload } from "./workload";

interface DrawnPort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly appProtocol?: string;
}

/** A Service as the requests need to know it. */
export interface DrawnService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly { readonly port: number; readonly protocol: "http" | "tcp" }[];
}

/** A Service, mostly for one of the workloads. Most ports have a protocol by their name; the others are sniffed. */
export function drawService(draw: Draw, mood: Mood, workloads: readonly Workload[]) {
  const wild = mood === "wild";
  const workload = draw.maybe(workloads);
  const several = draw.oneIn(3) ? draw.some(ports) : [];
  const headless = draw.oneIn(wild ? 8 : 25);
  const numbers = several.length > 1 ? several : [draw.pick([80, 80, 81, 5000])];
  const targets = [8080, 8081, 9090];
  const drawnPorts: DrawnPort[] = numbers.map((port, index) => {
    const prefix = draw.oneIn(3) ? "tcp" : mood !== "tame" && draw.oneIn(8) ? draw.pick(["", "grpc", "http2"]) : "http";
    const target = wild && !headless ? draw.pick([8080, 8080, 8081, port, "web", "missing"]) : (targets[index] ?? port);
    return {
      name: `${prefix}${prefix === "" ? "" : "-"}p${String(port)}`,
      port,
      // Pods are called by their own addresses there, and the port stays.
      ...(!headless && !draw.oneIn(6) && { targetPort: draw.oneIn(8) ? "web" : target }),
      ...(draw.oneIn(wild ? 6 : 20) && { appProtocol: draw.pick(["http", "tcp", ...(wild ? ["HTTP", "odd"] : [])]) }),
    };
  });
  const name = draw.pick(serviceNames);
  const selector: Readonly<Record<string, string>> =
    wild && draw.oneIn(6)
      ? draw.pick<Readonly<Record<string, string>>>([{ app: "nobody" }, { version: "v1" }])
      : { app: workload?.spec.template.metadata.labels.app ?? name, ...(wild && draw.oneIn(4) && { version: "v1" }) };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: draw.oneIn(8) ? draw.pick(namespaces) : (workload?.metadata.namespace ?? "a") },
    spec: { ...(headless && { clusterIP: "None" }), selector, ports: drawnPorts },
  };
}

export type ServiceObject = ReturnType<typeof drawService>;

/** What requests need to know of a Service. */
export function describeService({ metadata, spec }: ServiceObject): DrawnService {
  return {
    ...metadata,
    ports: spec.ports.map(({ name = "", port, appProtocol }) => ({
      port,
      protocol: (appProtocol ?? name).toLowerCase().startsWith("tcp") ? "tcp" : "http",
    })),
  };
}
