import type * as kubernetes from "@pulumi/kubernetes";
import { type WorkloadObject } from "../../components/application";

type Container = kubernetes.types.input.core.v1.Container;

/** The port that every demonstration program listens on. */
const httpPort = 14001;

/** The database's port, compiled into bookwarehouse. */
const databasePort = 3306;

/** User ids: that of distroless images' `nonroot`, and mysql's own. OSM keeps 1500 for its sidecar. */
const users = { demonstration: 65532, mysql: 999 };

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

function account(namespace: string, name: string): WorkloadObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
    automountServiceAccountToken: false,
  };
}

/**
 * A Service. A port's name has its number in it: in a preview of another number, the API server sees the old port beside the new one
 * (the provider takes over the fields of its creation in a run only), and refuses two ports of one name.
 */
function service(namespace: string, name: string, selector: Record<string, string>, headless = false): WorkloadObject {
  const [port, appProtocol] = headless ? [databasePort, "tcp"] : [httpPort, "http"];
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels: selector },
    spec: {
      ...(headless && { clusterIP: "None" }),
      selector,
      ports: [{ name: `${appProtocol}-${port}`, port, targetPort: port, appProtocol }],
    },
  };
}

/** One of the demonstration programs. */
interface Program {
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
  /** Name of the image and of the command in it. */
  readonly program: string;
  readonly version?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly probes: Pick<Container, "livenessProbe" | "readinessProbe" | "startupProbe">;
  /** What it waits for, as the annotation has it. */
  readonly after?: string;
}

function deployment({
  namespace,
  name,
  account,
  program,
  version = "v1",
  env,
  probes,
  after,
}: Program): WorkloadObject {
  const labels = { app: program, version };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      ...{ name, namespace, labels },
      ...(after !== undefined && { annotations: { "config.kubernetes.io/depends-on": after } }),
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: account,
          nodeSelector: { "kubernetes.io/os": "linux" },
          automountServiceAccountToken: false,
          containers: [
            {
              name: program,
              image: `docker.io/openservicemesh/${program}:v1.2.4`,
              command: [`/${program}`],
              args: ["--port", String(httpPort)],
              ports: [{ name: "web", containerPort: httpPort }],
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
              resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
              securityContext: confined(users.demonstration),
              ...probes,
            },
          ],
        },
      },
    },
  };
}

/** Probes of the programs without endpoints for them; OSM reroutes probes past the access policy. */
const listens: Program["probes"] = {
  readinessProbe: { tcpSocket: { port: httpPort }, periodSeconds: 5 },
  livenessProbe: { tcpSocket: { port: httpPort }, periodSeconds: 10 },
};

/** What customers are told. */
const shop = { BOOKSTORE_NAMESPACE: "${namespace:bookstore}", BOOKSTORE_SVC: "bookstore", ENABLE_EGRESS: "false" };

function bookstore(version: string, account: string): WorkloadObject {
  return deployment({
    ...{ namespace: "bookstore", name: `bookstore-${version}`, account, program: "bookstore", version },
    env: { IDENTITY: `bookstore-${version}`, BOOKWAREHOUSE_NAMESPACE: "${namespace:bookwarehouse}" },
    probes: {
      startupProbe: { httpGet: { path: "/startup", port: httpPort }, failureThreshold: 30, periodSeconds: 5 },
      readinessProbe: { httpGet: { path: "/readiness", port: httpPort }, failureThreshold: 10 },
      livenessProbe: { httpGet: { path: "/liveness", port: httpPort }, initialDelaySeconds: 3, periodSeconds: 3 },
    },
  });
}

const mysql: WorkloadObject = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "mysql", namespace: "bookwarehouse", labels: { app: "mysql" } },
  spec: {
    serviceName: "mysql",
    replicas: 1,
    selector: { matchLabels: { app: "mysql" } },
    template: {
      metadata: { labels: { app: "mysql" } },
      spec: {
        serviceAccountName: "mysql",
        nodeSelector: { "kubernetes.io/os": "linux" },
        automountServiceAccountToken: false,
        securityContext: { fsGroup: users.mysql },
        containers: [
          {
            name: "mysql",
            image: "docker.io/library/mysql:8.0.36",
            ports: [{ name: "client", containerPort: databasePort }],
            env: [
              {
                name: "MYSQL_ROOT_PASSWORD",
                valueFrom: { secretKeyRef: { name: "mysql-password", key: "root-password" } },
              },
              { name: "MYSQL_DATABASE", value: "booksdemo" },
            ],
            volumeMounts: [
              { name: "data", mountPath: "/var/lib/mysql" },
              { name: "scratch", mountPath: "/var/run/mysqld", subPath: "run" },
              { name: "scratch", mountPath: "/tmp", subPath: "tmp" },
            ],
            resources: { requests: { cpu: "100m", memory: "384Mi" }, limits: { memory: "768Mi" } },
            securityContext: confined(users.mysql),
            readinessProbe: { tcpSocket: { port: databasePort }, initialDelaySeconds: 15, periodSeconds: 10 },
          },
        ],
        // With the pod, as fits a sample.
        volumes: [
          { name: "scratch", emptyDir: {} },
          { name: "data", emptyDir: {} },
        ],
      },
    },
  },
};

/** What runs. */
export const workloads: readonly WorkloadObject[] = [
  account("bookbuyer", "bookbuyer"),
  account("bookthief", "bookthief"),
  account("bookstore", "bookstore"),
  account("bookstore", "bookstore-v2"),
  account("bookwarehouse", "bookwarehouse"),
  account("bookwarehouse", "mysql"),
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "mysql-password", namespace: "bookwarehouse" },
    // Compiled into bookwarehouse, so anybody can know it; kept as a secret all the same.
    stringData: { "root-password": "mypassword" },
  },
  mysql,
  deployment({
    ...{ namespace: "bookbuyer", name: "bookbuyer", account: "bookbuyer", program: "bookbuyer", probes: listens },
    env: { ...shop, CI_MAX_ITERATIONS_THRESHOLD: "0", CI_CLIENT_CONCURRENT_CONNECTIONS: "1" },
  }),
  deployment({
    ...{ namespace: "bookthief", name: "bookthief", account: "bookthief", program: "bookthief", probes: listens },
    env: { ...shop, CI_MAX_ITERATIONS_THRESHOLD: "0", BOOKTHIEF_EXPECTED_RESPONSE_CODE: "0" },
  }),
  bookstore("v1", "bookstore"),
  bookstore("v2", "bookstore-v2"),
  deployment({
    ...{ namespace: "bookwarehouse", name: "bookwarehouse", account: "bookwarehouse", program: "bookwarehouse" },
    ...{ env: { IDENTITY: "bookwarehouse" }, probes: listens },
    after: "/namespaces/bookwarehouse/Service/mysql",
  }),
  // The root's pods are those of both versions, as a TrafficSplit needs it.
  service("bookstore", "bookstore", { app: "bookstore" }),
  service("bookstore", "bookstore-v1", { app: "bookstore", version: "v1" }),
  service("bookstore", "bookstore-v2", { app: "bookstore", version: "v2" }),
  service("bookwarehouse", "bookwarehouse", { app: "bookwarehouse" }),
  // Headless, as a StatefulSet wants it.
  service("bookwarehouse", "mysql", { app: "mysql" }, true),
];
