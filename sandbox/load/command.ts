import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { podProblem } from "../data-plane/runner";
import { ended } from "../engine";
import { UserError } from "../progress";
import { type Sandbox } from "../sandbox";
import { stackCluster } from "../traffic/cluster";
import { total } from "../traffic/counts";
import { readLoadOptions } from "./options";
import { runLoad } from "./run";
import { loadTable } from "./table";

/**
 * `load FROM TO …`: many calls of one kind by a pod of the account FROM to the Service TO, through real sidecars, and beside what came of them the limits that
 * the policy sets.
 *
 * @param open opens the sandbox, once it is known what is wanted of it.
 * @returns 0 where every call passed, 1 where some did not, 130 where Ctrl-C ended it.
 */
export async function loadCommand(open: () => Promise<Sandbox>, args: readonly string[]): Promise<number> {
  const options = readLoadOptions(args);
  const sandbox = await open();
  const problem = await podProblem();
  if (problem !== undefined) throw new UserError(problem);
  const cluster = await stackCluster(sandbox, options.stack);
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  mkdirSync(sandbox.paths.logs, { recursive: true });
  const log = createWriteStream(join(sandbox.paths.logs, "traffic.log"), { flags: "a", mode: 0o600 });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);
  try {
    const report = await runLoad(cluster, options, sandbox.report, log, stop.signal);
    if (report === undefined) {
      console.error("Ended by Ctrl-C before the first call.");
      return ended;
    }
    console.log(options.json ? JSON.stringify(report, null, 2) : loadTable(report));
    if (report.interrupted) return ended;
    return report.passed === total(report.ends) ? 0 : 1;
  } finally {
    cluster.api.close();
    log.end();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, interrupt);
  }
}
