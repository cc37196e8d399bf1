import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { alertRules } from "../../../components/observability/alerts";
import { recommendedGroups } from "../../../components/observability/recommended-rules";
import { recordingRules } from "../../../components/observability/recording-rules";
import { ruleFile } from "../../../components/observability/rule-file";
import { type Metrics, openMetrics } from "../../../sandbox/metrics/metrics";
import { until } from "../until";

const certificateSeconds = 24 * 3600;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "aks-mesh-alert-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** A series of a sidecar's, whose labels a scraper has completed. */
const series = (name: string, pod: string, label: string, value: number): string =>
  `${name}{namespace="shop",workload="${pod}",pod="${pod}",${label}} ${value}`;

const secondsLeft = "istio_agent_cert_expiry_seconds";
const ofWorkload = 'resource_name="default"';
const endsAt = "envoy_cluster_ssl_certificate_expiration_unix_time_seconds";
const inSeconds = (seconds: number): number => Date.now() / 1000 + seconds;

const day = 24 * 3600;

/** What each istiod tells of the authority. */
const istiods = (intermediate: number, root: number): string =>
  [`citadel_server_cert_chain_expiry_seconds ${intermediate}`, `citadel_server_root_cert_expiry_seconds ${root}`].join(
    "\n",
  );

/** What sidecars tell: of one whose certificate is late to be renewed, of one that is not, and of another certificate than the workload's. */
const told = {
  istio: () => [
    series(secondsLeft, "late", ofWorkload, 8600),
    series(secondsLeft, "in-time", ofWorkload, 8700),
    series(secondsLeft, "other", 'resource_name="file-root"', 10),
  ],
  osm: () => [
    series(endsAt, "late", 'envoy_tls_certificate="service-cert:shop/late"', inSeconds(-10)),
    series(endsAt, "in-time", 'envoy_tls_certificate="service-cert:shop/in-time"', inSeconds(600)),
    series(endsAt, "other", 'envoy_tls_certificate="root-cert:shop/other"', inSeconds(-10)),
  ],
};

/** What a Prometheus asks by job, and what is answered: every request comes by a proxy, whatever its address. */
interface Asked {
  readonly name: string;
  readonly jobs: readonly { readonly job: string; readonly target: string; readonly text: () => string }[];
  /** Labels that all series get. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules: string;
}

/** Runs a real Prometheus and Alertmanager for as long as something looks at them. */
async function onPrometheus({ name, jobs, labels, rules }: Asked, look: (metrics: Metrics) => Promise<void>) {
  const proxy = createServer(({ url = "" }, response) => {
    const { text } = jobs.find(({ target }) => url.includes(target)) ?? expect.fail(url);
    response.setHeader("content-type", "text/plain; version=0.0.4").end(`${text()}\n`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  const metrics = await openMetrics(
    {
      scrapeConfig: stringify({
        scrape_configs: jobs.map(({ job, target }) => ({
          job_name: job,
          static_configs: [{ targets: [target], labels }],
        })),
      }),
      rules,
      dashboards: [],
    },
    { directory: join(directory, name), kubeconfig: "/none", proxy: `127.0.0.1:${port}` },
    () => undefined,
    new PassThrough().resume(),
  );
  try {
    await look(metrics);
  } finally {
    await metrics.close();
    proxy.close();
  }
}

it.concurrent.each(["istio", "osm"] as const)(
  "alerts on certificates of %s fire on a real Prometheus for one that is late or near its end, and for no other",
  async (mesh) => {
    const asked = {
      name: mesh,
      jobs: [
        { job: "mesh-sidecars", target: "sidecar.example:15020", text: () => told[mesh]().join("\n") },
        { job: "mesh-control-plane", target: "istiod.example:15014", text: () => istiods(29 * day, 31 * day) },
      ],
      rules: ruleFile(
        recordingRules(mesh, certificateSeconds),
        alertRules({ mesh, certificateSeconds, thresholds: {} }),
      ),
    };
    await onPrometheus(asked, async (metrics) => {
      const firing = await until(async () => {
        const alerts = await metrics.prometheus.alerts();
        const renewals = alerts.filter(({ name }) => name === "MeshCertificateNotRenewed");
        expect(renewals.map(({ labels }) => labels["pod"]).filter((pod) => pod !== "late")).toEqual([]);
        return renewals.find(({ state }) => state === "firing");
      });
      expect(firing.labels).toMatchObject({ namespace: "shop", severity: "0" });
      expect(firing.summary).toMatch(/^shop\/late: its certificate was not renewed in time, .+ are left/);
      const ending = await until(async () => {
        const alerts = (await metrics.prometheus.alerts()).filter(({ name }) => name === "MeshAuthorityEnds");
        return mesh === "osm" || alerts.some(({ state }) => state === "firing") ? alerts : undefined;
      });
      expect(ending.map(({ summary }) => summary)).toEqual(
        mesh === "osm" ? [] : [expect.stringMatching(/^The intermediate certificate .* ends in 29d 0h 0m 0s;/)],
      );
      // Who is to tell somebody has it.
      await until(async () => {
        const answer = await fetch(`${metrics.addresses.alertmanager}/api/v2/alerts`);
        const received = (await answer.json()) as readonly { readonly labels: Readonly<Record<string, string>> }[];
        return received.find(({ labels }) => labels["alertname"] === "MeshCertificateNotRenewed");
      });
    });
  },
);

/** Writes a counter that grows by so much a second, all of one answer as of one moment. */
function counters(): (series: string, perSecond: number) => string {
  const now = Date.now() / 1000;
  return (series, perSecond) => `${series} ${perSecond * now}`;
}

/** A node with two cores, of which three eighths are at work, as the node exporter tells. */
const nodeExporter = (growing = counters()): string =>
  [
    growing('node_cpu_seconds_total{cpu="0",mode="user"}', 0.5),
    growing('node_cpu_seconds_total{cpu="0",mode="iowait"}', 0.1),
    growing('node_cpu_seconds_total{cpu="0",mode="idle"}', 0.4),
    growing('node_cpu_seconds_total{cpu="1",mode="system"}', 0.25),
    growing('node_cpu_seconds_total{cpu="1",mode="idle"}', 0.75),
    growing("node_vmstat_pgmajfault", 1),
    ...["io_time_seconds", "io_time_weighted_seconds"].map((what) =>
      growing(`node_disk_${what}_total{device="sda"}`, 2),
    ),
    ...["receive_bytes", "transmit_bytes", "receive_drop", "transmit_drop"].flatMap((what) => [
      growing(`node_network_${what}_total{device="eth0"}`, 10),
      growing(`node_network_${what}_total{device="eth1"}`, 20),
      growing(`node_network_${what}_total{device="lo"}`, 1000),
    ]),
    "node_load1 3",
    "node_memory_MemTotal_bytes 1000",
    "node_memory_MemAvailable_bytes 400",
    "node_memory_MemFree_bytes 100",
    "node_memory_Cached_bytes 200",
    "node_memory_Buffers_bytes 50",
  ].join("\n");

/** Containers by pod and name, with the cgroup of each pod above them, as cAdvisor tells. */
const cadvisor = (growing = counters()): string =>
  (["web-1/app", "web-1/side", "stock-0/app"] as const)
    .flatMap((one) => {
      const [pod, container] = one.split("/");
      const labels = `{namespace="shop",pod="${pod}",container="${container}",image="i"}`;
      const above = `{namespace="shop",pod="${pod}",container="",image=""}`;
      return [
        growing(`container_cpu_usage_seconds_total${labels}`, container === "app" ? 0.5 : 0.25),
        growing(`container_cpu_usage_seconds_total${above}`, 1),
        ...["working_set_bytes", "rss", "cache", "swap"].flatMap((what) => [
          `container_memory_${what}${labels} 100`,
          `container_memory_${what}${above} 300`,
        ]),
      ];
    })
    .filter((line, place, lines) => lines.indexOf(line) === place)
    .join("\n");

/** A pod of a Deployment, one of a StatefulSet that is being removed, and one of a Job that has ended, as kube-state-metrics tells. */
const stateMetrics = (): string =>
  [
    ...(
      [
        ["web-1", "ReplicaSet", "web-abc", "Running"],
        ["stock-0", "StatefulSet", "stock", "Running"],
        ["once-1", "Job", "once", "Succeeded"],
      ] as const
    ).flatMap(([pod, kind, owner, phase]) => [
      `kube_pod_info{namespace="shop",pod="${pod}",node="n1",created_by_kind="${kind}",created_by_name="${owner}"} 1`,
      `kube_pod_owner{namespace="shop",pod="${pod}",owner_kind="${kind}",owner_name="${owner}"} 1`,
      ...["Pending", "Running", "Succeeded"].map(
        (one) => `kube_pod_status_phase{namespace="shop",pod="${pod}",phase="${one}"} ${one === phase ? 1 : 0}`,
      ),
      ...["cpu", "memory"].map(
        (resource) =>
          `kube_pod_container_resource_requests{namespace="shop",pod="${pod}",container="app",resource="${resource}"} 2`,
      ),
      `kube_pod_container_info{namespace="shop",pod="${pod}",container="app",container_id="c"} 1`,
      `kube_pod_container_status_restarts_total{namespace="shop",pod="${pod}",container="app"} 2`,
    ]),
    'kube_replicaset_owner{namespace="shop",replicaset="web-abc",owner_kind="Deployment",owner_name="web"} 1',
    'kube_pod_container_info{namespace="shop",pod="web-1",container="side",container_id="c"} 1',
    'kube_pod_init_container_info{namespace="shop",pod="web-1",container="init",container_id="c"} 1',
    'kube_pod_init_container_info{namespace="shop",pod="web-1",container="waits",container_id=""} 1',
    'kube_pod_init_container_status_restarts_total{namespace="shop",pod="web-1",container="init"} 5',
    // Of memory one container has no limit, so that the pod has none.
    ...[
      ["app", "cpu"],
      ["side", "cpu"],
      ["app", "memory"],
    ].map(
      ([container, resource]) =>
        `kube_pod_container_resource_limits{namespace="shop",pod="web-1",container="${container}",resource="${resource}"} 4`,
    ),
    'kube_pod_deletion_timestamp{namespace="shop",pod="stock-0"} 1700000000',
  ].join("\n");

const web =
  '{created_by_kind="ReplicaSet",created_by_name="web-abc",node="n1",cluster="shop",microsoft_resourceid="/shop"}';

/** What the series are to say. */
const expected: Readonly<Record<string, readonly number[]>> = {
  "instance:node_num_cpu:sum": [2],
  "instance:node_load1_per_cpu:ratio": [1.5],
  "instance:node_memory_utilisation:ratio": [0.6],
  ':node_memory_MemAvailable_bytes:sum{cluster="shop"}': [400],
  "ux:node_memory_usage:sum": [650],
  ...Object.fromEntries(
    ["working_set_bytes", "rss", "cache", "swap"].map((what) => [
      `node_namespace_pod_container:container_memory_${what}{node="n1"}`,
      [100, 100, 100],
    ]),
  ),
  ...Object.fromEntries(
    ["cpu", "memory"].flatMap((resource) => [
      // Not of the Job's pod, which has ended.
      [`cluster:namespace:pod_${resource}:active:kube_pod_container_resource_requests{container="app"}`, [2, 2]],
      [`namespace_${resource}:kube_pod_container_resource_requests:sum{namespace="shop"}`, [4]],
    ]),
  ),
  "cluster:namespace:pod_cpu:active:kube_pod_container_resource_limits": [4, 4],
  "namespace_cpu:kube_pod_container_resource_limits:sum": [8],
  "cluster:namespace:pod_memory:active:kube_pod_container_resource_limits": [4],
  "namespace_memory:kube_pod_container_resource_limits:sum": [4],
  'namespace_workload_pod:kube_pod_owner:relabel{workload="web",workload_type="deployment",pod="web-1"}': [1],
  'namespace_workload_pod:kube_pod_owner:relabel{workload="stock",workload_type="statefulset",pod="stock-0"}': [1],
  'namespace_workload_pod:kube_pod_owner:relabel{workload="once",workload_type="job",pod="once-1"}': [1],
  "namespace_workload_pod:kube_pod_owner:relabel": [1, 1, 1],
  'ux:pod_workingset_memory:sum{pod="web-1"}': [200],
  [`ux:controller_workingset_memory:sum${web}`]: [200],
  'ux:pod_rss_memory:sum{pod="web-1"}': [200],
  [`ux:controller_rss_memory:sum${web}`]: [200],
  'ux:pod_container_count:sum{pod="web-1"}': [3],
  [`ux:controller_container_count:sum${web}`]: [3],
  'ux:pod_container_restarts:max{pod="web-1"}': [5],
  [`ux:controller_container_restarts:max${web}`]: [5],
  "ux:pod_resource_limit:sum": [8],
  'ux:controller_resource_limit:sum{resource="cpu"}': [8],
  [`ux:controller_pod_phase_count:sum${web} == 1`]: [1],
  'ux:controller_pod_phase_count:sum{created_by_kind="StatefulSet"} == 1': [1, 1],
  'ux:cluster_pod_phase_count:sum{phase="Running"}': [2],
  'ux:cluster_pod_phase_count:sum{phase="terminating"}': [1],
  'ux:cluster_pod_phase_count:sum{phase="Succeeded"}': [1],
};

/**
 * Rates, as multiples of another rate at the moment for which they were computed: soon after its start a Prometheus knows too little of five minutes, and when it asked
 * is never quite even.
 */
const expectedRates: readonly (readonly [rate: string, of: string, Readonly<Record<string, number>>])[] = [
  [
    "rate",
    "node_vmstat_pgmajfault",
    {
      "instance:node_cpu_utilisation:rate5m": 0.375,
      "instance:node_vmstat_pgmajfault:rate5m": 1,
      'instance_device:node_disk_io_time_seconds:rate5m{device="sda"}': 2,
      "instance_device:node_disk_io_time_weighted_seconds:rate5m": 2,
      "instance:node_network_receive_bytes_excluding_lo:rate5m": 30,
      "instance:node_network_transmit_bytes_excluding_lo:rate5m": 30,
      "instance:node_network_receive_drop_excluding_lo:rate5m": 30,
      "instance:node_network_transmit_drop_excluding_lo:rate5m": 30,
      'cluster:node_cpu:ratio_rate5m{cluster="shop"}': 0.375,
    },
  ],
  [
    "irate",
    "node_vmstat_pgmajfault",
    {
      "ux:node_cpu_usage:sum_irate": 0.85,
      "ux:node_network_receive_drop_total:sum_irate": 30,
      "ux:node_network_transmit_drop_total:sum_irate": 30,
    },
  ],
  [
    "irate",
    'container_cpu_usage_seconds_total{container="side"}',
    {
      'node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate{pod="web-1",container="app",node="n1"}': 2,
      'ux:pod_cpu_usage:sum_irate{pod="web-1"}': 3,
      [`ux:controller_cpu_usage:sum_irate${web}`]: 3,
    },
  ],
];

it.concurrent("computes on a real Prometheus what Azure's dashboards and pages ask for", async () => {
  const asked = {
    name: "recommended",
    jobs: [
      { job: "node", target: "node.example:9100", text: nodeExporter },
      { job: "cadvisor", target: "kubelet.example:10250", text: cadvisor },
      { job: "kube-state-metrics", target: "state.example:8080", text: stateMetrics },
    ],
    labels: { cluster: "shop", microsoft_resourceid: "/shop" },
    rules: stringify({
      groups: recommendedGroups.map(({ name, rules }) => ({
        name,
        rules: rules.map(({ query, ...rule }) => ({ ...rule, expr: query })),
      })),
    }),
  };
  await onPrometheus(asked, async ({ prometheus }) => {
    const records = new Set(recommendedGroups.flatMap(({ rules }) => rules.map(({ record }) => record)));
    await until(async () => {
      const said = new Set((await prometheus.query('{__name__=~".*:.+"}')).map(({ metric }) => metric["__name__"]));
      return [...records].every((record) => said.has(record)) ? said : undefined;
    });
    expect((await prometheus.rules()).filter(({ health }) => health !== "ok")).toEqual([]);
    for (const [query, values] of Object.entries(expected)) {
      expect(
        (await prometheus.query(query)).map(({ value }) => value),
        query,
      ).toEqual(values);
    }
    for (const [rate, of, multiples] of expectedRates) {
      for (const [series, multiple] of Object.entries(multiples)) {
        const [computed] = await prometheus.query(`timestamp(${series})`);
        const at = `@ ${computed?.value}`;
        const [found] = await prometheus.query(`${series} ${at} / on () group_left () ${rate}(${of}[5m] ${at})`);
        expect(found?.value, series).toBeCloseTo(multiple, 4);
      }
    }
  });
});
