import { accessCommand } from "./access";
import { checkCommand } from "./check";
import { decideCommand } from "./decide";
import { diffCommand } from "./diff";
import { driftCommand } from "./drift";
import { explainCommand } from "./explain";
import { BadInput } from "./load";
import { processTerminal, type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

const usage = `Who may call whom in a mesh of Open Service Mesh 1.2, from its manifests alone.

Usage
  aks-mesh access  FILES…                  the matrix of callers and services
      [--json] [--svg FILE] [--html FILE]
  aks-mesh explain FILES… --from NS/SA --to HOST:PORT
      [--method M] [--path P] [--header NAME=VALUE]… [--host H] [--tcp] [--json]
  aks-mesh check   FILES… [--json]         what the mesh will do that was hardly meant; guarantees
  aks-mesh diff    BEFORE AFTER [--json] [--exit-code]
                                           what a change opens and closes, with a request each
  aks-mesh decide  FILES… < requests.jsonl one verdict a line, for machines
  aks-mesh drift   --stack NAME            has anybody changed what was deployed?
  aks-mesh preview up|down|status|reap|comment …
                                           running copies of pull requests: aks-mesh preview help

FILES are manifests in YAML or JSON, directories of them, or - for standard input.
Exit code: 0 fine, 1 findings or differences, 2 wrong usage or manifests that cannot be read.
`;

async function run(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case "access":
      return accessCommand(terminal, rest);
    case "explain":
      return explainCommand(terminal, rest);
    case "check":
      return checkCommand(terminal, rest);
    case "diff":
      return diffCommand(terminal, rest);
    case "decide":
      return decideCommand(terminal, rest);
    case "drift":
      return driftCommand(terminal, rest);
    case "preview": {
      // Loaded only here: Pulumi alone takes half a second.
      const { previewCommand } = await import("./preview.js");
      return previewCommand(terminal, rest);
    }
    case undefined:
    case "help":
    case "--help":
    case "-h":
      terminal.out(usage);
      return command === undefined ? 2 : 0;
    default:
      throw new UsageError(`There is no command ${command}. aks-mesh help lists them.`);
  }
}

/** Runs the command line and gives its exit code. Mistakes of the caller are said in one line, without a stack trace. */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  try {
    return await run(terminal, argv);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof BadInput)) throw error;
    terminal.err(`aks-mesh: ${error.message}\n`);
    return 2;
  }
}
