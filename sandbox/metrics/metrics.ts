import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Writable } from "node:stream";
import { portsIn } from "../control-plane/ports";
import { endProgram, startProgram, untilReady } from "../traffic/side-program";
import { type Collection } from "./collection";
import { alertmanagerConfig, prometheusConfig } from "./configuration";
import { type PrometheusApi, prometheusApi } from "./prometheus-api";
import { ensureMetricsTools } from "./tools";

/** A Prometheus and an Alertmanager that run. */
export interface Metrics {
  readonly prometheus: PrometheusApi;
  /** Where they can be looked at. */
  readonly addresses: { readonly prometheus: string; readonly alertmanager: string };
  /** Ends both. */
  close(): Promise<void>;
}

/**
 * Starts Prometheus and Alertmanager in the place of Azure Monitor, or of those that the cluster only pretends to run. They end with this process, however that ends.
 *
 * @param directory of the cluster's control plane: theirs are below it. What an earlier run collected goes.
 * @param kubeconfig by which Prometheus finds pods.
 * @param proxy by which it reaches them.
 */
export async function openMetrics(
  collection: Collection,
  { directory, kubeconfig, proxy }: { readonly directory: string; readonly kubeconfig: string; readonly proxy: string },
  report: (message: string) => void,
  log: Writable,
): Promise<Metrics> {
  const tools = await ensureMetricsTools(report);
  const folder = join(directory, "metrics");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ports = await portsIn(join(folder, "ports.json"), ["prometheus", "alertmanager"]);
  const [prometheusAddress, alertmanagerAddress] = [`127.0.0.1:${ports.prometheus}`, `127.0.0.1:${ports.alertmanager}`];
  const rules = join(folder, "rules.yaml");
  await Promise.all([
    writeFile(rules, collection.rules),
    writeFile(join(folder, "alertmanager.yaml"), alertmanagerConfig),
    writeFile(
      join(folder, "prometheus.yaml"),
      prometheusConfig(collection.scrapeConfig, { kubeconfig, proxy, rules, alertmanager: alertmanagerAddress }),
    ),
  ]);
  const children = [
    startProgram(tools.alertmanager, [
      `--config.file=${join(folder, "alertmanager.yaml")}`,
      `--storage.path=${join(folder, "alertmanager")}`,
      `--web.listen-address=${alertmanagerAddress}`,
      // Alone: no other Alertmanager is looked for.
      "--cluster.listen-address=",
      "--log.level=warn",
    ]),
    startProgram(tools.prometheus, [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${prometheusAddress}`,
      "--log.level=warn",
    ]),
  ];
  for (const { stderr } of children) stderr?.pipe(log, { end: false });
  const close = async (): Promise<void> => {
    await Promise.all(children.map(endProgram));
  };
  const addresses = { prometheus: `http://${prometheusAddress}`, alertmanager: `http://${alertmanagerAddress}` };
  try {
    for (const address of Object.values(addresses)) await untilReady(`${address}/-/ready`, children);
  } catch (error) {
    await close();
    throw error;
  }
  return { prometheus: prometheusApi(addresses.prometheus), addresses, close };
}
