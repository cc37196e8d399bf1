import { parseArgs } from "node:util";
import { aksMeshCommand } from "./aks-mesh-command";
import { azCommand } from "./az-command";
import { ended, wasInterrupted } from "./engine";
import { findEmulator, stopEmulator } from "./emulator";
import { activeFaults, faultCommand, struck } from "./fault-command";
import { kubectlCommand } from "./kubectl-command";
import { loadCommand } from "./load";
import { migrateCommand } from "./migrate-command";
import { sandboxPaths } from "./paths";
import { terminalReport, UserError } from "./progress";
import { settingsFlags } from "./settings-flags";
import { openSandbox, operate, type Operation, operations, pulumi, resetSandbox } from "./sandbox";
import { printStatus } from "./status-command";
import { summary } from "./summary";
import { trafficCommand } from "./traffic";

const usage = `npm run sandbox                             start what is missing, then bring up stack dev
npm run sandbox -- <operation> [stack]      up, preview, destroy or refresh; stack is dev unless named
  --mesh osm|istio                          which mesh the stack's cluster has, from now on
  --metrics[=cluster|off]                   whether the mesh's metrics are collected, from now on
  --tracing[=off]                           whether sidecars send spans of requests to a Jaeger, from now on
npm run sandbox -- status [--json]          what runs, which clusters and stacks there are
npm run sandbox -- stop                     end every process; what was deployed comes back with the next start
npm run sandbox -- reset                    stop, and forget everything
npm run sandbox -- pulumi|kubectl|az …      the real command, pointed at the sandbox
npm run sandbox -- aks-mesh …               the command of this checkout, in the sandbox's environment: previews, for instance
npm run sandbox -- traffic [--seconds N]    run the pods with real sidecars: who calls whom, and how it ends
  --metrics                                 with Prometheus, Alertmanager and the stack's dashboards
  --access-log FILE                         with what sidecars say about each request, a line of JSON each
npm run sandbox -- load FROM TO [--path P] … many calls by a pod of account FROM to Service TO, beside the limits of the policy
  --requests N --concurrency N --rate N     how many in all, at a time, and begun in a second; see docs/resilience.md
npm run sandbox -- migrate [--yes] [--back] move stack dev from Open Service Mesh to Istio, see docs/migrate.md
  --watch                                   run the pods meanwhile: how their calls end in each step
npm run sandbox -- fault [NAME|clear] …     list faults, switch one on, or all off`;

const isOperation = (word: string): word is Operation => (operations as readonly string[]).includes(word);

/** Brings a stack to where the operation says, and tells what came of it. */
async function operation(name: Operation, rest: readonly string[]): Promise<number> {
  const [first] = rest;
  const [stack, flags] = first === undefined || first.startsWith("-") ? ["dev", rest] : [first, rest.slice(1)];
  const { settings, others } = settingsFlags(flags);
  const sandbox = await openSandbox(terminalReport());
  // After `up` the summary says what the outputs would, in words.
  const quiet = name === "up" ? ["--suppress-outputs"] : [];
  const faults = await activeFaults(sandbox);
  const { code } = await operate(sandbox, name, stack, [...quiet, ...others], "show", settings);
  for (const sentence of struck(faults, await activeFaults(sandbox))) {
    console.log(`${sentence}${code === 0 ? " The program came through." : ""}`);
  }
  if (code === ended && !wasInterrupted()) {
    console.error("The engine was ended before its time. Run the same command again: it takes up what was under way.");
  }
  if (code !== 0 || name !== "up") return code;
  console.log(summary(stack, await pulumi(sandbox, ["stack", "output", "--json", "--stack", stack])));
  return 0;
}

async function stop(): Promise<number> {
  const emulator = await findEmulator(sandboxPaths());
  if (emulator === undefined) console.log("The sandbox is not running.");
  else {
    await stopEmulator(emulator);
    console.log("The sandbox has stopped. `npm run sandbox` starts it again with all that was deployed.");
  }
  return 0;
}

async function reset(): Promise<number> {
  await stop();
  await resetSandbox(sandboxPaths());
  console.log("The sandbox is gone.");
  return 0;
}

async function main([command = "up", ...rest]: readonly string[]): Promise<number> {
  if (isOperation(command)) return operation(command, rest);
  switch (command) {
    case "status":
      return printStatus(
        sandboxPaths(),
        parseArgs({ args: [...rest], options: { json: { type: "boolean" } } }).values.json ?? false,
      );
    case "stop":
      return stop();
    case "reset":
      return reset();
    case "pulumi":
      return (await pulumi(await openSandbox(terminalReport()), rest, "show")).code;
    case "kubectl":
      return kubectlCommand(await openSandbox(terminalReport()), rest);
    case "az":
      return azCommand(await openSandbox(terminalReport()), rest);
    case "aks-mesh":
      return aksMeshCommand(await openSandbox(terminalReport()), rest);
    case "traffic":
      return trafficCommand(await openSandbox(terminalReport()), rest);
    case "load":
      return loadCommand(() => openSandbox(terminalReport()), rest);
    case "migrate":
      return migrateCommand(await openSandbox(terminalReport()), rest);
    case "fault":
      return faultCommand(await openSandbox(terminalReport()), rest);
    case "help":
    case "--help":
    case "-h":
      console.log(usage);
      return 0;
    default:
      throw new UserError(`There is no command "${command}".\n\n${usage}`);
  }
}

/** What to do where a folder may not be written to; undefined for every other error. */
function readOnlyProblem(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("path" in error)) return undefined;
  if (error.code !== "EROFS" && error.code !== "EACCES") return undefined;
  return `${String(error.path)} cannot be written to: the sandbox keeps its state in the checkout and its tools in ~/.cache/aks-mesh. Use a checkout of your own.`;
}

/** Ends the command that Ctrl-C has cut off, whatever came of it since. */
function endInterrupted(): never {
  console.error("Ended by Ctrl-C. Run the same command again: it takes up what was under way.");
  process.exit(ended);
}

/** Commands of others, which say themselves what Ctrl-C did to them. */
const passedOn: readonly string[] = ["pulumi", "kubectl", "az", "aks-mesh"];

const [, , ...words] = process.argv;
main(words).then(
  (code) => {
    if (code !== 0 && wasInterrupted() && !passedOn.includes(words[0] ?? "")) endInterrupted();
    process.exit(code);
  },
  (error: unknown) => {
    if (wasInterrupted()) endInterrupted();
    const readOnly = readOnlyProblem(error);
    if (readOnly !== undefined) {
      console.error(readOnly);
      process.exit(2);
    }
    console.error(error instanceof UserError ? error.message : error);
    process.exit(error instanceof UserError ? 2 : 1);
  },
);
