import { type PreviewFenceArgs } from "../args";
import { type FencePolicy, inPreviews, literal } from "./policy";

/** Capabilities that the level "baseline" of the Pod Security Standards lets containers add. */
const capabilities = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
];

/** What a mesh puts into pods to lead their traffic to the sidecar, and what that needs beyond "baseline". */
const injected = { containers: ["osm-init", "istio-init"], capabilities: ["NET_ADMIN", "NET_RAW"] };

/** Kernel settings that "baseline" takes for safe. */
const sysctls = [
  ...["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports"],
  ...["net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout"],
  ...["net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time"],
  ...["net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem"],
];

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/** Volumes of the level "restricted": what "baseline" refuses is hostPath alone, but drivers reach the node in other ways. */
const volumes = ["configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

/** Something that holds for the pod's security context and for that of each container. */
const everywhere = (holds: (context: string) => string): string =>
  `${holds("variables.pod.?securityContext")} && variables.containers.all(c, ${holds("c.?securityContext")})`;

const eachContainer = (holds: string): string => `variables.containers.all(c, ${holds})`;

/** An image of one of the registries: not of one whose name only begins alike, nor of another port of its host. */
function isFrom(registry: string): string {
  const path = registry.replace(/\/+$/, "");
  const ends = path.includes("/") ? ["/", ":", "@"] : ["/"];
  return ends.map((end) => `c.image.startsWith(${literal(path + end)})`).join(" || ");
}

/** The resources that pods are made of. */
const podResources: FencePolicy["rules"] = [
  { apiGroups: [""], resources: ["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"] },
  { apiGroups: ["apps"], resources: ["daemonsets", "deployments", "replicasets", "statefulsets"] },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"] },
].map((rule) => ({ ...rule, apiVersions: ["v1"], operations: ["CREATE", "UPDATE"] }));

/**
 * Pods and their templates keep to the level "baseline" of the Pod Security Standards (v1.34), and to volumes, images and nodes that
 * previews may have. Namespaces cannot have the label `pod-security.kubernetes.io/enforce=baseline` for that: the container that a mesh
 * puts into each pod changes its network, which "baseline" refuses. It may here, in pods that a controller makes of a template that was looked at.
 */
export function podPolicy({ registries }: PreviewFenceArgs): FencePolicy {
  const handlers = ["livenessProbe", "readinessProbe", "startupProbe"].map((probe) => `c.?${probe}`);
  const hooks = ["postStart", "preStop"].map((hook) => `c.?lifecycle.?${hook}`);
  const noHost = [...handlers, ...hooks].flatMap((handler) =>
    ["httpGet", "tcpSocket"].map((kind) => `${handler}.?${kind}.?host.orValue('') == ''`),
  );
  return {
    name: "pods",
    rules: podResources,
    conditions: {
      ...inPreviews,
      // Kubelets and controllers note things in the metadata of pods that run.
      "the-spec-is-new": "request.operation == 'CREATE' || object.?spec != oldObject.?spec",
    },
    variables: {
      template:
        "request.kind.kind == 'Pod' ? object : request.kind.kind == 'PodTemplate' ? object.template" +
        " : request.kind.kind == 'CronJob' ? object.spec.jobTemplate.spec.template : object.spec.template",
      pod: "variables.template.spec",
      containers:
        "variables.pod.?containers.orValue([]) + variables.pod.?initContainers.orValue([])" +
        " + variables.pod.?ephemeralContainers.orValue([])",
      byController:
        "request.kind.kind == 'Pod' && request.operation == 'CREATE'" +
        " && (request.userInfo.username == 'system:kube-controller-manager'" +
        " || request.userInfo.?groups.orValue([]).exists(group, group == 'system:serviceaccounts:kube-system'))",
    },
    validations: {
      "Pods of previews use no network, processes or memory of the node: leave hostNetwork, hostPID and hostIPC out.": [
        "hostNetwork",
        "hostPID",
        "hostIPC",
      ]
        .map((field) => `!variables.pod.?${field}.orValue(false)`)
        .join(" && "),
      [`Volumes of previews are ${volumes.join(", ")} alone.`]: `variables.pod.?volumes.orValue([]).all(v, ${volumes.map((kind) => `has(v.${kind})`).join(" || ")})`,
      "Containers of previews are not privileged.": eachContainer("!c.?securityContext.?privileged.orValue(false)"),
      [`Containers of previews add no capabilities but ${capabilities.join(", ")}.`]: eachContainer(
        `c.?securityContext.?capabilities.?add.orValue([]).all(one, one in ${literal(capabilities)}` +
          ` || variables.byController && c.name in ${literal(injected.containers)} && one in ${literal(injected.capabilities)})`,
      ),
      "Containers of previews take no ports of the node: leave hostPort out.": eachContainer(
        "c.?ports.orValue([]).all(port, port.?hostPort.orValue(0) == 0)",
      ),
      "Containers of previews see /proc as usual: leave procMount out.": eachContainer(
        "c.?securityContext.?procMount.orValue('Default') == 'Default'",
      ),
      "Pods of previews keep the profile of seccomp: Unconfined is none.": everywhere(
        (context) => `${context}.?seccompProfile.?type.orValue('') != 'Unconfined'`,
      ),
      "Pods of previews keep the profile of AppArmor: Unconfined is none.": [
        everywhere((context) => `${context}.?appArmorProfile.?type.orValue('') != 'Unconfined'`),
        "variables.template.?metadata.?annotations.orValue({}).all(key," +
          " !key.startsWith('container.apparmor.security.beta.kubernetes.io/')" +
          " || variables.template.metadata.annotations[key] == 'runtime/default'" +
          " || variables.template.metadata.annotations[key].startsWith('localhost/'))",
      ].join(" && "),
      "Pods of previews are of no SELinux user, role or type of their own.": everywhere(
        (context) =>
          `${context}.?seLinuxOptions.?type.orValue('') in ${literal(seLinuxTypes)}` +
          ` && ${context}.?seLinuxOptions.?user.orValue('') == '' && ${context}.?seLinuxOptions.?role.orValue('') == ''`,
      ),
      "Pods of previews set no sysctls that reach beyond the pod.": `variables.pod.?securityContext.?sysctls.orValue([]).all(one, one.name in ${literal(sysctls)})`,
      "Containers of previews are none of the host's processes: leave windowsOptions.hostProcess out.": everywhere(
        (context) => `!${context}.?windowsOptions.?hostProcess.orValue(false)`,
      ),
      "Probes and hooks of previews call their own pod: leave host out.": eachContainer(noHost.join(" && ")),
      [`Images of previews come from ${registries.join(", ")}: write the whole reference.`]: `variables.byController || ${eachContainer(registries.map(isFrom).join(" || "))}`,
      "Pods of previews take the node and the rank that they are given: leave nodeName and priorityClassName out.":
        "variables.byController || request.kind.kind == 'Pod' && request.operation == 'UPDATE'" +
        " || variables.pod.?nodeName.orValue('') == '' && variables.pod.?priorityClassName.orValue('') == ''",
    },
  };
}

/** Pods come into an isolated namespace alone: one policy for each kind of object that isolates it. */
export function isolatedPolicies({ label, isolation: { quota, containerDefaults } }: PreviewFenceArgs, name: string) {
  const kinds: readonly (readonly [apiVersion: string, kind: string])[] = [
    ["networking.k8s.io/v1", "NetworkPolicy"],
    ...(quota === undefined ? [] : [["v1", "ResourceQuota"] as const]),
    ...(containerDefaults === undefined ? [] : [["v1", "LimitRange"] as const]),
  ];
  return kinds.map(([apiVersion, kind]): FencePolicy => ({
    name: `isolated-${kind.toLowerCase()}`,
    rules: podResources.map((rule) => ({ ...rule, operations: ["CREATE"] })),
    labelled: label,
    conditions: {},
    needs: { apiVersion, kind, name },
    validations: {
      [`The ${kind} ${name} of the namespace is on its way out.`]: "!has(params.metadata.deletionTimestamp)",
    },
  }));
}
