import { message } from "../check/github";
import { checkCommand } from "../check";
import { sayingMistakes } from "../mistakes";
import { reviewCommand } from "../review";
import { processTerminal } from "../terminal";

// Two commands by themselves, for action.yml and .pre-commit-hooks.yaml: what only others need is not installed there.

/** `aks-mesh review`, whose mistakes are said as GitHub shows them. */
export function review(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  return sayingMistakes(
    (text) => terminal.out(message("error", text)),
    () => reviewCommand(terminal, args),
  );
}

/** `aks-mesh check`. */
export function check(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  return sayingMistakes(
    (text) => terminal.err(`aks-mesh: ${text}\n`),
    () => checkCommand(terminal, args),
  );
}
