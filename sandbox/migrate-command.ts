import { join } from "node:path";
import { run } from "./engine";
import { programDirectory } from "./paths";
import { type Sandbox } from "./sandbox";
import { ensureIstio } from "./tools/istio";

/** `migrate …`: the program's own `aks-mesh migrate`, in the sandbox's project. The stack is dev unless named. */
export async function migrateCommand(sandbox: Sandbox, args: readonly string[]): Promise<number> {
  // A cluster should not have to wait for it between two meshes.
  await ensureIstio(sandbox.report);
  const named = args.some((arg) => arg === "--stack" || arg.startsWith("--stack="));
  const line = [join(programDirectory, "cli", "bin.js"), "migrate", ...(named ? [] : ["--stack", "dev"]), ...args];
  const { paths, environment } = sandbox;
  return (await run(process.execPath, line, { cwd: paths.project, environment, output: "show" })).code;
}
