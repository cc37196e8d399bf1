import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const scripts = join(__dirname, "..", "..", "scripts");

describe("a package that is read when it is used", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "aks-mesh-used-"));
    writeFileSync(
      join(directory, "heavy.cjs"),
      'console.log("read"); module.exports = { one: 1, make: class { two = 2; } };',
    );
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function run(code: string): string {
    const file = join(directory, "main.cjs");
    const stub = `require(${JSON.stringify(join(scripts, "load-when-used.cjs"))})(require.resolve("./heavy.cjs"));`;
    writeFileSync(file, `${stub}\n${code}`);
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
    return stdout + stderr;
  }

  it("is not read by those who only require it, also by what compilers make of an import", () => {
    expect(run('const heavy = require("./heavy.cjs"); console.log(heavy.__esModule);')).toBe("true\n");
  });

  it("is read once, whoever uses it first, and is then what it always is", () => {
    const code = `
      const heavy = require("./heavy.cjs");
      console.log("before");
      console.log(heavy.one, new heavy.make().two, "one" in heavy, heavy.default.one, heavy.three);
      console.log(require("./heavy.cjs").one);
    `;
    expect(run(code)).toBe("before\nread\n1 2 true 1 undefined\n1\n");
  });

  it("is left as it is where somebody has read it before", () => {
    const file = join(directory, "early.cjs");
    const stub = `require(${JSON.stringify(join(scripts, "load-when-used.cjs"))})(require.resolve("./heavy.cjs"));`;
    writeFileSync(
      file,
      `const heavy = require("./heavy.cjs");\n${stub}\nconsole.log(heavy === require("./heavy.cjs"));`,
    );
    expect(spawnSync(process.execPath, [file], { encoding: "utf8" }).stdout).toBe("read\ntrue\n");
  });
});

describe("Pulumi's package in this program", () => {
  it("goes without what writes functions into the state, until somebody has one written", () => {
    const code = `
      const { tmpdir } = require("node:os");
      const { join } = require("node:path");
      const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
      const pulumi = require.resolve("@pulumi/pulumi");
      const folder = mkdtempSync(join(tmpdir(), "aks-mesh-used-"));
      const entry = join(folder, "entry.ts");
      writeFileSync(entry, "export = require(" + JSON.stringify(pulumi) + ");");
      const { runtime } = require(${JSON.stringify(join(scripts, "load-typescript.cjs"))})(entry);
      rmSync(folder, { recursive: true });
      const has = (name) => Object.keys(require.cache).some((file) => file.includes(name));
      console.log(has("/arborist/lib/arborist/"), has("@pulumi/pulumi/runtime/closure/"));
      runtime.serializeFunction(() => 42).then(({ text }) => console.log(text.includes("42")));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", code], {
      encoding: "utf8",
      cwd: join(scripts, ".."),
    });
    expect(stdout, stderr).toBe("false true\ntrue\n");
  });
});
