import { emulatorStatus, findEmulator } from "./emulator";
import { type SandboxPaths } from "./paths";
import { projectName } from "./sandbox";
import { listStacks } from "./state";
import { table } from "./summary";

/** `status`: which processes run, which clusters and which stacks there are; `--json` for machines. */
export async function printStatus(paths: SandboxPaths, json: boolean): Promise<number> {
  const emulator = await findEmulator(paths);
  const status = emulator === undefined ? undefined : await emulatorStatus(emulator);
  const stacks = await listStacks(paths.state, projectName);
  if (json) {
    console.log(JSON.stringify({ running: emulator !== undefined, port: emulator?.port, ...status, stacks }, null, 2));
    return 0;
  }
  console.log(
    emulator === undefined
      ? "The sandbox is not running."
      : `Azure Resource Manager: https://localhost:${emulator.port}`,
  );
  for (const { id, provisioningState, server, problem } of status?.clusters ?? []) {
    console.log(`Cluster ${id.split("/").at(-1)}: ${provisioningState}${server === undefined ? "" : `, ${server}`}`);
    if (problem !== undefined) console.log(`  cannot start: ${problem}`);
  }
  if (stacks.length > 0) {
    console.log(table([["STACK", "RESOURCES"], ...stacks.map(({ name, resources }) => [name, String(resources)])]));
  }
  return 0;
}
