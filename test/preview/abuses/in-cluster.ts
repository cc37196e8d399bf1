import { type KubernetesObject } from "@kubernetes/client-node";

/** Something that a pull request's program asks the API server of the shared cluster for, and the words with which it is refused. */
export interface ClusterAbuse {
  readonly what: string;
  readonly object: KubernetesObject;
  readonly refused: RegExp;
}

/** A namespace of the preview that tries these; the namespace is isolated, as `up` makes it. */
export const own = "pr-7-bookbuyer";

type Fields = Readonly<Record<string, unknown>>;

const image = "docker.io/openservicemesh/bookbuyer:v1.2.4";

const metadata = { name: "abuse", namespace: own };

/** The specification of a pod with one container, each with more fields. */
const pod = (fields: Fields, container: Fields = {}): Fields => ({
  containers: [{ name: "main", image, ...container }],
  ...fields,
});

const labels = { app: "abuse" };

/** A workload that makes pods. */
function workload(apiVersion: string, kind: string, spec: Fields): KubernetesObject {
  const template = { metadata: { labels }, spec };
  const selector = { matchLabels: labels };
  const jobTemplate = { spec: { template: { spec: { restartPolicy: "Never", ...spec } } } };
  const specs: Readonly<Record<string, Fields>> = {
    Pod: spec,
    CronJob: { schedule: "0 0 * * *", jobTemplate },
    Job: jobTemplate.spec,
    ReplicationController: { replicas: 0, selector: labels, template },
    StatefulSet: { replicas: 0, serviceName: "abuse", selector, template },
    DaemonSet: { selector, template },
  };
  const object = { apiVersion, kind, metadata };
  if (kind === "PodTemplate") return Object.assign(object, { template });
  return Object.assign(object, { spec: specs[kind] ?? { replicas: 0, selector, template } });
}

/** A Deployment's pods. */
const pods = (what: string, spec: Fields, refused: RegExp, annotations: Record<string, string> = {}): ClusterAbuse => {
  const template = { metadata: { labels, annotations }, spec };
  const selector = { matchLabels: labels };
  const object = { apiVersion: "apps/v1", kind: "Deployment", metadata };
  return { what, object: Object.assign(object, { spec: { replicas: 0, selector, template } }), refused };
};

const hostPath = { volumes: [{ name: "node", hostPath: { path: "/" } }] };
const context = (fields: Fields): Fields => ({ securityContext: fields });
const second = (kind: string, name: string, fields: Fields): Fields => ({ [kind]: [{ name, image, ...fields }] });

/** What pods of a preview try. */
export const podAbuses: readonly ClusterAbuse[] = [
  pods("the node's files", pod(hostPath), /Volumes of previews are/),
  pods("the node's network", pod({ hostNetwork: true }), /leave hostNetwork/),
  pods("the node's processes", pod({ hostPID: true }), /leave hostNetwork, hostPID/),
  pods("the node's memory", pod({ hostIPC: true }), /hostPID and hostIPC out/),
  pods("a privileged container", pod({}, context({ privileged: true })), /are not privileged/),
  pods(
    "a privileged init container",
    pod(second("initContainers", "first", context({ privileged: true }))),
    /are not privileged/,
  ),
  pods("the capability SYS_ADMIN", pod({}, context({ capabilities: { add: ["SYS_ADMIN"] } })), /add no capabilities/),
  pods("all capabilities", pod({}, context({ capabilities: { add: ["ALL"] } })), /add no capabilities/),
  pods(
    "the mesh's capability, under the name of its container",
    pod(second("initContainers", "osm-init", context({ capabilities: { add: ["NET_ADMIN"] } }))),
    /add no capabilities/,
  ),
  pods("a port of the node", pod({}, { ports: [{ containerPort: 80, hostPort: 80 }] }), /leave hostPort out/),
  pods("an unmasked /proc", pod({ hostUsers: false }, context({ procMount: "Unmasked" })), /leave procMount out/),
  pods("no seccomp for the pod", pod(context({ seccompProfile: { type: "Unconfined" } })), /profile of seccomp/),
  pods("no seccomp", pod({}, context({ seccompProfile: { type: "Unconfined" } })), /profile of seccomp/),
  pods("no AppArmor", pod({}, context({ appArmorProfile: { type: "Unconfined" } })), /profile of AppArmor/),
  pods("no AppArmor, by annotation", pod({}), /profile of AppArmor/, {
    "container.apparmor.security.beta.kubernetes.io/main": "unconfined",
  }),
  pods("an SELinux type of its own", pod(context({ seLinuxOptions: { type: "spc_t" } })), /SELinux/),
  pods("a kernel setting", pod(context({ sysctls: [{ name: "kernel.msgmax", value: "1" }] })), /set no sysctls/),
  pods(
    "a process of a Windows host",
    // Which the API server itself refuses without the node's network.
    pod({ hostNetwork: true, ...context({ windowsOptions: { hostProcess: true } }) }),
    /leave hostNetwork/,
  ),
  pods(
    "a volume of a driver of the node",
    pod({ volumes: [{ name: "share", csi: { driver: "file.csi.azure.com" } }] }),
    /Volumes of previews are/,
  ),
  pods(
    "a volume in the network",
    pod({ volumes: [{ name: "share", nfs: { server: "10.0.0.4", path: "/" } }] }),
    /Volumes of previews are/,
  ),
  pods(
    "a probe of another host",
    pod({}, { livenessProbe: { httpGet: { host: "169.254.169.254", port: 80 } } }),
    /leave host out/,
  ),
  pods(
    "a hook that calls another host",
    pod({}, { lifecycle: { postStart: { httpGet: { host: "169.254.169.254", port: 80 } } } }),
    /leave host out/,
  ),
  pods("an image from elsewhere", pod({}, { image: "ghcr.io/mallory/miner:1" }), /Images of previews come from/),
  pods("an image without a registry", pod({}, { image: "mysql:8.0.36" }), /write the whole reference/),
  pods(
    "an image of a registry whose name begins alike",
    pod({}, { image: "docker.io/openservicemesh-of-mallory/x:1" }),
    /Images of previews come from/,
  ),
  pods(
    "an init container's image from elsewhere",
    pod({ initContainers: [{ name: "first", image: "ghcr.io/mallory/miner:1" }] }),
    /Images of previews come from/,
  ),
  pods("a node of its choice", pod({ nodeName: "node-0" }), /leave nodeName/),
  pods(
    "the rank of the system's pods",
    pod({ priorityClassName: "system-node-critical" }),
    /leave nodeName and priorityClassName out/,
  ),
];

const kinds: readonly (readonly [string, string])[] = [
  ["v1", "Pod"],
  ["v1", "PodTemplate"],
  ["v1", "ReplicationController"],
  ["apps/v1", "DaemonSet"],
  ["apps/v1", "ReplicaSet"],
  ["apps/v1", "StatefulSet"],
  ["batch/v1", "CronJob"],
  ["batch/v1", "Job"],
];

/** Every other kind that makes pods, with the node's files. Not even an administrator may make them in a preview's namespace. */
export const podKindAbuses: readonly ClusterAbuse[] = kinds.map(([apiVersion, kind]) => ({
  what: `a ${kind} with the node's files`,
  object: workload(apiVersion, kind, pod(hostPath)),
  refused: /Volumes of previews are/,
}));

const object = (apiVersion: string, kind: string, fields: Fields, place: Fields = {}): KubernetesObject =>
  Object.assign({ apiVersion, kind, metadata: { ...metadata, ...place } }, fields);

const service = (spec: Fields): KubernetesObject =>
  object("v1", "Service", { spec: { ports: [{ port: 80 }], selector: labels, ...spec } });
const networkPolicy = (spec: Fields): KubernetesObject =>
  object("networking.k8s.io/v1", "NetworkPolicy", { spec: { podSelector: {}, ...spec } });
const namespace = (name: string, preview?: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels: preview === undefined ? {} : { "aks-mesh/preview": preview } },
});
const binding = (place: string, role: string, user: string): KubernetesObject =>
  object(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
    },
    { namespace: place },
  );
const byName = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
const elsewhere = /Previews write into namespaces whose names begin with pr-NUMBER- alone/;

/** What else a preview's identity tries to make. */
export const objectAbuses = (user: string): readonly ClusterAbuse[] => [
  { what: "a Service on the nodes' ports", object: service({ type: "NodePort" }), refused: /of type ClusterIP/ },
  { what: "a load balancer", object: service({ type: "LoadBalancer" }), refused: /of type ClusterIP/ },
  {
    what: "a Service that answers for somebody else's address",
    object: service({ externalIPs: ["10.0.0.4"] }),
    refused: /no external IPs/,
  },
  {
    what: "a Service that is another name for a host outside",
    object: service({ type: "ExternalName", externalName: "example.org" }),
    refused: /of type ClusterIP/,
  },
  { what: "a namespace without a preview's label", object: namespace("pr-7-bare"), refused: /has the label/ },
  {
    what: "a namespace with another preview's label",
    object: namespace("pr-7-guest", "8"),
    refused: /with the number in its name/,
  },
  { what: "a namespace of nobody's preview", object: namespace("pr-x-shop", "7"), refused: elsewhere },
  { what: "a namespace that has such a name within", object: namespace("my-pr-7-shop", "7"), refused: elsewhere },
  { what: "a namespace of everybody", object: namespace("prod", "7"), refused: elsewhere },
  {
    what: "a way out to everybody",
    object: networkPolicy({ policyTypes: ["Egress"], egress: [{}] }),
    refused: /Pods of previews call/,
  },
  {
    what: "a way to the nodes' metadata",
    object: networkPolicy({ policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "169.254.169.254/32" } }] }] }),
    refused: /Pods of previews call/,
  },
  {
    what: "a way to shared workloads that another namespace has",
    object: networkPolicy({
      policyTypes: ["Egress"],
      egress: [{ to: [byName("bookwarehouse")], ports: [{ port: 3306 }] }],
    }),
    refused: /Pods of previews call/,
  },
  {
    what: "a way to all ports behind one that is open",
    object: networkPolicy({
      policyTypes: ["Egress"],
      egress: [{ to: [byName("bookwarehouse")], ports: [{ port: 14001, endPort: 65535 }] }],
    }),
    refused: /Pods of previews call/,
  },
  {
    what: "a way to another preview",
    object: networkPolicy({
      policyTypes: ["Egress"],
      egress: [{ to: [{ namespaceSelector: { matchLabels: { "aks-mesh/preview": "8" } } }] }],
    }),
    refused: /Pods of previews call/,
  },
  {
    what: "a way to all previews",
    object: networkPolicy({
      policyTypes: ["Egress"],
      egress: [
        { to: [{ namespaceSelector: { matchExpressions: [{ key: "aks-mesh/preview", operator: "Exists" }] } }] },
      ],
    }),
    refused: /Pods of previews call/,
  },
  {
    what: "a way in for everybody",
    object: networkPolicy({ policyTypes: ["Ingress"], ingress: [{}] }),
    refused: /are called by/,
  },
  {
    what: "a claim on somebody else's volume",
    object: object("v1", "PersistentVolumeClaim", {
      spec: {
        accessModes: ["ReadWriteOnce"],
        volumeName: "pv-of-others",
        resources: { requests: { storage: "1Gi" } },
      },
    }),
    refused: /leave volumeName out/,
  },
  {
    what: "the rights of an administrator",
    object: binding(own, "cluster-admin", user),
    refused: /attempting to grant RBAC permissions/,
  },
  {
    what: "the rights of an administrator to itself everywhere",
    object: Object.assign(binding(own, "cluster-admin", user), {
      kind: "ClusterRoleBinding",
      metadata: { name: "abuse" },
    }),
    refused: /cannot create resource "clusterrolebindings"/,
  },
  {
    what: "the Secrets of the system",
    object: binding("kube-system", "aks-mesh-previews-secrets", user),
    refused: elsewhere,
  },
  {
    what: "its Secrets for somebody else",
    object: binding(own, "aks-mesh-previews-secrets", "mallory"),
    refused: /to their own identity/,
  },
  {
    what: "a role of its own",
    object: object("rbac.authorization.k8s.io/v1", "Role", {
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["*"] }],
    }),
    refused: /cannot create resource "roles"/,
  },
  {
    what: "a ConfigMap among the shared workloads",
    object: object("v1", "ConfigMap", {}, { namespace: "bookstore" }),
    refused: elsewhere,
  },
  {
    what: "a service account of the system",
    object: object("v1", "ServiceAccount", {}, { namespace: "kube-system" }),
    refused: elsewhere,
  },
  { what: "a Pod by itself", object: workload("v1", "Pod", pod({})), refused: /cannot create resource "pods"/ },
  {
    what: "an Ingress",
    object: object("networking.k8s.io/v1", "Ingress", {
      spec: { defaultBackend: { service: { name: "x", port: { number: 80 } } } },
    }),
    refused: /cannot create resource "ingresses"/,
  },
  {
    what: "a webhook that sees what others write",
    object: {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "abuse" },
    },
    refused: /cannot create resource "validatingwebhookconfigurations"/,
  },
  {
    what: "a token of somebody else's account",
    object: object(
      "v1",
      "Secret",
      { type: "kubernetes.io/service-account-token" },
      { namespace: "bookstore", annotations: { "kubernetes.io/service-account.name": "bookstore" } },
    ),
    refused: elsewhere,
  },
];

/** What a preview's identity tries with kubectl on what is there. */
export const commandAbuses: readonly (readonly [what: string, command: string, refused: RegExp])[] = [
  ["to read the mesh's root key", "get secret osm-ca-bundle --namespace=kube-system", /cannot get resource "secrets"/],
  [
    "to read it by a dry run",
    "label secret osm-ca-bundle --namespace=kube-system a=b --dry-run=server",
    /cannot (get|patch) resource "secrets"/,
  ],
  [
    "to read it as the answer to a patch in a dry run",
    "patch secret osm-ca-bundle --namespace=kube-system --patch={} --dry-run=server",
    /cannot (get|patch) resource "secrets"/,
  ],
  ["to read everybody's Secrets", "get secrets --all-namespaces", /cannot list resource "secrets"/],
  ["to read a shared workload's password", "get secret mysql-password --namespace=bookwarehouse", /cannot get/],
  ["to take its label off", `label namespace ${own} aks-mesh/preview-`, /has the label/],
  ["to join another preview", `label namespace ${own} aks-mesh/preview=8 --overwrite`, /has the label/],
  ["to delete its network policy", `delete networkpolicy bounds --namespace=${own}`, /with the namespace alone/],
  ["to delete its quota", `delete resourcequota bounds --namespace=${own}`, /with the namespace alone/],
  ["to delete its limits", `delete limitrange bounds --namespace=${own}`, /with the namespace alone/],
  [
    "to delete all its network policies at once",
    `delete --raw=/apis/networking.k8s.io/v1/namespaces/${own}/networkpolicies`,
    /cannot deletecollection/,
  ],
  [
    "to narrow its network policy to no pod",
    `patch networkpolicy bounds --namespace=${own} --patch={"spec":{"podSelector":{"matchLabels":{"no":"pod"}}}}`,
    /for all pods and both ways/,
  ],
  [
    "to open its network policy",
    `patch networkpolicy bounds --namespace=${own} --patch={"spec":{"policyTypes":["Ingress"]}}`,
    /for all pods and both ways/,
  ],
  [
    "to raise its quota",
    `patch resourcequota bounds --namespace=${own} --patch={"spec":{"hard":{"pods":"100"}}}`,
    /allows at most/,
  ],
  [
    "to take a part of its quota away",
    `patch resourcequota bounds --namespace=${own} --patch={"spec":{"hard":{"pods":null}}}`,
    /allows at most/,
  ],
  ["to label a shared namespace", "label namespace bookstore a=b", elsewhere],
  ["to delete a shared namespace", "delete namespace bookstore", elsewhere],
  ["to delete a shared Service", "delete service bookstore-v1 --namespace=bookstore", elsewhere],
  ["to change the mesh", "label meshconfig osm-mesh-config --namespace=kube-system a=b", elsewhere],
  [
    "to delete a shared TrafficTarget",
    "delete traffictarget bookstore-access-bookwarehouse --namespace=bookwarehouse",
    elsewhere,
  ],
  [
    "to delete what holds it",
    "delete validatingadmissionpolicy aks-mesh-previews-pods",
    /cannot (get|delete) resource "validatingadmissionpolicies"/,
  ],
  ["to have a token of an account", "create token default --namespace=bookbuyer", /cannot create resource/],
  [
    "to run something in a pod",
    "exec --namespace=bookbuyer deploy/bookbuyer -- true",
    /cannot (get|create) resource "(pods\/exec|deployments)"/,
  ],
];
