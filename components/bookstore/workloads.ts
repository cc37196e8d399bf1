import type * as kubernetes from "@pulumi/kubernetes";
import { bookstoreServices } from "../../mesh/osm/samples";
import { type BookstoreArgs, type ContainerResources } from "./args";

/** An object of the sample and where it belongs. */
export interface Placed<T> {
  readonly name: string;
  readonly namespace: string;
  readonly args: T;
}

type Container = kubernetes.types.input.core.v1.Container;
type DeploymentArgs = kubernetes.types.input.apps.v1.Deployment;
type StatefulSetArgs = kubernetes.types.input.apps.v1.StatefulSet;
type ServiceArgs = kubernetes.types.input.core.v1.Service;

/** The demonstration programs, each an image of its own. */
export const programs = ["bookbuyer", "bookthief", "bookstore", "bookwarehouse"] as const;

/** Name of a demonstration program. */
export type Program = (typeof programs)[number];

/** The port that every demonstration program listens on. */
const httpPort = 14001;

/** The database's port, compiled into bookwarehouse. */
const databasePort = 3306;

/** Name of the Secret with the database's password. */
export const databaseSecretName = "mysql";

/** User ids: that of distroless images' `nonroot`, and mysql's own. OSM keeps 1500 for its sidecar. */
const users = { demonstration: 65532, mysql: 999 };

/** A Deployment of the sample. */
interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly program: Program;
  readonly serviceAccount: string;
  readonly labels: Record<string, string>;
  readonly env: Record<string, string>;
}

/** The namespace that one of the sample's becomes. */
export function namespaceIn(args: BookstoreArgs, namespace: string): string {
  return `${args.namespaces?.prefix ?? ""}${namespace}`;
}

/** Image of a demonstration program, pinned by digest where one is given. */
export function programImage(program: Program, images: BookstoreArgs["images"] = {}): string {
  const reference = images.references?.[program];
  if (reference !== undefined) return reference;
  const digest = images.digests?.[program];
  const image = `${images.repository ?? "docker.io/openservicemesh"}/${program}:${images.tag ?? "v1.2.4"}`;
  return digest === undefined ? image : `${image}@${digest}`;
}

/** Requests and limits of a container. */
function resources(given: ContainerResources | undefined, defaults: Required<Omit<ContainerResources, "cpuLimit">>) {
  return {
    requests: {
      cpu: given?.cpuRequest ?? defaults.cpuRequest,
      memory: given?.memoryRequest ?? defaults.memoryRequest,
    },
    limits: {
      ...(given?.cpuLimit === undefined ? {} : { cpu: given.cpuLimit }),
      memory: given?.memoryLimit ?? defaults.memoryLimit,
    },
  };
}

/** A container that may do nothing but run. The mesh's own containers bring their settings with them. */
function confined(user: number): kubernetes.types.input.core.v1.SecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** The Deployments of the sample. */
function workloads(args: BookstoreArgs): Workload[] {
  const shop = {
    BOOKSTORE_NAMESPACE: namespaceIn(args, "bookstore"),
    BOOKSTORE_SVC: "bookstore",
    ENABLE_EGRESS: "false",
  };
  const bookstore = (version: "v1" | "v2", serviceAccount: string): Workload => ({
    name: `bookstore-${version}`,
    namespace: "bookstore",
    program: "bookstore",
    serviceAccount,
    labels: { app: "bookstore", version },
    env: { IDENTITY: `bookstore-${version}`, BOOKWAREHOUSE_NAMESPACE: namespaceIn(args, "bookwarehouse") },
  });
  return [
    {
      name: "bookbuyer",
      namespace: "bookbuyer",
      program: "bookbuyer",
      serviceAccount: "bookbuyer",
      labels: { app: "bookbuyer", version: "v1" },
      env: { ...shop, CI_MAX_ITERATIONS_THRESHOLD: "0", CI_CLIENT_CONCURRENT_CONNECTIONS: "1" },
    },
    {
      name: "bookthief",
      namespace: "bookthief",
      program: "bookthief",
      serviceAccount: "bookthief",
      labels: { app: "bookthief", version: "v1" },
      env: { ...shop, CI_MAX_ITERATIONS_THRESHOLD: "0", BOOKTHIEF_EXPECTED_RESPONSE_CODE: "0" },
    },
    bookstore("v1", "bookstore"),
    bookstore("v2", "bookstore-v2"),
    {
      name: "bookwarehouse",
      namespace: "bookwarehouse",
      program: "bookwarehouse",
      serviceAccount: "bookwarehouse",
      labels: { app: "bookwarehouse", version: "v1" },
      env: { IDENTITY: "bookwarehouse" },
    },
  ];
}

/** Probes of a program; OSM reroutes them past the access policy. Only bookstore has endpoints for them. */
function probes(program: Program): Pick<Container, "livenessProbe" | "readinessProbe" | "startupProbe"> {
  if (program !== "bookstore") {
    const tcp = { tcpSocket: { port: httpPort } };
    return { readinessProbe: { ...tcp, periodSeconds: 5 }, livenessProbe: { ...tcp, periodSeconds: 10 } };
  }
  return {
    startupProbe: { httpGet: { path: "/startup", port: httpPort }, failureThreshold: 30, periodSeconds: 5 },
    readinessProbe: { httpGet: { path: "/readiness", port: httpPort }, failureThreshold: 10 },
    livenessProbe: { httpGet: { path: "/liveness", port: httpPort }, initialDelaySeconds: 3, periodSeconds: 3 },
  };
}

/**
 * Metadata of pods. A namespace's label gives new pods the sidecar of another revision, and leaves those that run as they are: the
 * annotation changes the template with it, so that they are made anew.
 */
function podMetadata({ istio, migration }: BookstoreArgs, labels: Record<string, string>) {
  const revision = istio?.revision ?? (migration && (migration.revision ?? "none"));
  return revision === undefined ? { labels } : { labels, annotations: { "aks-mesh/mesh-revision": revision } };
}

/** Deployments of the demonstration programs. */
export function deployments(args: BookstoreArgs): Placed<DeploymentArgs>[] {
  return workloads(args).map(({ name, namespace, program, serviceAccount, labels, env }) => ({
    name,
    namespace,
    args: {
      metadata: { name, namespace: namespaceIn(args, namespace), labels },
      spec: {
        replicas: args.replicas ?? 1,
        selector: { matchLabels: labels },
        template: {
          metadata: podMetadata(args, labels),
          spec: {
            serviceAccountName: serviceAccount,
            nodeSelector: { "kubernetes.io/os": "linux", ...args.nodeSelector },
            automountServiceAccountToken: false,
            containers: [
              {
                name: program,
                image: programImage(program, args.images),
                command: [`/${program}`],
                args: ["--port", String(httpPort)],
                ports: [{ name: "web", containerPort: httpPort }],
                env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
                resources: resources(args.resources?.[program], {
                  cpuRequest: "10m",
                  memoryRequest: "32Mi",
                  memoryLimit: "64Mi",
                }),
                securityContext: confined(users.demonstration),
                ...probes(program),
              },
            ],
          },
        },
      },
    },
  }));
}

/** The database. Its password is compiled into bookwarehouse, so it is no secret, but it is kept like one. */
export function database(args: BookstoreArgs): StatefulSetArgs {
  const labels = { app: "mysql" };
  const { storage } = args;
  const volume = { name: "data", mountPath: "/var/lib/mysql" };
  return {
    metadata: { name: "mysql", namespace: namespaceIn(args, "bookwarehouse"), labels },
    spec: {
      serviceName: "mysql",
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: podMetadata(args, labels),
        spec: {
          serviceAccountName: "mysql",
          nodeSelector: { "kubernetes.io/os": "linux", ...args.nodeSelector },
          automountServiceAccountToken: false,
          securityContext: { fsGroup: users.mysql },
          containers: [
            {
              name: "mysql",
              image: args.images?.references?.["mysql"] ?? args.images?.mysql ?? "docker.io/library/mysql:8.0.36",
              ports: [{ name: "client", containerPort: databasePort }],
              env: [
                {
                  name: "MYSQL_ROOT_PASSWORD",
                  valueFrom: { secretKeyRef: { name: databaseSecretName, key: "root-password" } },
                },
                { name: "MYSQL_DATABASE", value: "booksdemo" },
              ],
              volumeMounts: [
                volume,
                { name: "scratch", mountPath: "/var/run/mysqld", subPath: "run" },
                { name: "scratch", mountPath: "/tmp", subPath: "tmp" },
              ],
              resources: resources(args.resources?.["mysql"], {
                cpuRequest: "100m",
                memoryRequest: "384Mi",
                memoryLimit: "768Mi",
              }),
              securityContext: confined(users.mysql),
              readinessProbe: { tcpSocket: { port: databasePort }, initialDelaySeconds: 15, periodSeconds: 10 },
            },
          ],
          volumes: [
            { name: "scratch", emptyDir: {} },
            ...(storage === undefined ? [{ name: "data", emptyDir: {} }] : []),
          ],
        },
      },
      ...(storage === undefined
        ? {}
        : {
            volumeClaimTemplates: [
              {
                metadata: { name: "data" },
                spec: {
                  accessModes: ["ReadWriteOnce"],
                  storageClassName: storage.storageClass,
                  resources: { requests: { storage: storage.size } },
                },
              },
            ],
          }),
    },
  };
}

/** A Service of the sample: one port, and the pods behind it. */
interface SampleService {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  readonly appProtocol: string;
}

/** The Services of the sample, as its policy names them. */
export const sampleServices: readonly SampleService[] = Object.entries(bookstoreServices()).flatMap(
  ([name, { namespace, ports = [] }]) =>
    ports.map(({ port, protocol }) => ({ name, namespace, port, appProtocol: protocol })),
);

/** The pods of a Service. The root's are those of both versions, as a TrafficSplit needs it. */
function selectorOf(service: string): Record<string, string> {
  const [app = service, version] = service.split("-");
  return version === undefined ? { app } : { app, version };
}

/** Whether a Service leads to the pods of a Deployment: its own, or those of one of its versions. */
export function isBehind(deployment: string, service: string): boolean {
  return deployment === service || deployment.startsWith(`${service}-`);
}

/**
 * Arguments of a Service. The database's is headless, as a StatefulSet wants it.
 *
 * A port's name has its number in it: in a preview of another number, the API server sees the old port beside the new one (the
 * provider takes over the fields of its creation in a run only), and refuses two ports of one name.
 */
export function serviceArgs(args: BookstoreArgs, service: SampleService): ServiceArgs {
  const { name, namespace, port, appProtocol } = service;
  const selector = selectorOf(name);
  return {
    metadata: { name, namespace: namespaceIn(args, namespace), labels: selector },
    spec: {
      ...(name === "mysql" ? { clusterIP: "None" } : {}),
      selector,
      ports: [{ name: `${appProtocol}-${port}`, port, targetPort: port, appProtocol }],
    },
  };
}

/** Service accounts: the identities that the policies speak of. */
export const sampleAccounts: readonly { readonly name: string; readonly namespace: string }[] = [
  ...new Map(
    Object.values(bookstoreServices()).map(({ namespace, serviceAccount: name }) => [
      `${namespace}/${name}`,
      { namespace, name },
    ]),
  ).values(),
];

/** Arguments of a service account. */
export function accountArgs(
  args: BookstoreArgs,
  { name, namespace }: (typeof sampleAccounts)[number],
): kubernetes.types.input.core.v1.ServiceAccount {
  return { metadata: { name, namespace: namespaceIn(args, namespace) }, automountServiceAccountToken: false };
}
