import { accessCommand } from "./access";
import { checkCommand } from "./check";
import { convertCommand } from "./convert";
import { decideCommand } from "./decide";
import { diffCommand } from "./diff";
import { driftCommand } from "./drift";
import { explainCommand } from "./explain";
import { migrateCommand } from "./migrate";
import { sayingMistakes } from "./mistakes";
import { reviewCommand } from "./review";
import { processTerminal, type Terminal } from "./terminal";
import { commandHelp, commandUsages, generalHelp, isCommandName } from "./usage";
import { UsageError } from "./usage-error";
import { nearNames } from "../mesh/manifests/near-names";

async function run(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command !== undefined && isCommandName(command) && (rest.includes("--help") || rest.includes("-h"))) {
    terminal.out(commandHelp(command));
    return 0;
  }
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
    case "convert":
      return convertCommand(terminal, rest);
    case "drift":
      return driftCommand(terminal, rest);
    case "review":
      return reviewCommand(terminal, rest);
    case "migrate":
      return migrateCommand(terminal, rest);
    case "preview": {
      // Loaded only here: Pulumi alone takes half a second.
      const { previewCommand } = await import("./preview.js");
      return previewCommand(terminal, rest);
    }
    case undefined:
    case "help":
    case "--help":
    case "-h":
      terminal.out(generalHelp());
      return command === undefined ? 2 : 0;
    default: {
      const [near] = nearNames(command, [...Object.keys(commandUsages), "preview"]);
      const meant = near === undefined ? "" : ` Did you mean ${near}?`;
      throw new UsageError(`There is no command ${command}.${meant} aks-mesh help lists them.`);
    }
  }
}

/** Runs the command line and gives its exit code. Mistakes of the caller are said in one line, without a stack trace. */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  return sayingMistakes(
    (message) => terminal.err(`aks-mesh: ${message}\n`),
    () => run(terminal, argv),
  );
}
