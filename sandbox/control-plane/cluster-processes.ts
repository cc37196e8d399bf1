import path from "node:path";
import { stringify } from "yaml";
import { kubeconfig } from "./kubeconfig";
import type { ProcessDefinition } from "./managed-process";
import type { Ports } from "./ports";
import type { ControlPlaneOptions } from "./types";

/** Range of the pods' addresses, AKS's default for overlay networks. Each node gets a /24 of it, as there. */
const podCidr = "10.244.0.0/16";

/** Socket of the service proxy. Relative to the working directory, because the path of a socket may not exceed 107 bytes. */
const proxySocket = "service-proxy.sock";

/** Where the service proxy reads which loopback port stands behind which Service. */
export const routesFile = "service-proxy.routes";

/**
 * The controllers that the emulated clusters need. Left out: those for attaching and growing volumes, certificates and autoscaling,
 * which `traffic --metrics` runs where it has metrics to go by.
 * What clouds add is in `cloud/`.
 */
const controllers = [
  "clusterrole-aggregation-controller",
  "cronjob-controller",
  "daemonset-controller",
  "deployment-controller",
  "disruption-controller",
  "endpoints-controller",
  "endpointslice-controller",
  "garbage-collector-controller",
  "job-controller",
  "namespace-controller",
  "node-ipam-controller",
  "node-lifecycle-controller",
  "persistentvolume-binder-controller",
  "persistentvolume-protection-controller",
  "persistentvolumeclaim-protection-controller",
  "pod-garbage-collector-controller",
  "replicaset-controller",
  "resourcequota-controller",
  "root-ca-certificate-publisher-controller",
  "service-cidr-controller",
  "serviceaccount-controller",
  "statefulset-controller",
  "taint-eviction-controller",
  "ttl-after-finished-controller",
];

/** Files of a control plane, all inside its directory. */
export function layout(directory: string) {
  const inside = (...parts: string[]) => path.join(directory, ...parts);
  return {
    ca: inside("tls", "ca.pem"),
    certificate: (name: string) => inside("tls", `${name}.pem`),
    key: (name: string) => inside("tls", `${name}-key.pem`),
    serviceAccountKey: inside("tls", "service-account-key.pem"),
    kubeconfig: (user: string) => inside("config", `${user}.kubeconfig`),
    config: (name: string) => inside("config", name),
    routes: inside(routesFile),
  };
}

/** The API server's configuration files by name. Certificates are given as PEM. */
export function apiServerConfig(
  options: ControlPlaneOptions,
  oidcCa: string,
  guardCa: string,
): Readonly<Record<"authentication.yaml" | "authorization.yaml" | "egress.yaml" | "guard.kubeconfig", string>> {
  const files = layout(options.directory);
  return {
    "authentication.yaml": stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: { url: options.oidc.issuerUrl, audiences: [options.oidc.clientId], certificateAuthority: oidcCa },
          claimMappings: {
            // As on AKS: people are known by their user principal name, applications by their object id.
            username: { expression: "has(claims.upn) ? claims.upn : claims.oid" },
            groups: { expression: "has(claims.groups) ? claims.groups : []" },
            uid: { claim: "oid" },
          },
        },
      ],
    }),
    "authorization.yaml": stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthorizationConfiguration",
      authorizers: [
        { type: "Node", name: "node" },
        { type: "RBAC", name: "rbac" },
        {
          type: "Webhook",
          name: "guard",
          webhook: {
            timeout: "5s",
            authorizedTTL: "30s",
            // Short, so that a role assignment helps soon after it is made.
            unauthorizedTTL: "1s",
            subjectAccessReviewVersion: "v1",
            matchConditionSubjectAccessReviewVersion: "v1",
            failurePolicy: "NoOpinion",
            connectionInfo: { type: "KubeConfigFile", kubeConfigFile: files.config("guard.kubeconfig") },
            // Azure RBAC knows users and applications of Entra ID only.
            matchConditions: [{ expression: "!request.user.startsWith('system:')" }],
          },
        },
      ],
    }),
    "egress.yaml": stringify({
      apiVersion: "apiserver.k8s.io/v1beta1",
      kind: "EgressSelectorConfiguration",
      egressSelections: [
        {
          name: "cluster",
          connection: { proxyProtocol: "HTTPConnect", transport: { uds: { udsName: proxySocket } } },
        },
      ],
    }),
    "guard.kubeconfig": kubeconfig({
      clusterName: "guard",
      userName: "kube-apiserver",
      server: options.authorizationWebhookUrl,
      certificateAuthority: guardCa,
      ...(options.authorizationWebhookToken !== undefined && { client: { token: options.authorizationWebhookToken } }),
    }),
  };
}

/** Who signs service accounts' tokens, the first for new ones. AKS, too, goes on taking those of the cluster's own name. */
function serviceAccountIssuers({ serviceAccountIssuer: issuer }: ControlPlaneOptions): readonly string[] {
  const own = "https://kubernetes.default.svc.cluster.local";
  return issuer === undefined ? [own] : [issuer, own];
}

/**
 * The programs of a control plane, OSM's excepted, in the order in which they are started.
 * @param apiServerFiles content of the API server's configuration files: it is restarted when that changes.
 */
export function clusterProcesses(
  options: ControlPlaneOptions,
  ports: Ports,
  apiServerFiles: readonly string[],
): { readonly core: readonly ProcessDefinition[]; readonly clients: readonly ProcessDefinition[] } {
  const { directory, tools } = options;
  const files = layout(directory);
  const etcdUrl = `https://127.0.0.1:${ports["etcd-client"]}`;
  const peerUrl = `http://127.0.0.1:${ports["etcd-peer"]}`;
  return {
    core: [
      {
        name: "etcd",
        program: tools.path("etcd"),
        args: [
          `--data-dir=${path.join(directory, "etcd")}`,
          `--listen-client-urls=${etcdUrl}`,
          `--advertise-client-urls=${etcdUrl}`,
          `--listen-peer-urls=${peerUrl}`,
          `--initial-advertise-peer-urls=${peerUrl}`,
          `--initial-cluster=default=${peerUrl}`,
          "--client-cert-auth=true",
          `--trusted-ca-file=${files.ca}`,
          `--cert-file=${files.certificate("etcd")}`,
          `--key-file=${files.key("etcd")}`,
          // What a power failure loses here, the next `up` makes again.
          "--unsafe-no-fsync=true",
          "--auto-compaction-mode=periodic",
          "--auto-compaction-retention=10m",
          "--snapshot-count=5000",
          "--enable-grpc-gateway=false",
          "--log-level=warn",
        ],
      },
      {
        name: "service-proxy",
        program: tools.path("service-proxy"),
        args: [proxySocket, routesFile],
      },
      {
        name: "kube-apiserver",
        program: tools.path("kube-apiserver"),
        args: [
          "--bind-address=127.0.0.1",
          `--secure-port=${ports["kube-apiserver"]}`,
          // Only for the endpoints of the Service "kubernetes", where loopback is not allowed (an address for documentation).
          "--advertise-address=192.0.2.1",
          `--etcd-servers=${etcdUrl}`,
          `--etcd-cafile=${files.ca}`,
          `--etcd-certfile=${files.certificate("etcd-client")}`,
          `--etcd-keyfile=${files.key("etcd-client")}`,
          `--tls-cert-file=${files.certificate("kube-apiserver")}`,
          `--tls-private-key-file=${files.key("kube-apiserver")}`,
          `--client-ca-file=${files.ca}`,
          // By this name of its own it tells API servers behind it, such as KEDA's, whose request it passes on.
          `--requestheader-client-ca-file=${files.ca}`,
          "--requestheader-allowed-names=kube-apiserver",
          "--requestheader-username-headers=X-Remote-User",
          "--requestheader-group-headers=X-Remote-Group",
          "--requestheader-extra-headers-prefix=X-Remote-Extra-",
          `--proxy-client-cert-file=${files.certificate("etcd-client")}`,
          `--proxy-client-key-file=${files.key("etcd-client")}`,
          ...serviceAccountIssuers(options).map((issuer) => `--service-account-issuer=${issuer}`),
          `--service-account-signing-key-file=${files.serviceAccountKey}`,
          `--service-account-key-file=${files.serviceAccountKey}`,
          `--service-cluster-ip-range=${options.serviceCidr}`,
          `--authentication-config=${files.config("authentication.yaml")}`,
          `--authorization-config=${files.config("authorization.yaml")}`,
          `--egress-selector-config-file=${files.config("egress.yaml")}`,
          "--enable-admission-plugins=NodeRestriction",
          // As on AKS, where it is for admission to refuse them.
          "--allow-privileged=true",
          "--event-ttl=1h",
          "--profiling=false",
        ],
        dependsOn: apiServerFiles,
      },
    ],
    clients: [
      {
        name: "kube-controller-manager",
        program: tools.path("kube-controller-manager"),
        args: [
          `--kubeconfig=${files.kubeconfig("system:kube-controller-manager")}`,
          `--controllers=${controllers.join(",")}`,
          "--use-service-account-credentials=false",
          `--root-ca-file=${files.ca}`,
          `--service-account-private-key-file=${files.serviceAccountKey}`,
          "--allocate-node-cidrs=true",
          `--cluster-cidr=${podCidr}`,
          `--service-cluster-ip-range=${options.serviceCidr}`,
          "--leader-elect=false",
          "--secure-port=0",
          "--kube-api-qps=200",
          "--kube-api-burst=400",
          "--profiling=false",
        ],
      },
      {
        name: "kube-scheduler",
        program: tools.path("kube-scheduler"),
        args: [
          `--kubeconfig=${files.kubeconfig("system:kube-scheduler")}`,
          "--leader-elect=false",
          "--secure-port=0",
          "--kube-api-qps=200",
          "--kube-api-burst=400",
          "--profiling=false",
        ],
      },
      {
        name: "kwok",
        program: tools.path("kwok"),
        args: [
          `--kubeconfig=${files.kubeconfig("kwok")}`,
          `--config=${files.config("kwok-stages.yaml")}`,
          "--manage-all-nodes=true",
          "--node-lease-duration-seconds=40",
          "--v=WARN",
        ],
      },
    ],
  };
}
