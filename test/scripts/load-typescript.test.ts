import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endings, failing } from "./failing";

const loader = join(__dirname, "..", "..", "scripts", "load-typescript.cjs");

describe("a program in TypeScript", () => {
  let directory: string;
  beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "aks-mesh-load-"))));
  afterAll(() => rmSync(directory, { recursive: true }));

  /** Loads entry.ts as Pulumi's host does, which tells an error that nobody caught by its trace. */
  function run(entry: string): string {
    writeFileSync(join(directory, "entry.ts"), entry);
    const host = `
      process.on("uncaughtException", (error) => console.log(error.stack));
      process.on("unhandledRejection", (error) => console.log(error.stack));
      require(${JSON.stringify(loader)})(${JSON.stringify(join(directory, "entry.ts"))});
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", host], { encoding: "utf8" });
    return stdout + stderr;
  }

  it("is loaded with what it imports, and anew after an edit", () => {
    writeFileSync(join(directory, "other.ts"), "export enum Side { Left = 'left' }\n");
    expect(run('import { Side } from "./other";\nconsole.log(Side.Left as string);\n')).toBe("left\n");
    expect(run('import { Side } from "./other";\nconsole.log("another", Side.Left);\n')).toBe("another left\n");
  });

  it("keeps in subclasses what a base constructor filled in", () => {
    const entry = `
      class Base { constructor() { Object.assign(this, { id: "given" }); } }
      class Resource extends Base { readonly id!: string; }
      console.log(new Resource().id);
    `;
    expect(run(entry)).toBe("given\n");
  });

  it.each(endings)("that ends with an error that is %s names the line of the source", (_how, end) => {
    expect(run(failing(end).join("\n"))).toContain(`${join(directory, "entry.ts")}:6:29`);
  });

  it("that is no TypeScript is told with file and line", () => {
    const said = run("const a: string = 'one';\nconst = 2;\n");
    expect(said).toContain("entry.ts:2:6");
    expect(said).toContain('Expected identifier but found "="');
  });
});
