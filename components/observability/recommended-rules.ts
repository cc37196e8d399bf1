/**
 * A series that Azure's own pages and dashboards ask for. Its name and labels are Azure's, what computes it is written from what these say, over what AKS's
 * agent collects without being asked (jobs `node`, `cadvisor`, `kube-state-metrics`).
 */
export interface RecommendedRule {
  readonly record: string;
  readonly query: string;
  /** Labels that the series gets besides. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A group of them. */
export interface RecommendedGroup {
  /** Last part of the resource's name in a stack. */
  readonly id: string;
  /**
   * First part of its name, before the cluster's: the portal makes the same groups where somebody switches on metrics there, and takes them for the ones that
   * it has made (https://learn.microsoft.com/azure/azure-monitor/containers/prometheus-metrics-scrape-default#recording-rules).
   */
  readonly name: string;
  readonly description: string;
  readonly rules: readonly RecommendedRule[];
}

/** Over how long rates are taken, as the names of the series say. */
const window = "5m";

function rate(series: string): string {
  return `rate(${series}[${window}])`;
}

function irate(series: string): string {
  return `irate(${series}[${window}])`;
}

/** A series of the node exporter. */
function ofNodes(metric: string, selector = ""): string {
  return `${metric}{job="node"${selector}}`;
}

/** A series of containers, not of the cgroups above them. */
function ofContainers(metric: string): string {
  return `${metric}{job="cadvisor", image!=""}`;
}

/** A series of what the API server says. */
function ofObjects(metric: string, selector = ""): string {
  return `${metric}{job="kube-state-metrics"${selector}}`;
}

const cores = `count without (cpu, mode) (${ofNodes("node_cpu_seconds_total", ', mode="idle"')})`;
/** Without time that waits for a disk, or that the machine below takes. */
const busy = rate(ofNodes("node_cpu_seconds_total", ', mode!~"idle|iowait|steal"'));
const available = ofNodes("node_memory_MemAvailable_bytes");

function ofInterfaces(counter: string): string {
  return `sum without (device) (${rate(ofNodes(counter, ', device!="lo"'))})`;
}

const nodeRules: readonly RecommendedRule[] = [
  { record: "instance:node_num_cpu:sum", query: cores },
  { record: "instance:node_cpu_utilisation:rate5m", query: `sum without (cpu, mode) (${busy}) / ${cores}` },
  { record: "instance:node_load1_per_cpu:ratio", query: `${ofNodes("node_load1")} / ${cores}` },
  {
    record: "instance:node_memory_utilisation:ratio",
    query: `1 - ${available} / ${ofNodes("node_memory_MemTotal_bytes")}`,
  },
  { record: "instance:node_vmstat_pgmajfault:rate5m", query: rate(ofNodes("node_vmstat_pgmajfault")) },
  ...["io_time_seconds", "io_time_weighted_seconds"].map((what) => ({
    record: `instance_device:node_disk_${what}:rate5m`,
    query: rate(ofNodes(`node_disk_${what}_total`, ', device!=""')),
  })),
  ...["receive_bytes", "transmit_bytes", "receive_drop", "transmit_drop"].map((what) => ({
    record: `instance:node_network_${what}_excluding_lo:rate5m`,
    query: ofInterfaces(`node_network_${what}_total`),
  })),
];

const pod = "cluster, namespace, pod";
/** On which node a pod is. While one of the same name comes on another node it is on one of both. */
const placed = `topk by (${pod}) (1, max by (${pod}, node) (${ofObjects("kube_pod_info", ', node!=""')}))`;
/** Pods that have their place, or wait for one: those that have ended need nothing. */
const active = `max by (${pod}) (${ofObjects("kube_pod_status_phase", ', phase=~"Pending|Running"')} == 1)`;

function onNode(series: string): string {
  return `${series} * on (${pod}) group_left (node) ${placed}`;
}

function ofActive(series: string): string {
  return `${series} * on (${pod}) group_left () ${active}`;
}

/** What containers ask for, or may have at most: of each, and by namespace. */
function resourceRules(resource: "memory" | "cpu", what: "requests" | "limits"): readonly RecommendedRule[] {
  const metric = `kube_pod_container_resource_${what}`;
  const series = ofObjects(metric, `, resource="${resource}"`);
  return [
    { record: `cluster:namespace:pod_${resource}:active:${metric}`, query: ofActive(series) },
    {
      record: `namespace_${resource}:${metric}:sum`,
      query: `sum by (cluster, namespace) (${ofActive(`max by (${pod}, container) (${series})`)})`,
    },
  ];
}

/** The owner's name as a label of another name. */
function owned(metric: string, kind: string, label: string): string {
  return `label_replace(${ofObjects(metric, `, owner_kind="${kind}"`)}, "${label}", "$1", "owner_name", "(.+)")`;
}

/** Of which workload a pod is. */
function workloadRule(type: string, pods: string): RecommendedRule {
  return {
    record: "namespace_workload_pod:kube_pod_owner:relabel",
    query: `max by (cluster, namespace, workload, pod) (${pods})`,
    labels: { workload_type: type },
  };
}

const podsOfDeployments =
  `${owned("kube_pod_owner", "ReplicaSet", "replicaset")} * on (cluster, namespace, replicaset) group_left (workload) ` +
  `max by (cluster, namespace, replicaset, workload) (${owned("kube_replicaset_owner", "Deployment", "workload")})`;

const kubernetesRules: readonly RecommendedRule[] = [
  {
    record: "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate",
    query: onNode(`sum by (${pod}, container) (${irate(ofContainers("container_cpu_usage_seconds_total"))})`),
  },
  ...["working_set_bytes", "rss", "cache", "swap"].map((what) => ({
    record: `node_namespace_pod_container:container_memory_${what}`,
    query: onNode(ofContainers(`container_memory_${what}`)),
  })),
  ...resourceRules("memory", "requests"),
  ...resourceRules("cpu", "requests"),
  ...resourceRules("memory", "limits"),
  ...resourceRules("cpu", "limits"),
  workloadRule("deployment", podsOfDeployments),
  ...["DaemonSet", "StatefulSet", "Job"].map((kind) =>
    workloadRule(kind.toLowerCase(), owned("kube_pod_owner", kind, "workload")),
  ),
  { record: ":node_memory_MemAvailable_bytes:sum", query: `sum by (cluster) (${available})` },
  { record: "cluster:node_cpu:ratio_rate5m", query: `sum by (cluster) (${busy}) / sum by (cluster) (${cores})` },
];

/** The pages tell clusters of one workspace apart by their resource id, which the workspace adds. */
const podOfCluster = `${pod}, microsoft_resourceid`;
const creator = "node, created_by_name, created_by_kind";
const controller = `cluster, namespace, ${creator}, microsoft_resourceid`;
const node = "instance, cluster, microsoft_resourceid";

const containers = ofObjects("kube_pod_container_info", ', container!=""');

/** By pod, with who has made it and where it is. */
function withCreator(series: string): string {
  const whose = `max by (${podOfCluster}, ${creator}) (${ofObjects("kube_pod_info", ', pod!=""')})`;
  return `${series} * on (${podOfCluster}) group_left (${creator}) ${whose}`;
}

/** Of pods, and the same of all pods that one controller has made on one node. */
function byPodAndController(
  what: string,
  operations: string,
  series: string,
  further = "",
  aggregate: "sum" | "max" = "sum",
): readonly RecommendedRule[] {
  const record = `ux:pod_${what}:${operations}`;
  return [
    { record, query: withCreator(series) },
    {
      record: `ux:controller_${what}:${operations}`,
      query: `${aggregate} by (${controller}${further}) (${record})`,
    },
  ];
}

function sumOfContainers(series: string): string {
  return `sum by (${podOfCluster}) (${series})`;
}

const limits = ofObjects("kube_pod_container_resource_limits", ', container!=""');
/** The pod's limit of each resource: none where one of its containers has none. */
const limit =
  `(sum by (${podOfCluster}, resource) (${limits}) and on (${podOfCluster}, resource) ` +
  `(count by (${podOfCluster}, resource) (${limits}) == on (${podOfCluster}) group_left () count by (${podOfCluster}) (${containers})))`;

/** Containers that were started, init containers among them. */
const started = ["kube_pod_container_info", "kube_pod_init_container_info"].map(
  (metric) => `count by (${podOfCluster}, container) (${ofObjects(metric, ', container_id!=""')})`,
);
const restarts = ["kube_pod_container_status_restarts_total", "kube_pod_init_container_status_restarts_total"].map(
  (metric) => `max by (${podOfCluster}, container) (${ofObjects(metric)})`,
);

/** Pods by phase; those that are being removed once more, as a phase of their own. */
const phases =
  `(max by (${podOfCluster}, phase) (${ofObjects("kube_pod_status_phase")}) or ` +
  `label_replace(count by (${podOfCluster}) (${ofObjects("kube_pod_deletion_timestamp")}), "phase", "terminating", "", ""))`;

const pageRules: readonly RecommendedRule[] = [
  ...byPodAndController(
    "cpu_usage",
    "sum_irate",
    sumOfContainers(irate(ofContainers("container_cpu_usage_seconds_total"))),
  ),
  ...byPodAndController(
    "workingset_memory",
    "sum",
    sumOfContainers(ofContainers("container_memory_working_set_bytes")),
  ),
  ...byPodAndController("rss_memory", "sum", sumOfContainers(ofContainers("container_memory_rss"))),
  ...byPodAndController("container_count", "sum", `count by (${podOfCluster}) (${started.join(" or ")})`),
  ...byPodAndController("container_restarts", "max", `max by (${podOfCluster}) (${restarts.join(" or ")})`, "", "max"),
  ...byPodAndController("resource_limit", "sum", limit, ", resource"),
  {
    record: "ux:controller_pod_phase_count:sum",
    query: `sum by (${controller}, phase) (${withCreator(phases)})`,
  },
  {
    record: "ux:cluster_pod_phase_count:sum",
    query: "sum by (cluster, namespace, node, phase, microsoft_resourceid) (ux:controller_pod_phase_count:sum)",
  },
  {
    record: "ux:node_cpu_usage:sum_irate",
    query: `sum by (${node}) (${irate(ofNodes("node_cpu_seconds_total", ', mode!="idle"'))})`,
  },
  {
    record: "ux:node_memory_usage:sum",
    query: `sum by (${node}) (${["MemTotal", "MemFree", "Cached", "Buffers"].map((part) => ofNodes(`node_memory_${part}_bytes`)).join(" - ")})`,
  },
  ...["receive", "transmit"].map((way) => ({
    record: `ux:node_network_${way}_drop_total:sum_irate`,
    query: `sum by (${node}) (${irate(ofNodes(`node_network_${way}_drop_total`, ', device!="lo"'))})`,
  })),
];

/** The groups of recording rules that Azure recommends for a cluster with Linux nodes, without which its dashboards and the cluster's pages stay empty. */
export const recommendedGroups: readonly RecommendedGroup[] = [
  {
    id: "nodes",
    name: "NodeRecordingRulesRuleGroup-",
    description: "What nodes have and use, as the dashboards of the node exporter read it.",
    rules: nodeRules,
  },
  {
    id: "workloads",
    name: "KubernetesRecordingRulesRuleGroup-",
    description: "What workloads ask for and use, as the dashboards on compute resources read it.",
    rules: kubernetesRules,
  },
  {
    id: "pages",
    name: "UXRecordingRulesRuleGroup - ",
    description: "What pods, controllers and nodes use, as the portal's pages about the cluster read it.",
    rules: pageRules,
  },
];
