import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./engine";
import { UserError } from "./progress";
import { pulumi, type Sandbox } from "./sandbox";

/** `kubectl [--stack NAME] …`: the real kubectl, logged in to a stack's cluster as the program is: by Entra ID. */
export async function kubectlCommand(sandbox: Sandbox, args: readonly string[]): Promise<number> {
  const named = args[0] === "--stack";
  const stack = named ? (args[1] ?? "") : "dev";
  const { code, stdout, stderr } = await pulumi(sandbox, [
    "stack",
    "output",
    "kubeconfig",
    "--show-secrets",
    "--stack",
    stack,
  ]);
  if (code !== 0) throw new UserError(`Stack "${stack}" has no cluster yet; \`npm run sandbox\` makes one. ${stderr}`);
  const kubeconfig = join(sandbox.paths.directory, `kubeconfig-${stack}`);
  await writeFile(kubeconfig, stdout, { mode: 0o600 });
  const exit = await run(sandbox.tools.path("kubectl"), named ? args.slice(2) : args, {
    cwd: process.cwd(),
    environment: { ...sandbox.environment, KUBECONFIG: kubeconfig },
    output: "show",
  });
  return exit.code;
}
