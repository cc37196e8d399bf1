import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { podProblem } from "./data-plane/runner";
import { run } from "./engine";
import { programDirectory } from "./paths";
import { UserError } from "./progress";
import { type Sandbox } from "./sandbox";
import { ensureIstio } from "./tools/istio";
import { stackCluster } from "./traffic/cluster";
import { watchMigration, watchTable } from "./traffic/migration-watch";

/** How long is counted before and after the move, in seconds. */
const stillSeconds = 15;

/**
 * `migrate …`: the program's own `aks-mesh migrate`, in the sandbox's project. The stack is dev unless named. With `--watch` the pods run
 * meanwhile, and a table says at the end how their calls ended in each step.
 */
export async function migrateCommand(sandbox: Sandbox, args: readonly string[]): Promise<number> {
  // A cluster should not have to wait for it between two meshes.
  await ensureIstio(sandbox.report);
  const others = args.filter((arg) => arg !== "--watch");
  const named = others.indexOf("--stack");
  const stack = named < 0 ? "dev" : (others[named + 1] ?? "");
  const given = named < 0 ? [...others, "--stack", stack] : others;
  const line = [join(programDirectory, "cli", "bin.js"), "migrate", ...given];
  const { paths, environment } = sandbox;
  if (others.length < args.length) return watched(sandbox, stack, line);
  return (await run(process.execPath, line, { cwd: paths.project, environment, output: "show" })).code;
}

async function watched(sandbox: Sandbox, stack: string, line: readonly string[]): Promise<number> {
  if (!line.includes("--yes")) throw new UserError("migrate --watch counts while something happens: add --yes.");
  const problem = await podProblem();
  if (problem !== undefined) throw new UserError(`The pods cannot be watched. ${problem}`);
  mkdirSync(sandbox.paths.logs, { recursive: true });
  const log = createWriteStream(join(sandbox.paths.logs, "traffic.log"), { flags: "a", mode: 0o600 });
  let code = 1;
  try {
    sandbox.report("Starting pods …");
    const cluster = await stackCluster(sandbox, stack);
    const move = async (begin: (title: string) => void): Promise<void> => {
      code = await moving(sandbox, line, begin);
    };
    console.log(watchTable(await watchMigration(cluster, sandbox.report, log, move, stillSeconds)));
    return code;
  } finally {
    log.end();
  }
}

/** Runs the command, and tells each of its steps from what it says. */
function moving(
  { paths, environment }: Sandbox,
  line: readonly string[],
  begin: (title: string) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, line, {
      cwd: paths.project,
      env: environment,
      stdio: ["ignore", "inherit", "pipe"],
    });
    begin("looking at the cluster");
    createInterface({ input: child.stderr }).on("line", (text) => {
      process.stderr.write(`${text}\n`);
      const title = /^\[\d+\/\d+\] .+?(?= … )/.exec(text)?.[0];
      if (title !== undefined) begin(title);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
