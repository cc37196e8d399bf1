import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { alertRules } from "../../../components/observability/alerts";
import { recordingRules } from "../../../components/observability/recording-rules";
import { ruleFile } from "../../../components/observability/rule-file";
import { openMetrics } from "../../../sandbox/metrics/metrics";
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

it.concurrent.each(["istio", "osm"] as const)(
  "alerts on certificates of %s fire on a real Prometheus for one that is late or near its end, and for no other",
  async (mesh) => {
    // Prometheus asks through a proxy, which answers for every sidecar and for istiod.
    const sidecars = createServer(({ url }, response) => {
      const text = url?.includes("istiod") === true ? istiods(29 * day, 31 * day) : told[mesh]().join("\n");
      response.setHeader("content-type", "text/plain; version=0.0.4").end(`${text}\n`);
    });
    await new Promise<void>((resolve) => sidecars.listen(0, "127.0.0.1", resolve));
    const { port } = sidecars.address() as AddressInfo;
    const metrics = await openMetrics(
      {
        scrapeConfig: stringify({
          scrape_configs: [
            { job_name: "mesh-sidecars", static_configs: [{ targets: ["sidecar.example:15020"] }] },
            { job_name: "mesh-control-plane", static_configs: [{ targets: ["istiod.example:15014"] }] },
          ],
        }),
        rules: ruleFile(
          recordingRules(mesh, certificateSeconds),
          alertRules({ mesh, certificateSeconds, thresholds: {} }),
        ),
        dashboards: [],
      },
      { directory: join(directory, mesh), kubeconfig: "/none", proxy: `127.0.0.1:${port}` },
      () => undefined,
      new PassThrough().resume(),
    );
    try {
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
    } finally {
      await metrics.close();
      sidecars.close();
    }
  },
);
