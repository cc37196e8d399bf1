import { CommandError } from "@pulumi/pulumi/automation";
import { hideIn } from "../preview/comment";
import { engineErrors } from "../preview/engine";
import { GitHubError } from "../preview/github";
import { environmentSecrets } from "../preview/known-secrets";
import { InputProblem, PreviewProblem } from "../preview/problem";
import { endedBySignal } from "./ending-signals";
import { type Terminal } from "./terminal";
import { UsageError } from "./usage-error";

/** Runs a command that drives the engine; problems of which a person has to know are said in a line, and so is that a signal ended it. */
export async function sayingProblems(terminal: Terminal, work: () => Promise<number>): Promise<number> {
  const result = await sayingFailures(terminal, work);
  const ended = endedBySignal();
  if (ended === undefined || result === 0) return result;
  terminal.err("aks-mesh: ended before its time. Run the same command again: it takes up what was under way.\n");
  return ended;
}

async function sayingFailures(terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    // What a signal cut off fails in every way there is, and none of them tells more than that.
    if (endedBySignal() !== undefined) return 1;
    if (error instanceof Error && /spawn pulumi E(NOENT|ACCES)/.test(error.message)) {
      throw new UsageError(
        "The pulumi command is not on the PATH: install it (https://www.pulumi.com/docs/install), or try previews in the sandbox, npm run sandbox -- aks-mesh preview ….",
      );
    }
    const known = error instanceof PreviewProblem || error instanceof GitHubError;
    if (!known && !(error instanceof CommandError)) throw error;
    const message = known ? error.message : saidByEngine(error);
    terminal.err(`aks-mesh: ${hideIn(message, environmentSecrets(process.env))}\n`);
    return error instanceof InputProblem ? 2 : 1;
  }
}

/** What an engine said that failed: all of it to a person, in a workflow what may be shown. */
function saidByEngine(error: CommandError): string {
  let all: string | undefined;
  const shown = engineErrors({ environment: process.env, say: (message) => (all = message) }, [], error);
  return all ?? shown;
}
