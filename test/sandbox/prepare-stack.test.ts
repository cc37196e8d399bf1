import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sandboxPaths } from "../../sandbox/paths";
import { UserError } from "../../sandbox/progress";
import { prepareStack, projectName, type Sandbox } from "../../sandbox/sandbox";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

const never = () => {
  throw new Error("Nothing is run on a stack that another command works on.");
};

it("refuses a stack that another command works on, before it takes anything up", async () => {
  const paths = sandboxPaths(directory);
  const locks = join(paths.state, ".pulumi", "locks", "organization", projectName, "dev");
  const checkpoints = join(paths.state, ".pulumi", "stacks", projectName);
  for (const folder of [paths.project, locks, checkpoints]) await mkdir(folder, { recursive: true });
  await writeFile(join(paths.project, "Pulumi.dev.yaml"), "");
  await writeFile(join(checkpoints, "dev.json"), "{}");
  const lock = { pid: process.pid, hostname: hostname(), timestamp: "2026-01-01T00:00:00Z" };
  await writeFile(join(locks, "one.json"), JSON.stringify(lock));
  const sandbox: Sandbox = {
    paths,
    tools: { binaries: "", crds: "", stages: "", keda: "", path: never },
    emulator: {
      ...{ pid: 0, port: 0, control: never },
      credentials: { subscriptionId: "", tenantId: "", clientId: "", clientSecret: "" },
    },
    environment: {},
    report: () => undefined,
  };
  await expect(prepareStack(sandbox, "dev")).rejects.toThrow(
    new UserError(
      `Another command works on stack dev (process ${process.pid}, since 2026-01-01T00:00:00Z): wait until it has ended, and run the same again.`,
    ),
  );
});
