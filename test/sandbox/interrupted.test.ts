import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { typescriptArguments } from "../../scripts/typescript-arguments";

const engine = resolve(__dirname, "../../sandbox/engine");

/** Runs a command as the sandbox does, in a process group of its own that gets the signal once the command has begun. */
async function runs(command: string, signal?: NodeJS.Signals): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "aks-mesh-test-"));
  const script = join(folder, "run.ts");
  await writeFile(
    script,
    `import { run, wasInterrupted } from ${JSON.stringify(engine)};
    import { writeFileSync } from "node:fs";
    process.on("SIGINT", () => writeFileSync(${JSON.stringify(join(folder, "heard"))}, ""));
    const options = { cwd: ${JSON.stringify(folder)}, environment: process.env, output: "show" } as const;
    run("/bin/sh", ["-c", ${JSON.stringify(command)}], options).then(({ code }) =>
      console.log(JSON.stringify({ code, interrupted: wasInterrupted() })),
    );`,
  );
  const child = spawn(process.execPath, [...typescriptArguments, script], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (signal !== undefined && out === "begun\n" && child.pid !== undefined) process.kill(-child.pid, signal);
  });
  await once(child, "close");
  await rm(folder, { recursive: true });
  return JSON.parse(out.split("\n")[1] ?? "");
}

it("knows that Ctrl-C was pressed, whether the command ended by it or in its own way", async () => {
  expect(await runs("echo begun; exec sleep 60", "SIGINT")).toEqual({ code: 130, interrupted: true });
  // It ends once the sandbox has heard of the signal too: which of the two is told first is the machine's choice.
  const own = "trap 'until [ -e heard ]; do sleep 0.02; done; kill $!; exit 7' INT; echo begun; sleep 60 & wait";
  expect(await runs(own, "SIGINT")).toEqual({ code: 7, interrupted: true });
  expect(await runs("echo begun; exit 7")).toEqual({ code: 7, interrupted: false });
});
