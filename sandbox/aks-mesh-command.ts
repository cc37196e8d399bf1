import { join } from "node:path";
import { run } from "./engine";
import { programDirectory } from "./paths";
import { type Sandbox } from "./sandbox";

/** `aks-mesh …`: the command of the checkout, where Pulumi's state, Azure and the clusters are the sandbox's. */
export async function aksMeshCommand({ environment }: Sandbox, args: readonly string[]): Promise<number> {
  const line = [join(programDirectory, "cli", "bin.js"), ...args];
  return (await run(process.execPath, line, { cwd: process.cwd(), environment, output: "show" })).code;
}
