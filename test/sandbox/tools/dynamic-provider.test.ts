import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyScripts } from "../../../sandbox/tools/scripts";

const root = join(__dirname, "..", "..", "..");
const pulumi = join(root, "node_modules", "@pulumi", "pulumi");
let binaries: string;

beforeAll(async () => {
  binaries = await mkdtemp(join(tmpdir(), "aks-mesh-binaries-"));
  await copyScripts(binaries);
});
afterAll(() => rm(binaries, { recursive: true }));

it("a provider of dynamic resources serves until its engine is gone, however that ended", async () => {
  const provider = spawn("sh", [join(binaries, "pulumi-resource-pulumi-nodejs"), "127.0.0.1:9"], {
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

it("it reads nothing that is for writing functions into a state", async () => {
  const told = join(binaries, "told.cjs");
  const reads = 'Object.keys(require.cache).some((file) => file.includes("/arborist/lib/arborist/"))';
  await writeFile(told, `process.on("exit", () => console.log(${reads}));`);
  const modules = (...files: string[]) => [...files.flatMap((file) => ["--require", file]), join(pulumi, "index.js")];
  expect(spawnSync(process.execPath, modules(told), { encoding: "utf8" }).stdout).toBe("true\n");
  const before = join(binaries, "pulumi-resource-pulumi-nodejs.cjs");
  const { stdout, stderr } = spawnSync(process.execPath, modules(before, told), { encoding: "utf8" });
  expect(stdout, stderr).toBe("false\n");
});

it("it leaves out what a program's packages lack, such as a compiler", () => {
  const module = join(binaries, "without-closures.cjs");
  const nothing = `require(${JSON.stringify(module)})(${JSON.stringify(join(binaries, "nothing", "index.js"))})`;
  const { status, stderr } = spawnSync(process.execPath, ["-e", nothing], { cwd: binaries, encoding: "utf8" });
  expect(status, stderr).toBe(0);
});
