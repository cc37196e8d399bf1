import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { podProblem } from "../data-plane/runner";
import { accountKubeconfig } from "../metrics/account-kubeconfig";
import { type Collection, collectionOf } from "../metrics/collection";
import { openFlagger } from "../metrics/flagger";
import { openKeda } from "../metrics/keda";
import { type Metrics, openMetrics } from "../metrics/metrics";
import { type MetricsReport, metricsReport } from "../metrics/panels";
import { metricsTable, placesToLook } from "../metrics/table";
import { UserError } from "../progress";
import { openTraceCollector } from "../traces/collector";
import { type TracesReport, tracesReport, tracesTable } from "../traces/report";
import { type Sandbox } from "../sandbox";
import { accessTable } from "./analysis";
import { type StackCluster, stackCluster } from "./cluster";
import { readObjects } from "./objects";
import { type TrafficReport } from "./report";
import { trafficTable } from "./table";
import { openTraffic, type Traffic } from "./traffic";

/** How often is looked, and how long is counted where nobody watches. */
const lookMilliseconds = 1000;
const defaultSeconds = 20;

/** How long pods may take until the first report, on a busy machine too. */
const startSeconds = 180;

interface Options {
  /** How long is counted; undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
  readonly json: boolean;
  readonly stack: string;
  /** Whether Prometheus collects what the sidecars count. */
  readonly metrics: boolean;
  /** Path of a file for the sidecars' access logs. */
  readonly accessLog: string | undefined;
}

/**
 * `traffic [--seconds N] [--json] [--stack NAME] [--metrics] [--access-log FILE]`: the bookstore with real traffic. Its pods run, with real sidecars that the real
 * osm-controller or istiod configures, and what the sidecars count stands beside what the analysis says. On a terminal the table is
 * drawn anew every second until Ctrl-C; elsewhere one table comes at the end. With `--metrics` a Prometheus does with the stack's rules and dashboards what
 * Azure Monitor would, Flagger moves calls where the stack has canaries, and KEDA gives Deployments their pods where it has autoscaling; of a stack whose sidecars send spans a Jaeger takes them.
 */
export async function trafficCommand(sandbox: Sandbox, args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const cluster = await stackCluster(sandbox, options.stack);
  const collection = options.metrics ? await collectionOf(sandbox, cluster) : undefined;
  const problem = await podProblem();
  if (problem !== undefined) return await analysisAlone(cluster, problem, options.json);
  mkdirSync(sandbox.paths.logs, { recursive: true });
  const logFile = join(sandbox.paths.logs, "traffic.log");
  const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  const live = process.stdout.isTTY && !options.json;
  try {
    let last: TrafficReport | undefined;
    let seen: MetricsReport | undefined;
    let traced: TracesReport | undefined;
    const traces = await openTraceCollector(cluster, sandbox.report, log);
    try {
      sandbox.report("Starting pods …");
      const traffic = await openTraffic(traces?.cluster ?? cluster, sandbox.report, log, options.accessLog);
      try {
        const metrics = collection && (await metricsOf(collection, cluster, traffic, sandbox, log));
        const flagger = metrics && (await openFlagger(cluster, metrics.addresses.prometheus, sandbox.report, log));
        const keda =
          metrics && (await openKeda(cluster, metrics.addresses.prometheus, sandbox.tools, sandbox.report, log));
        try {
          const notes = [
            ...(metrics === undefined ? [] : placesToLook(metrics.addresses)),
            ...(flagger === undefined ? [] : [`Flagger       moves the calls of canaries, see ${logFile}`]),
            ...(keda === undefined ? [] : [`KEDA          gives Deployments their pods by requests, see ${logFile}`]),
            ...(traces === undefined ? [] : [`Traces        ${traces.address}/api/traces?service=NAME (Jaeger's API)`]),
            ...(options.accessLog === undefined ? [] : [`Access log    ${options.accessLog}`]),
          ];
          for (const note of notes) sandbox.report(note);
          last = await watch(traffic, options.seconds ?? (live ? Infinity : defaultSeconds), live, stop.signal, notes);
          if (metrics !== undefined && !stop.signal.aborted) {
            seen = await metricsReport(metrics.prometheus, collection?.dashboards ?? []);
          }
          if (traces !== undefined && !stop.signal.aborted) traced = await tracesReport(traces.api);
        } finally {
          await keda?.close();
          await flagger?.close();
          await metrics?.close();
        }
      } finally {
        await traffic.close();
      }
    } finally {
      await traces?.close();
    }
    if (last === undefined) {
      if (stop.signal.aborted) return 130;
      throw new UserError(
        `Nothing could be counted within ${startSeconds} s: pods did not come up (see ${logFile}), or objects of the mesh changed all the while.`,
      );
    }
    if (options.json) console.log(JSON.stringify({ ...last, metrics: seen, traces: traced }, null, 2));
    else {
      const tables = [seen && metricsTable(seen), traced && tracesTable(traced)];
      console.log([trafficTable(last), ...tables.filter((one) => one !== undefined)].join("\n\n"));
    }
    return 0;
  } finally {
    log.end();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, interrupt);
  }
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string" },
      json: { type: "boolean", default: false },
      metrics: { type: "boolean", default: false },
      "access-log": { type: "string" },
      stack: { type: "string" },
    },
  });
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) {
    throw new UserError(`--seconds takes a number above 0, not "${String(values.seconds)}".`);
  }
  const { json, metrics, stack = "dev" } = values;
  const file = values["access-log"];
  return { seconds, json, metrics, stack, accessLog: file === undefined ? undefined : writableFile(file) };
}

/** @throws UserError where no file can be written there. */
function writableFile(file: string): string {
  try {
    writeFileSync(file, "", { mode: 0o600 });
  } catch (error) {
    throw new UserError(`--access-log: ${file} cannot be written (${String(error)}).`);
  }
  return resolve(file);
}

async function metricsOf(
  collection: Collection,
  cluster: StackCluster,
  traffic: Traffic,
  { report }: Sandbox,
  log: Writable,
): Promise<Metrics> {
  const { account } = collection;
  const kubeconfig = account === undefined ? cluster.kubeconfig : await accountKubeconfig(cluster, account);
  const proxy = await traffic.openProxy();
  return await openMetrics(collection, { directory: cluster.directory, kubeconfig, proxy }, report, log);
}

async function analysisAlone(cluster: StackCluster, problem: string, json: boolean): Promise<number> {
  const { all } = await readObjects(cluster.api);
  cluster.api.close();
  if (json) console.log(JSON.stringify({ problem }, null, 2));
  else
    console.log(
      `${problem}\nWhat the analysis says of the cluster's objects:\n\n${await accessTable(cluster.directory, cluster.mesh, all)}`,
    );
  return 0;
}

/** Looks until the time is up, counted from the first report, or until it is stopped. @returns the last report. */
async function watch(
  traffic: Traffic,
  seconds: number,
  live: boolean,
  signal: AbortSignal,
  notes: readonly string[],
): Promise<TrafficReport | undefined> {
  let last: TrafficReport | undefined;
  let end = Date.now() + startSeconds * 1000;
  try {
    if (live) process.stdout.write(alternateScreen);
    while (!signal.aborted && Date.now() < end) {
      const seen = await traffic.look();
      if (seen !== undefined && last === undefined) end = Date.now() + seconds * 1000;
      // Until a change is in force, the last report stands.
      last = seen ?? last;
      if (live) draw(last, seen === undefined, notes);
      await sleep(lookMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    if (live) process.stdout.write(normalScreen);
  }
  return last;
}

const alternateScreen = "\u001b[?1049h";
const normalScreen = "\u001b[?1049l";
const clear = "\u001b[2J\u001b[H";

function draw(report: TrafficReport | undefined, waiting: boolean, notes: readonly string[]): void {
  const note = waiting ? "Waiting until pods run and the mesh acts by its policies …\n\n" : "";
  const text = report === undefined ? "" : trafficTable(report);
  process.stdout.write(`${clear}${note}${text}\n\n${[...notes, "Ctrl-C ends it."].join("\n")}\n`);
}
