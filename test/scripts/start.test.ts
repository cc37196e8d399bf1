import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = resolve(__dirname, "../..");
let checkout: string;

const write = (name: string, content: string): void => {
  mkdirSync(dirname(join(checkout, name)), { recursive: true });
  writeFileSync(join(checkout, name), content);
};
const locked = {
  packages: {
    "": { name: "x" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/for-others": { version: "1.0.0", integrity: "sha512-b", optional: true },
  },
};

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "aks-mesh-start-"));
  mkdirSync(join(checkout, "scripts"));
  for (const name of ["start.mjs", "run-typescript.cjs", "typescript.cjs"]) {
    copyFileSync(join(root, "scripts", name), join(checkout, "scripts", name));
  }
  write("package-lock.json", JSON.stringify(locked));
  write("hello.ts", 'const word: string = "hello"; console.log(word);\n');
  mkdirSync(join(checkout, "node_modules"));
  symlinkSync(join(root, "node_modules/esbuild"), join(checkout, "node_modules/esbuild"));
});
afterEach(() => rmSync(checkout, { recursive: true }));

/** An npm that notes how it was called, and does what a shell script says. */
function npm(script: string): void {
  write("bin/npm", `#!/bin/sh\necho "$@" >> "${checkout}/calls"\n${script}\n`);
  chmodSync(join(checkout, "bin/npm"), 0o755);
}
function start() {
  const env = { ...process.env, PATH: `${join(checkout, "bin")}:${process.env["PATH"] ?? ""}` };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/start.mjs", "hello.ts"], {
    cwd: checkout,
    env,
    encoding: "utf8",
  });
  const calls = existsSync(join(checkout, "calls"))
    ? readFileSync(join(checkout, "calls"), "utf8").trim().split("\n")
    : [];
  return { status, stdout, stderr, calls: calls.map((line) => line.split(" ")[0]) };
}

describe("start.mjs", () => {
  it("installs once", () => {
    npm("exit 0");
    expect(start()).toMatchObject({ status: 0, stdout: "hello\n", calls: ["view", "ci"] });
    expect(start()).toMatchObject({ status: 0, stdout: "hello\n", stderr: "", calls: ["view", "ci"] });
  });

  it("installs nothing after an npm ci by hand, and again where that was of another lock file", () => {
    npm("exit 0");
    const there = { packages: { "node_modules/a": locked.packages["node_modules/a"] } };
    write("node_modules/.package-lock.json", JSON.stringify(there));
    expect(start()).toMatchObject({ status: 0, stdout: "hello\n", stderr: "", calls: [] });
    rmSync(join(checkout, "node_modules/.installed-lock"));
    write("package-lock.json", JSON.stringify(locked).replace("1.0.0", "1.0.1"));
    expect(start().calls).toEqual(["view", "ci"]);
  });

  it("says in one line that there is no network, and installs from npm's cache where that has all", () => {
    npm('case "$1" in view) echo "npm error code ENOTFOUND" >&2; exit 1;; esac\nexit 1');
    const { status, stdout, stderr } = start();
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^Installing .*\nThe npm registry cannot be reached, .*\n$/);
    expect(readFileSync(join(checkout, "calls"), "utf8")).toMatch(/^ci .*--offline$/m);
    npm('case "$1" in view) echo "npm error code EAI_AGAIN" >&2; exit 1;; esac');
    expect(start()).toMatchObject({ status: 0, stdout: "hello\n" });
  });

  it("leaves it to npm what else goes wrong", () => {
    npm('echo "npm error code E404" >&2; exit 1');
    const { status, stderr } = start();
    expect(status).toBe(1);
    expect(stderr).toMatch(/npm error code E404\nnpm ci failed: see its message above\.\n$/);
    expect(readFileSync(join(checkout, "calls"), "utf8")).not.toContain("--offline");
  });
});

describe("the command where something is missing", () => {
  it("says in one line that nothing is installed", () => {
    rmSync(join(checkout, "node_modules"), { recursive: true });
    for (const folder of [
      "cli",
      "components",
      "deployment",
      "mesh",
      "preview",
      "program",
      "recovery",
      "rollout",
      "stacks",
    ])
      mkdirSync(join(checkout, folder));
    mkdirSync(join(checkout, "cli/picture"));
    for (const file of ["cli/bin.js", "cli/picture/bundle-page.cjs"])
      copyFileSync(join(root, file), join(checkout, file));
    const { status, stderr } = spawnSync(process.execPath, ["cli/bin.js", "help"], { cwd: checkout, encoding: "utf8" });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `aks-mesh: its packages are not installed, or not all of them: run npm ci in ${checkout}.\n`,
    });
  });

  it("says in one line that Pulumi is", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, "cli/bin.js"), "preview", "status"], {
      env: { PATH: dirname(process.execPath) },
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^aks-mesh: The pulumi command is not on the PATH: install it .*\n$/);
    expect(status).toBe(2);
  });
});
