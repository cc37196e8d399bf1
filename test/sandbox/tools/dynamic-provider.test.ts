import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(__dirname, "..", "..", "..");

it("a provider of dynamic resources serves until its engine is gone, however that ended", async () => {
  const provider = spawn("sh", [join(root, "sandbox", "tools", "pulumi-resource-pulumi-nodejs.sh"), "127.0.0.1:9"], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(provider, "exit");
  const [port] = (await once(provider.stdout, "data")) as [Buffer];
  expect(port.toString()).toMatch(/^\d+\n$/);
  expect(provider.exitCode).toBeNull();
  provider.stdin.end();
  expect(await ended).toEqual([0, null]);
});
