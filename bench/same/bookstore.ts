import { CustomResource, CustomResourcePatch } from "@pulumi/kubernetes/apiextensions";
import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Namespace, Secret, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { type CustomResourceOptions, type Resource, secret } from "@pulumi/pulumi";
import { container, podSpec, program } from "./pods";

/** The mesh's settings, the sample's policies, and the sample. */
export function bookstore(name: string, options: CustomResourceOptions): void {
  const meshConfig = new CustomResourcePatch(
    `${name}-config`,
    {
      apiVersion: "config.openservicemesh.io/v1alpha2",
      kind: "MeshConfig",
      metadata: {
        name: "osm-mesh-config",
        namespace: "kube-system",
        annotations: { "pulumi.com/patchForce": "true" },
      },
      spec: {
        traffic: { enablePermissiveTrafficPolicyMode: false, enableEgress: false },
        observability: { enableDebugServer: false },
        certificate: { serviceCertValidityDuration: "24h", certKeyBitSize: 2048 },
        featureFlags: { enableRetryPolicy: true, enableEgressPolicy: true, enableIngressBackendPolicy: true },
      },
    },
    { ...options, retainOnDelete: true },
  );
  const { provider } = options;
  const namespaces = ["bookbuyer", "bookthief", "bookstore", "bookwarehouse"].map(
    (namespace) =>
      new Namespace(
        `${name}-${namespace}`,
        {
          metadata: {
            name: namespace,
            labels: { "openservicemesh.io/monitored-by": "osm" },
            annotations: {
              "openservicemesh.io/sidecar-injection": "enabled",
              "openservicemesh.io/metrics": "enabled",
            },
          },
        },
        { provider, dependsOn: meshConfig },
      ),
  );
  const dependsOn = [...namespaces, ...policies(name, { provider, dependsOn: namespaces })];

  for (const [namespace, account] of accounts) {
    new ServiceAccount(
      `${name}-${namespace}-${account}`,
      { metadata: { name: account, namespace }, automountServiceAccountToken: false },
      { provider, dependsOn },
    );
  }
  const password = new Secret(
    `${name}-mysql-password`,
    {
      metadata: { name: "mysql-password", namespace: "bookwarehouse" },
      stringData: { "root-password": secret("mypassword") },
    },
    { provider, dependsOn },
  );
  const mysql = database(name, { provider, dependsOn: [...dependsOn, password] });

  const service = (namespace: string, title: string, labels: Record<string, string>, behind: readonly Resource[]) =>
    new Service(
      `${name}-${title}`,
      {
        metadata: { name: title, namespace, labels },
        spec: {
          selector: labels,
          ports: [{ name: "http-14001", appProtocol: "http", port: 14001, targetPort: 14001 }],
        },
      },
      { provider, dependsOn: [...behind] },
    );
  const run = (namespace: string, title: string, ...rest: [Parameters<typeof program>[2], string?, string?]) =>
    new Deployment(`${name}-${title}`, program(namespace, title, ...rest), { provider, dependsOn: [mysql] });

  const shop = { BOOKSTORE_NAMESPACE: "bookstore", BOOKSTORE_SVC: "bookstore", ENABLE_EGRESS: "false" };
  run("bookbuyer", "bookbuyer", {
    ...shop,
    CI_MAX_ITERATIONS_THRESHOLD: "0",
    CI_CLIENT_CONCURRENT_CONNECTIONS: "1",
  });
  run("bookthief", "bookthief", {
    ...shop,
    CI_MAX_ITERATIONS_THRESHOLD: "0",
    BOOKTHIEF_EXPECTED_RESPONSE_CODE: "0",
  });
  const sells = (version: string) => ({
    IDENTITY: `bookstore-${version}`,
    BOOKWAREHOUSE_NAMESPACE: "bookwarehouse",
  });
  const v1 = run("bookstore", "bookstore-v1", sells("v1"), "bookstore", "v1");
  const v2 = run("bookstore", "bookstore-v2", sells("v2"), "bookstore-v2", "v2");
  const warehouse = run("bookwarehouse", "bookwarehouse", { IDENTITY: "bookwarehouse" });

  service("bookstore", "bookstore", { app: "bookstore" }, [v1, v2]);
  service("bookstore", "bookstore-v1", { app: "bookstore", version: "v1" }, [v1]);
  service("bookstore", "bookstore-v2", { app: "bookstore", version: "v2" }, [v2]);
  service("bookwarehouse", "bookwarehouse", { app: "bookwarehouse" }, [warehouse]);
}

const accounts = [
  ["bookbuyer", "bookbuyer"],
  ["bookthief", "bookthief"],
  ["bookstore", "bookstore"],
  ["bookstore", "bookstore-v2"],
  ["bookwarehouse", "bookwarehouse"],
  ["bookwarehouse", "mysql"],
] as const;

/** Who may call whom. */
function policies(name: string, options: CustomResourceOptions): Resource[] {
  const make = (apiVersion: string, kind: string, namespace: string, title: string, spec: object, after: Resource[]) =>
    new CustomResource(
      `${name}-${kind}-${namespace}-${title}`,
      { apiVersion, kind, metadata: { name: title, namespace }, spec },
      { ...options, dependsOn: [...after] },
    );
  const account = (namespace: string, title: string) => ({ kind: "ServiceAccount", name: title, namespace });
  const specs = "specs.smi-spec.io/v1alpha4";
  const namespaces = options.dependsOn as Resource[];
  const routes = [
    make(
      specs,
      "HTTPRouteGroup",
      "bookstore",
      "bookstore-service-routes",
      {
        matches: [
          {
            name: "books-bought",
            pathRegex: "/books-bought",
            methods: ["GET"],
            headers: [{ "user-agent": ".*-http-client/*.*" }, { "client-app": "bookbuyer" }],
          },
          { name: "buy-a-book", pathRegex: ".*a-book.*new", methods: ["GET"] },
        ],
      },
      namespaces,
    ),
    make(
      specs,
      "HTTPRouteGroup",
      "bookwarehouse",
      "bookwarehouse-service-routes",
      { matches: [{ name: "restock-books", methods: ["POST"] }] },
      namespaces,
    ),
    make(specs, "TCPRoute", "bookwarehouse", "mysql", { matches: { ports: [3306] } }, namespaces),
  ];
  const target = (namespace: string, title: string, to: string, from: object[], rule: object) =>
    make(
      "access.smi-spec.io/v1alpha3",
      "TrafficTarget",
      namespace,
      title,
      { destination: account(namespace, to), sources: from, rules: [rule] },
      [...namespaces, ...routes],
    );
  const buying = {
    kind: "HTTPRouteGroup",
    name: "bookstore-service-routes",
    matches: ["buy-a-book", "books-bought"],
  };
  const buyer = [account("bookbuyer", "bookbuyer")];
  const targets = [
    target("bookstore", "bookbuyer-access-bookstore", "bookstore", buyer, buying),
    target("bookstore", "bookbuyer-access-bookstore-v2", "bookstore-v2", buyer, buying),
    target(
      "bookwarehouse",
      "bookstore-access-bookwarehouse",
      "bookwarehouse",
      [account("bookstore", "bookstore"), account("bookstore", "bookstore-v2")],
      { kind: "HTTPRouteGroup", name: "bookwarehouse-service-routes", matches: ["restock-books"] },
    ),
    target("bookwarehouse", "mysql", "mysql", [account("bookwarehouse", "bookwarehouse")], {
      kind: "TCPRoute",
      name: "mysql",
    }),
  ];
  const split = make(
    "split.smi-spec.io/v1alpha2",
    "TrafficSplit",
    "bookstore",
    "bookstore-split",
    {
      service: "bookstore",
      backends: [
        { service: "bookstore-v1", weight: 50 },
        { service: "bookstore-v2", weight: 50 },
      ],
    },
    targets,
  );
  return [...routes, ...targets, split];
}

/** mysql, and the Service in front of it. */
function database(name: string, options: CustomResourceOptions): Service {
  const labels = { app: "mysql" };
  const metadata = { name: "mysql", namespace: "bookwarehouse", labels };
  const mysql = new StatefulSet(
    `${name}-mysql`,
    {
      metadata,
      spec: {
        serviceName: "mysql",
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            ...podSpec("mysql"),
            securityContext: { fsGroup: 999 },
            containers: [
              {
                ...container("mysql", "docker.io/library/mysql:8.0.36", 999),
                env: [
                  {
                    name: "MYSQL_ROOT_PASSWORD",
                    valueFrom: { secretKeyRef: { name: "mysql-password", key: "root-password" } },
                  },
                  { name: "MYSQL_DATABASE", value: "booksdemo" },
                ],
                ports: [{ name: "client", containerPort: 3306 }],
                readinessProbe: { tcpSocket: { port: 3306 }, initialDelaySeconds: 15, periodSeconds: 10 },
                resources: { requests: { cpu: "100m", memory: "384Mi" }, limits: { memory: "768Mi" } },
                volumeMounts: [
                  { name: "data", mountPath: "/var/lib/mysql" },
                  { name: "scratch", mountPath: "/var/run/mysqld", subPath: "run" },
                  { name: "scratch", mountPath: "/tmp", subPath: "tmp" },
                ],
              },
            ],
            volumes: [
              { name: "scratch", emptyDir: {} },
              { name: "data", emptyDir: {} },
            ],
          },
        },
      },
    },
    options,
  );
  return new Service(
    `${name}-mysql`,
    {
      metadata,
      spec: {
        clusterIP: "None",
        selector: labels,
        ports: [{ name: "tcp-3306", appProtocol: "tcp", port: 3306, targetPort: 3306 }],
      },
    },
    { ...options, dependsOn: [mysql] },
  );
}
