import { UsageError } from "../../cli/usage-error";

/** In place of the previews, which run a checkout's program by Pulumi. */
export function previewCommand(): never {
  return needsProgram("preview", "whose stacks it previews");
}

/** In place of deployments, which do so too. */
export function deployCommand(): never {
  return needsProgram("deploy", "that it deploys");
}

function needsProgram(command: string, which: string): never {
  throw new UsageError(
    `${command} needs the program ${which}, and Pulumi: clone aks-mesh, run \`npm ci\` there, and use \`npx aks-mesh ${command}\` in that folder.`,
  );
}
