import { accessCommand } from "./access";
import { checkCommand } from "./check";
import { completionCommand } from "./completion";
import { convertCommand } from "./convert";
import { decideCommand } from "./decide";
import { diffCommand } from "./diff";
import { driftCommand } from "./drift";
import { explainCommand } from "./explain";
import { commandHelp, firstWords, generalHelp, previewHelp, usageNamed } from "./help";
import { initCommand } from "./init";
import { migrateCommand } from "./migrate";
import { sayingMistakes } from "./mistakes";
import { observedCommand } from "./observed";
import { reviewCommand } from "./review";
import { didYouMean } from "./options";
import { rolloutCommand } from "./rollout";
import { processTerminal, type Terminal } from "./terminal";
import { UsageError } from "./usage-error";
import { version } from "./version";
import { watchable } from "./watch";

async function run(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command === "help" && rest[0] === "preview" && rest.length === 1) return run(terminal, ["preview", "help"]);
  const asked = command === "help" ? rest : rest.some((word) => word === "--help" || word === "-h") ? argv : [];
  const usage = usageNamed(asked);
  if (usage !== undefined) {
    terminal.out(commandHelp(usage));
    return 0;
  }
  switch (command) {
    case "access":
      return watchable(terminal, rest, accessCommand);
    case "explain":
      return explainCommand(terminal, rest);
    case "check":
      return watchable(terminal, rest, checkCommand);
    case "diff":
      return watchable(terminal, rest, diffCommand);
    case "decide":
      return decideCommand(terminal, rest);
    case "convert":
      return convertCommand(terminal, rest);
    case "deploy": {
      // Loaded only here, as that of previews.
      const { deployCommand } = await import("./deploy.js");
      return deployCommand(terminal, rest);
    }
    case "drift":
      return driftCommand(terminal, rest);
    case "review":
      return reviewCommand(terminal, rest);
    case "init":
      return initCommand(terminal, rest);
    case "observed":
      return observedCommand(terminal, rest);
    case "migrate":
      return migrateCommand(terminal, rest);
    case "rollout":
      return rolloutCommand(terminal, rest);
    case "preview": {
      const [first] = rest;
      if (first === undefined || ["help", "--help", "-h"].includes(first)) {
        terminal.out(previewHelp());
        return first === undefined ? 2 : 0;
      }
      // Loaded only here: Pulumi alone takes half a second.
      const { previewCommand } = await import("./preview.js");
      return previewCommand(terminal, rest);
    }
    case "completion":
      return completionCommand(terminal, rest);
    case "--version":
    case "version":
      terminal.out(`${version}\n`);
      return 0;
    case undefined:
    case "help":
    case "--help":
    case "-h":
      terminal.out(generalHelp());
      return command === undefined ? 2 : 0;
    default: {
      throw new UsageError(
        `There is no command ${command}.${didYouMean(command, firstWords)} aks-mesh help lists them.`,
      );
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
