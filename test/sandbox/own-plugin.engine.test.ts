import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { operate, openSandbox, type Sandbox } from "../../sandbox/sandbox";
import { closeTestSandbox } from "./in-sandbox";

const program = join(__dirname, "programs", "one-provider");
const executable = "pulumi-resource-kubernetes";
const { version } = createRequire(__filename)("@pulumi/kubernetes/package.json") as { version: string };
const folder = `resource-kubernetes-v${version}`;

/** Test-owned machine: the person's PULUMI_HOME, with a plugin of the real one's name, and a sandbox. */
let machine: string;
let home: string;
let sandbox: Sandbox;
let said: string[];

async function open(): Promise<Sandbox> {
  said = [];
  return openSandbox((message) => said.push(message), { directory: join(machine, "sandbox"), program });
}

/** Runs `up` and says whether the person's own plugin was started for it. */
async function upStartsOwnPlugin(): Promise<boolean> {
  await rm(join(machine, "started"), { force: true });
  const { code, stdout, stderr } = await operate(sandbox, "up", "dev");
  expect(code, stdout + stderr).toBe(0);
  return (await readdir(machine)).includes("started");
}

const pluginOfSandbox = () => join(sandbox.paths.pulumiHome, "plugins", folder);
const own = () => join(home, "plugins", folder);

beforeAll(async () => {
  machine = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
  home = join(machine, "pulumi-home");
  vi.stubEnv("PULUMI_HOME", home);
  sandbox = await open();
});
afterAll(async () => {
  await closeTestSandbox(sandbox);
  vi.unstubAllEnvs();
  await rm(machine, { recursive: true });
});

describe.sequential("a kubernetes plugin in the person's own PULUMI_HOME", () => {
  it("is not looked for where there is none", async () => {
    expect(await upStartsOwnPlugin()).toBe(false);
    expect(said.filter((message) => message.includes("your own"))).toEqual([]);
  });

  it("is what the engine runs in the sandbox, where it is installed to the end", async () => {
    // It notes that it was started, and then does what the stand-in does.
    const standIn = await readFile(join(pluginOfSandbox(), executable), "utf8");
    const bundled = (await readdir(pluginOfSandbox())).find((name) => name.endsWith(".cjs")) ?? "";
    await mkdir(join(own(), "docs"), { recursive: true });
    await writeFile(join(machine, "plugin.cjs"), await readFile(join(pluginOfSandbox(), bundled)));
    const script = standIn
      .replace("\n", `\ntouch '${join(machine, "started")}'\n`)
      .replace(join(pluginOfSandbox(), bundled), join(machine, "plugin.cjs"));
    await writeFile(join(own(), executable), script);
    await chmod(join(own(), executable), 0o755);

    await writeFile(`${own()}.partial`, "");
    sandbox = await open();
    expect(await upStartsOwnPlugin()).toBe(false);

    await rm(`${own()}.partial`);
    sandbox = await open();
    expect(said).toContain(`Using your own provider plugin in ${own()}.`);
    expect(await upStartsOwnPlugin()).toBe(true);
    expect((await lstat(pluginOfSandbox())).isDirectory()).toBe(true);
    expect((await readdir(pluginOfSandbox())).sort()).toEqual(["docs", executable]);
  });

  it("would not be found through a link to its folder", async () => {
    await rm(pluginOfSandbox(), { recursive: true });
    await symlink(own(), pluginOfSandbox());
    const { code, stdout, stderr } = await operate(sandbox, "up", "dev");
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("no resource plugin 'pulumi-resource-kubernetes'");
  });

  it("is still it when PULUMI_HOME points into the sandbox, whose links lead there", async () => {
    sandbox = await open();
    vi.stubEnv("PULUMI_HOME", sandbox.paths.pulumiHome);
    sandbox = await open();
    expect(said).toContain(`Using your own provider plugin in ${own()}.`);
    expect(await upStartsOwnPlugin()).toBe(true);
  });

  it("gives way to the stand-in when it is gone, which is nobody's real one", async () => {
    await rm(own(), { recursive: true });
    for (const place of [home, sandbox.paths.pulumiHome]) {
      vi.stubEnv("PULUMI_HOME", place);
      sandbox = await open();
      expect(said.filter((message) => message.includes("your own"))).toEqual([]);
      expect(await upStartsOwnPlugin()).toBe(false);
    }
  });

  it("on the PATH is not taken either", async () => {
    const { PATH = "" } = sandbox.environment;
    await writeFile(join(machine, executable), `#!/bin/sh\ntouch '${join(machine, "started")}'\nexit 1\n`, {
      mode: 0o755,
    });
    sandbox = { ...sandbox, environment: { ...sandbox.environment, PATH: `${machine}:${PATH}` } };
    expect(await upStartsOwnPlugin()).toBe(false);
  });
});
