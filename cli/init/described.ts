import { describeObject, isJsonObject, type KubernetesObject } from "../../mesh/manifests";
import { repositoryOf } from "../../mesh/manifests/image";
import { listAt, textAt, valueAt } from "../../mesh/manifests/inside";
import { isBehind, podTemplateOf } from "../../mesh/manifests/pod-template";
import { type PolicyPort, type PolicyService } from "../../mesh/policy";

/** What manifests say of an application, in the terms of a policy. */
export interface Described {
  /** Services, and workloads that only call, by name. */
  readonly services: ReadonlyMap<string, PolicyService>;
  /** Repositories of images, by their last part. */
  readonly images: ReadonlyMap<string, string>;
  /** Name of the first service that speaks HTTP. */
  readonly front?: string;
  /** What could not be told, a sentence each. */
  readonly notes: readonly string[];
}

const workloadKinds = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"];

/** Ports of servers that are spoken to in protocols of their own. */
const byteProtocols: ReadonlySet<number> = new Set([
  ...[3306, 5432, 1433, 1521, 6379, 11211, 27017, 9042, 5672, 9092, 4222, 2181, 25, 22],
]);

interface Workload {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly account: string;
}

/** Describes an application by its manifests. */
export function describeApplication(objects: readonly KubernetesObject[]): Described {
  const notes: string[] = [];
  const workloads = objects.filter(({ kind }) => workloadKinds.includes(kind)).map(workloadOf);
  const behind = new Set<Workload>();
  const found: { readonly name: string; readonly service: PolicyService }[] = [];
  for (const service of objects.filter(({ apiVersion, kind }) => apiVersion === "v1" && kind === "Service")) {
    const { name, namespace = "default" } = service.metadata;
    const pods = workloads.filter(({ object }) => isBehind(object, service));
    const accounts = [...new Set(pods.map(({ account }) => account))];
    pods.forEach((workload) => behind.add(workload));
    if (accounts.length !== 1) {
      notes.push(
        accounts.length === 0
          ? `${describeObject(service)}: no workload is behind it, so it is left out.`
          : `${describeObject(service)}: its pods run as ${accounts.join(" and ")}; it is written with the first.`,
      );
    }
    const [serviceAccount] = accounts;
    if (serviceAccount === undefined) continue;
    if (serviceAccount === "default") notes.push(defaultAccount(service));
    found.push({ name, service: { namespace, serviceAccount, ports: portsOf(service, notes) } });
  }
  for (const workload of workloads.filter((one) => !behind.has(one))) {
    const { object, namespace, account: serviceAccount } = workload;
    if (serviceAccount === "default") notes.push(defaultAccount(object));
    found.push({ name: object.metadata.name, service: { namespace, serviceAccount } });
  }
  const services = new Map<string, PolicyService>();
  for (const { name, service } of found) {
    const alone = found.filter((other) => other.name === name).length === 1;
    services.set(alone ? name : `${service.namespace}-${name}`, alone ? service : { ...service, service: name });
  }
  const front = [...services].find(([, { ports = [] }]) => ports.some(({ protocol }) => protocol === "http"))?.[0];
  return { services, images: imagesOf(objects), notes, ...(front !== undefined && { front }) };
}

function defaultAccount(object: KubernetesObject): string {
  return (
    `${describeObject(object)}: its pods run as the service account default, which all others of the namespace that name none share. Give ` +
    "them one of their own: a mesh tells callers apart by it."
  );
}

function workloadOf(object: KubernetesObject): Workload {
  return {
    object,
    namespace: object.metadata.namespace ?? "default",
    account: textAt(podTemplateOf(object), "spec", "serviceAccountName") ?? "default",
  };
}

function portsOf(service: KubernetesObject, notes: string[]): readonly PolicyPort[] {
  return listAt(service, "spec", "ports").flatMap((spec) => {
    const port = valueAt(spec, "port");
    if (typeof port !== "number") return [];
    const targetPort = valueAt(spec, "targetPort");
    return [
      {
        port,
        ...(typeof targetPort === "number" && targetPort !== port && { targetPort }),
        protocol: protocolOf(spec, port, service, notes),
      },
    ];
  });
}

/** What a port speaks, as the meshes read it, and a note where they would read it otherwise than its number suggests. */
function protocolOf(spec: unknown, port: number, service: KubernetesObject, notes: string[]): PolicyPort["protocol"] {
  const said = textAt(spec, "appProtocol") ?? textAt(spec, "name")?.split("-")[0];
  const known = (["http", "https", "grpc", "tcp"] as const).find((protocol) => protocol === said);
  if (known !== undefined) return known;
  if (!byteProtocols.has(port)) return "http";
  notes.push(
    `${describeObject(service)}: nothing says what port ${String(port)} speaks, and Open Service Mesh would take it for HTTP. Write appProtocol: tcp there.`,
  );
  return "tcp";
}

function imagesOf(objects: readonly KubernetesObject[]): ReadonlyMap<string, string> {
  const images = new Map<string, string>();
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (isJsonObject(value)) {
      for (const [key, part] of Object.entries(value)) {
        if (key !== "image" || typeof part !== "string") collect(part);
        else {
          const repository = repositoryOf(part);
          images.set(repository.slice(repository.lastIndexOf("/") + 1), repository);
        }
      }
    }
  };
  objects.forEach(collect);
  return images;
}
