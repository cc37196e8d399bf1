import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { podProblem } from "../data-plane/runner";
import { UserError } from "../progress";
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

/** How long pods may take until the first report. */
const startSeconds = 90;

interface Options {
  /** How long is counted; undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
  readonly json: boolean;
  readonly stack: string;
}

/**
 * `traffic [--seconds N] [--json] [--stack NAME]`: the bookstore with real traffic. Its pods run, with real sidecars that the real
 * osm-controller or istiod configures, and what the sidecars count stands beside what the analysis says. On a terminal the table is
 * drawn anew every second until Ctrl-C; elsewhere one table comes at the end.
 */
export async function trafficCommand(sandbox: Sandbox, args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const cluster = await stackCluster(sandbox, options.stack);
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
    sandbox.report("Starting pods …");
    const traffic = await openTraffic(cluster, sandbox.report, log);
    let last: TrafficReport | undefined;
    try {
      last = await watch(traffic, options.seconds ?? (live ? Infinity : defaultSeconds), live, stop.signal);
    } finally {
      await traffic.close();
    }
    if (last === undefined) {
      if (stop.signal.aborted) return 130;
      throw new UserError(`The pods did not come up within ${startSeconds} s: see ${logFile}`);
    }
    console.log(options.json ? JSON.stringify(last, null, 2) : trafficTable(last));
    return 0;
  } finally {
    log.end();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, interrupt);
  }
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: "string" }, json: { type: "boolean", default: false }, stack: { type: "string" } },
  });
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) {
    throw new UserError(`--seconds takes a number above 0, not "${String(values.seconds)}".`);
  }
  return { seconds, json: values.json, stack: values.stack ?? "dev" };
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
      if (live) draw(last, seen === undefined);
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

function draw(report: TrafficReport | undefined, waiting: boolean): void {
  const note = waiting ? "Waiting until pods run and the mesh acts by its policies …\n\n" : "";
  const text = report === undefined ? "" : trafficTable(report);
  process.stdout.write(`${clear}${note}${text}\n\nCtrl-C ends it.\n`);
}
