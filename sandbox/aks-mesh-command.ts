import { join } from "node:path";
import { run } from "./engine";
import { programDirectory } from "./paths";
import { type Sandbox } from "./sandbox";

/** Commands about a stack that take no files: they run where the sandbox keeps the stacks' settings, and not the checkout. */
const aboutStacks: readonly (string | undefined)[] = ["drift", "rollout"];

/** `aks-mesh …`: the command of the checkout, where Pulumi's state, Azure and the clusters are the sandbox's. */
export async function aksMeshCommand({ environment, paths }: Sandbox, args: readonly string[]): Promise<number> {
  const line = [join(programDirectory, "cli", "bin.js"), ...args];
  const cwd = aboutStacks.includes(args[0]) ? paths.project : process.cwd();
  return (await run(process.execPath, line, { cwd, environment, output: "show" })).code;
}
