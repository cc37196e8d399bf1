import { type types } from "@pulumi/kubernetes";
import { type DeploymentArgs } from "@pulumi/kubernetes/apps/v1";

type Container = types.input.core.v1.Container;

/** What the pods have in common. */
export function podSpec(serviceAccountName: string) {
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    nodeSelector: { "kubernetes.io/os": "linux" },
  };
}

/** A container that may do nothing to its node. */
export function container(name: string, image: string, user: number) {
  return {
    name,
    image,
    securityContext: {
      runAsUser: user,
      runAsGroup: user,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
  };
}

const overHttp = {
  startupProbe: { httpGet: { path: "/startup", port: 14001 }, periodSeconds: 5, failureThreshold: 30 },
  readinessProbe: { httpGet: { path: "/readiness", port: 14001 }, failureThreshold: 10 },
  livenessProbe: { httpGet: { path: "/liveness", port: 14001 }, initialDelaySeconds: 3, periodSeconds: 3 },
};
const overTcp = {
  readinessProbe: { tcpSocket: { port: 14001 }, periodSeconds: 5 },
  livenessProbe: { tcpSocket: { port: 14001 }, periodSeconds: 10 },
};

/** One of the sample's programs. */
export function program(
  namespace: string,
  name: string,
  environment: Readonly<Record<string, string>>,
  account = name,
  version = "v1",
): DeploymentArgs {
  const app = namespace;
  const labels = { app, version };
  const probes: Partial<Container> = app === "bookstore" ? overHttp : overTcp;
  return {
    metadata: {
      ...{ name, namespace, labels },
      ...(name === "bookwarehouse" && {
        annotations: { "config.kubernetes.io/depends-on": "/namespaces/bookwarehouse/Service/mysql" },
      }),
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...podSpec(account),
          containers: [
            {
              ...container(app, `docker.io/openservicemesh/${app}:v1.2.4`, 65532),
              ...probes,
              command: [`/${app}`],
              args: ["--port", "14001"],
              env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
              ports: [{ name: "web", containerPort: 14001 }],
              resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
            },
          ],
        },
      },
    },
  };
}
