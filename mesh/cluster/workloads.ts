import { type JsonObject, type KubernetesObject, type ValuePath } from "../manifests";
import { type Reader } from "../manifests/reader";
import { type ContainerUser, readContainerUsers } from "./container-users";

/** Labels of an object, as Kubernetes selects by them. */
export type Labels = Readonly<Record<string, string>>;

/** A Namespace. */
export interface NamespaceState {
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** A pod: given, or made from a workload's template. */
export interface PodState {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly serviceAccount: string;
  /** Addresses in `status`; empty until addresses are assumed. */
  readonly ips: readonly string[];
  /** Set for pods of a StatefulSet, which a headless Service gives DNS names. */
  readonly hostname: string;
  readonly subdomain: string;
  readonly ready: boolean;
  readonly hostNetwork: boolean;
  /** Whether a cluster shows it as it runs; else a manifest shows it as it was written. */
  readonly running: boolean;
  /** Whether no object shows it: policies speak of it, and it may have more labels and ports. */
  readonly assumed?: boolean;
  /** Whether its addresses are made up. */
  readonly addressAssumed?: boolean;
  /** Container ports that have a name, for a Service's named `targetPort` and for network policies. */
  readonly namedPorts: readonly ContainerPort[];
  /** Containers that run before the others. */
  readonly initContainers: readonly InitContainer[];
  /** Whom the containers run as that run beside each other; empty where nothing tells. */
  readonly containerUsers: readonly ContainerUser[];
  /** The workload that it was made from, as `Deployment shop/cart`. */
  readonly workload?: string;
}

/** A container port with a name. */
export interface ContainerPort {
  readonly name: string;
  readonly port: number;
  /** TCP, UDP or SCTP. */
  readonly protocol: string;
}

/** A container that runs before the others. */
export interface InitContainer {
  readonly name: string;
  /** Its command, arguments and environment. */
  readonly text: string;
}

/** One port of a Service. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** Number, or name of a container port. */
  readonly targetPort: number | string;
  readonly appProtocol?: string;
  readonly transport: string;
}

/** A Service. */
export interface ServiceState {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Labels;
  readonly selector: Labels;
  /** Empty or `None` for a headless one. */
  readonly clusterIp: string;
  /** The name that its own stands for; undefined unless it is of type ExternalName. */
  readonly externalName: string | undefined;
  readonly ports: readonly ServicePort[];
  readonly publishNotReady: boolean;
  /** Whether it is called from outside of the cluster, by an address of a load balancer or of the nodes. */
  readonly exposed: boolean;
  /** When it was made, in the API server's form; empty where nothing tells, as in files. */
  readonly created: string;
  /** No manifest has it. */
  readonly assumed: boolean;
}

/** Whether a Service's name leads to the addresses of its pods, not to one of its own. */
export function isHeadless({ clusterIp }: Pick<ServiceState, "clusterIp">): boolean {
  return clusterIp === "" || clusterIp === "None";
}

/** One address of an Endpoints object. */
export interface EndpointAddress {
  readonly ip: string;
  readonly hostname: string;
  /** The pod that has it, where the object names one. */
  readonly pod?: string;
}

/** One subset of an Endpoints object. */
export interface EndpointSubset {
  readonly addresses: readonly EndpointAddress[];
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

/** An Endpoints object. */
export interface EndpointsState {
  readonly namespace: string;
  readonly name: string;
  readonly subsets: readonly EndpointSubset[];
  /** Whether it comes from a running cluster, where for a Service with a selector only Kubernetes' controller writes them. */
  readonly observed: boolean;
}

export function readNamespace(reader: Reader): NamespaceState {
  const { metadata } = reader.object;
  return {
    name: metadata.name,
    labels: reader.textMap(metadata.labels, ["metadata", "labels"]),
    annotations: reader.textMap(metadata.annotations, ["metadata", "annotations"]),
  };
}

export function readPod(reader: Reader): PodState {
  const { metadata } = reader.object;
  const status = reader.record(Reflect.get(reader.object, "status"), ["status"]);
  const listed = reader
    .list(status["podIPs"], ["status", "podIPs"])
    .map((item, index) =>
      reader.text(reader.record(item, ["status", "podIPs", index])["ip"], ["status", "podIPs", index, "ip"]),
    )
    .filter((ip) => ip !== undefined);
  const single = reader.text(status["podIP"], ["status", "podIP"]);
  const phase = reader.text(status["phase"], ["status", "phase"]);
  const conditions = reader.list(status["conditions"], ["status", "conditions"]);
  const unready = conditions.some((item, index) => {
    const condition = reader.record(item, ["status", "conditions", index]);
    return condition["type"] === "Ready" && condition["status"] !== "True";
  });
  const template = readTemplate(reader, Reflect.get(reader.object, "spec"), ["spec"]);
  // Written out: objects made by spreading are slow to make and to look at.
  return {
    serviceAccount: template.serviceAccount,
    hostname: template.hostname,
    subdomain: template.subdomain,
    hostNetwork: template.hostNetwork,
    running: metadata.uid !== undefined,
    namedPorts: template.namedPorts,
    initContainers: template.initContainers,
    containerUsers: template.containerUsers,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    labels: reader.textMap(metadata.labels, ["metadata", "labels"]),
    annotations: reader.textMap(metadata.annotations, ["metadata", "annotations"]),
    ips: listed.length > 0 ? listed : single === undefined || single === "" ? [] : [single],
    ready: !unready && phase !== "Succeeded" && phase !== "Failed" && phase !== "Pending",
  };
}

type PodTemplate = Pick<
  PodState,
  "serviceAccount" | "hostname" | "subdomain" | "hostNetwork" | "namedPorts" | "initContainers" | "containerUsers"
>;

function readTemplate(reader: Reader, value: unknown, path: ValuePath): PodTemplate {
  const spec = reader.record(value, path);
  const ports: ContainerPort[] = [];
  reader.list(spec["containers"], path, "containers").forEach((item, index) => {
    const at = [...path, "containers", index];
    const container = reader.record(item, at);
    reader.list(container["ports"], at, "ports").forEach((entry, portIndex) => {
      const port = reader.record(entry, [...at, "ports", portIndex]);
      const number = reader.integer(port["containerPort"], [...at, "ports", portIndex, "containerPort"]);
      const name = reader.text(port["name"], [...at, "ports", portIndex, "name"]);
      if (number === undefined || name === undefined) return;
      const protocol = reader.text(port["protocol"], [...at, "ports", portIndex, "protocol"]) ?? "TCP";
      ports.push({ name, port: number, protocol });
    });
  });
  const account =
    reader.text(spec["serviceAccountName"], path, "serviceAccountName") ??
    reader.text(spec["serviceAccount"], path, "serviceAccount") ??
    "";
  return {
    serviceAccount: account === "" ? "default" : account,
    hostname: reader.text(spec["hostname"], path, "hostname") ?? "",
    subdomain: reader.text(spec["subdomain"], path, "subdomain") ?? "",
    hostNetwork: reader.flag(spec["hostNetwork"], path, "hostNetwork") ?? false,
    namedPorts: ports,
    initContainers: reader
      .list(spec["initContainers"], path, "initContainers")
      .map((item, index) => readInitContainer(reader, item, [...path, "initContainers", index])),
    containerUsers: readContainerUsers(reader, spec, path),
  };
}

function readInitContainer(reader: Reader, value: unknown, path: ValuePath): InitContainer {
  const container = reader.record(value, path);
  const env = reader
    .list(container["env"], path, "env")
    .map((item, index) => reader.text(reader.record(item, [...path, "env", index])["value"], path, "env") ?? "");
  const words = [
    ...reader.texts(container["command"], path, "command"),
    ...reader.texts(container["args"], path, "args"),
  ];
  return { name: reader.text(container["name"], path, "name") ?? "", text: [...words, ...env].join("\n") };
}

/** Kinds whose controllers make pods. */
export const workloadKinds: ReadonlySet<string> = new Set([
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
]);

/** A StatefulSet's pods have names; more than this many are not made. */
const mostNamed = 16;

/** All other pods of a workload look alike, but one that calls itself is not one that calls another. */
const mostAlike = 2;

/** What a workload's controller would make. */
export interface WorkloadState {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** As many as a StatefulSet has replicas; of other workloads two stand for more. */
  readonly pods: readonly PodState[];
}

export function readWorkload(reader: Reader): WorkloadState {
  const { object } = reader;
  const base: ValuePath = object.kind === "CronJob" ? ["spec", "jobTemplate", "spec"] : ["spec"];
  let spec: JsonObject = reader.record(Reflect.get(object, "spec"), ["spec"]);
  if (object.kind === "CronJob") {
    const job = reader.record(spec["jobTemplate"], ["spec", "jobTemplate"]);
    spec = reader.record(job["spec"], base);
  }
  const template = reader.record(spec["template"], [...base, "template"]);
  const metadata = reader.record(template["metadata"], [...base, "template", "metadata"]);
  const pod = readTemplate(reader, template["spec"], [...base, "template", "spec"]);
  const replicas = reader.integer(spec["replicas"], [...base, "replicas"]) ?? 1;
  const named = object.kind === "StatefulSet";
  const count = Math.min(replicas, named ? mostNamed : mostAlike);
  const serviceName = named ? (reader.text(spec["serviceName"], [...base, "serviceName"]) ?? "") : "";
  const namespace = object.metadata.namespace ?? "";
  const pods = Array.from({ length: Math.max(count, 0) }, (_, ordinal): PodState => {
    const name = named || ordinal > 0 ? `${object.metadata.name}-${String(ordinal)}` : object.metadata.name;
    return {
      ...pod,
      namespace,
      name,
      ...(named && { hostname: name, subdomain: serviceName }),
      labels: reader.textMap(metadata["labels"], [...base, "template", "metadata", "labels"]),
      annotations: reader.textMap(metadata["annotations"], [...base, "template", "metadata", "annotations"]),
      ips: [],
      ready: true,
      running: false,
      workload: `${object.kind} ${namespace}/${object.metadata.name}`,
    };
  });
  return { namespace, serviceAccount: pod.serviceAccount, pods };
}

export function readService(reader: Reader): ServiceState {
  const { object } = reader;
  const spec = reader.record(Reflect.get(object, "spec"), ["spec"]);
  return {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    annotations: reader.textMap(object.metadata.annotations, ["metadata", "annotations"]),
    selector: reader.textMap(spec["selector"], ["spec", "selector"]),
    clusterIp: reader.text(spec["clusterIP"], ["spec", "clusterIP"]) ?? "",
    externalName:
      spec["type"] === "ExternalName" ? (reader.text(spec["externalName"], ["spec", "externalName"]) ?? "") : undefined,
    publishNotReady: reader.flag(spec["publishNotReadyAddresses"], ["spec", "publishNotReadyAddresses"]) ?? false,
    exposed: spec["type"] === "LoadBalancer" || spec["type"] === "NodePort",
    created: createdOf(object),
    assumed: false,
    ports: reader.list(spec["ports"], ["spec", "ports"]).map((item, index): ServicePort => {
      const path = ["spec", "ports", index] as const;
      const port = reader.record(item, path);
      const number = reader.integer(port["port"], path, "port") ?? 0;
      const target = port["targetPort"];
      const appProtocol = reader.text(port["appProtocol"], path, "appProtocol");
      return {
        name: reader.text(port["name"], path, "name") ?? "",
        port: number,
        targetPort: typeof target === "string" ? target : (reader.integer(target, path, "targetPort") ?? number),
        transport: reader.text(port["protocol"], path, "protocol") ?? "TCP",
        ...(appProtocol !== undefined && { appProtocol }),
      };
    }),
  };
}

/** An object's `creationTimestamp`; empty where there is none. */
export function createdOf({ metadata }: KubernetesObject): string {
  const created: unknown = Reflect.get(metadata, "creationTimestamp");
  return typeof created === "string" ? created : "";
}

/** Fields that only an API server writes. */
const serverFields = ["uid", "resourceVersion", "creationTimestamp"] as const;

export function readEndpoints(reader: Reader): EndpointsState {
  const { object } = reader;
  let observed = serverFields.some((field) => Object.hasOwn(object.metadata, field));
  return {
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    subsets: reader.list(Reflect.get(object, "subsets"), ["subsets"]).map((item, index) => {
      const path = ["subsets", index] as const;
      const subset = reader.record(item, path);
      return {
        addresses: reader.list(subset["addresses"], path, "addresses").map((entry, at) => {
          const address = reader.record(entry, [...path, "addresses", at]);
          const target = reader.record(address["targetRef"], [...path, "addresses", at], "targetRef");
          const pod = target["kind"] === "Pod" ? reader.text(target["name"], path, "targetRef") : undefined;
          if (pod !== undefined) observed = true;
          return {
            ip: reader.text(address["ip"], [...path, "addresses", at, "ip"]) ?? "",
            hostname: reader.text(address["hostname"], [...path, "addresses", at, "hostname"]) ?? "",
            ...(pod !== undefined && { pod }),
          };
        }),
        ports: reader.list(subset["ports"], path, "ports").map((entry, at) => {
          const port = reader.record(entry, [...path, "ports", at]);
          return {
            name: reader.text(port["name"], [...path, "ports", at, "name"]) ?? "",
            port: reader.integer(port["port"], [...path, "ports", at, "port"]) ?? 0,
          };
        }),
      };
    }),
    observed,
  };
}
