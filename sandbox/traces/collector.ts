import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Writable } from "node:stream";
import { portsIn } from "../control-plane/ports";
import { ensureJaeger } from "../tools/jaeger";
import { type StackCluster } from "../traffic/cluster";
import { endProgram, startProgram, untilReady } from "../traffic/side-program";
import { type TracesApi, tracesApi } from "./query-api";

/** A collector that runs in the place of the one that the cluster only pretends to run. */
export interface TraceCollector {
  readonly api: TracesApi;
  /** Where Jaeger's HTTP API answers. */
  readonly address: string;
  /** The cluster with the way to it: sidecars find it where the Service is. */
  readonly cluster: StackCluster;
  close(): Promise<void>;
}

/** The Service that takes spans in Zipkin's format. */
const place = { namespace: "mesh-tracing", name: "jaeger", port: 9411 };

/** Starts Jaeger for a cluster that has one; undefined for others. It ends with this process, however that ends. */
export async function openTraceCollector(
  cluster: StackCluster,
  report: (message: string) => void,
  log: Writable,
): Promise<TraceCollector | undefined> {
  const { namespace, name, port } = place;
  if ((await cluster.api.find(`/api/v1/namespaces/${namespace}/services/${name}`)) === undefined) return undefined;
  const program = await ensureJaeger(report);
  const folder = join(cluster.directory, "traces");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ports = await portsIn(join(folder, "ports.json"), ["zipkin", "query"]);
  const address = `http://127.0.0.1:${ports.query}`;
  const child = startProgram(program, [`--zipkin=127.0.0.1:${ports.zipkin}`, `--query=127.0.0.1:${ports.query}`]);
  child.stderr?.pipe(log, { end: false });
  const close = () => endProgram(child);
  try {
    await untilReady(`${address}/api/services`, [child]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    api: tracesApi(address),
    address,
    cluster: { ...cluster, discovery: { ...cluster.discovery, [`${name}.${namespace}:${port}`]: ports.zipkin } },
    close,
  };
}
