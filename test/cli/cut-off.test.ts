import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sayingMistakes } from "../../cli/mistakes";
import { requireWritable } from "../../cli/output-file";

const command = resolve(__dirname, "../../cli/bin.js");
const commit = "0123456789".repeat(4);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aks-mesh-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts an engine on the PATH that says its version, notes what else it is told, and does what the line says. */
function engine(line: string): NodeJS.ProcessEnv {
  const file = join(folder, "pulumi");
  const lines = ['if [ "$1" = version ]; then echo v3.230.0; exit; fi', `echo "$*" >> ${folder}/calls`, line];
  writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
  chmodSync(file, 0o755);
  return { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}`, PULUMI_BACKEND_URL: `file://${folder}` };
}

/** Runs a command of previews, in a group of its own; `meanwhile` gets that, as a terminal would. */
async function preview(args: readonly string[], env: NodeJS.ProcessEnv, meanwhile?: (group: number) => Promise<void>) {
  const child = spawn(process.execPath, [command, "preview", ...args], {
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const closed = once(child, "close") as Promise<[number | null]>;
  if (meanwhile !== undefined && child.pid !== undefined) await meanwhile(child.pid);
  const [code] = await closed;
  return { code, out, err };
}

const ended = "aks-mesh: ended before its time. Run the same command again: it takes up what was under way.\n";

describe("a command of previews", () => {
  it.each([
    ["status", ["status"], "SIGINT", 130],
    ["reap", ["reap", "--dry-run"], "SIGINT", 130],
    ["up", ["up", "--pr", "12", "--commit", commit], "SIGINT", 130],
    ["up", ["up", "--pr", "12", "--commit", commit], "SIGTERM", 143],
  ] as const)("%s that a signal cuts off early says so in one line: %s %s", async (_, args, signal, code) => {
    const env = engine("exec sleep 60");
    const result = await preview(args, env, async (group) => {
      while (!existsSync(join(folder, "calls"))) await sleep(20);
      process.kill(-group, signal);
    });
    expect(result).toEqual({ code, out: "", err: ended });
  });

  it("says in one line why the engine failed", async () => {
    const env = { ...engine("echo 'error: no access to the backend' >&2; exit 255"), CI: "" };
    const { code, err } = await preview(["status"], env);
    expect([code, err]).toEqual([1, "aks-mesh: no access to the backend\n"]);
    // In a log that others read, no more than what a list knows.
    const inWorkflow = await preview(["status"], { ...env, CI: "true" });
    expect(inWorkflow.code).toBe(1);
    expect(inWorkflow.err).toMatch(/^aks-mesh: …\n/);
  });

  it("says that no engine may be started", async () => {
    const env = engine("exit 0");
    chmodSync(join(folder, "pulumi"), 0o644);
    const { code, err } = await preview(["status"], { ...env, PATH: folder });
    expect(code).toBe(2);
    expect(err).toMatch(/^aks-mesh: The pulumi command is not on the PATH: install it/);
  });

  it("does not begin where its report cannot be written", async () => {
    const report = join(folder, "none", "report.json");
    const args = ["up", "--pr", "12", "--commit", commit, "--report", report];
    const { code, err } = await preview(args, engine("exit 0"));
    expect([code, err]).toEqual([
      2,
      `aks-mesh: The report cannot be written to ${report}: there is no such file or folder.\n`,
    ]);
    expect(existsSync(join(folder, "calls"))).toBe(false);
  });
});

describe("a file that a result goes to", () => {
  it("may be there or not, and is left as it is", () => {
    const file = join(folder, "report.json");
    requireWritable("The report", file);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, "before");
    requireWritable("The report", file);
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(() => requireWritable("The report", folder)).toThrow(
      /^The report cannot be written to .*: it is a folder\.$/,
    );
  });
});

describe("a place that may not be written to", () => {
  it.each([
    ["EACCES", "no permission"],
    ["EROFS", "the disk is read-only"],
  ])("is said in one line: %s", async (code, reason) => {
    const said: string[] = [];
    const error = Object.assign(new Error("x"), { code, path: "/out" });
    expect(
      await sayingMistakes(
        (line) => said.push(line),
        () => Promise.reject(error),
      ),
    ).toBe(2);
    expect(said).toEqual([`/out cannot be written or read: ${reason}.`]);
  });

  it("is told from faults of ours, which keep their trace", async () => {
    const error = Object.assign(new Error("x"), { code: "ENOENT", path: "/out" });
    await expect(
      sayingMistakes(
        () => undefined,
        () => Promise.reject(error),
      ),
    ).rejects.toBe(error);
  });
});
