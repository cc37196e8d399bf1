import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { endings, failing } from "./failing";

const root = resolve(__dirname, "../..");
let checkout: string;

const write = (name: string, ...lines: readonly string[]): void => {
  mkdirSync(dirname(join(checkout, name)), { recursive: true });
  writeFileSync(join(checkout, name), `${lines.join("\n")}\n`);
};

beforeEach(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), "aks-mesh-run-")));
  mkdirSync(join(checkout, "scripts"));
  for (const name of ["typescript.cjs", "run-typescript.cjs"]) {
    copyFileSync(join(root, "scripts", name), join(checkout, "scripts", name));
  }
  mkdirSync(join(checkout, "node_modules"));
  symlinkSync(join(root, "node_modules/esbuild"), join(checkout, "node_modules/esbuild"));
});
afterEach(() => rmSync(checkout, { recursive: true }));

function run(file: string) {
  const args = ["--require", join(checkout, "scripts/run-typescript.cjs"), join(checkout, file)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

const kept = (source: string): string => join(checkout, "dist/typescript", `${source}.js`);

it.each(endings)("tells an error that is %s by the line of the source, and no line of the translation", (_how, end) => {
  write("folder with (brackets)/fails.ts", ...failing(end));
  const file = join(checkout, "folder with (brackets)/fails.ts");
  for (const { status, stderr } of [run("folder with (brackets)/fails.ts"), run("folder with (brackets)/fails.ts")]) {
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: here\n/);
    expect(stderr).toContain(`    at ${file}:6:29\n`);
    expect(stderr.split(`${file}:`).length).toBe(3);
  }
});

it("names the line of the source to who catches an error, or listens for those that nobody does", () => {
  write("caught.ts", ...failing("console.log(error.stack);"));
  expect(run("caught.ts").stdout).toContain(`${join(checkout, "caught.ts")}:6:29`);
  write("heard.ts", ...failing("process.on('uncaughtException', (one) => console.log(one.stack)); throw error;"));
  const heard = run("heard.ts");
  expect(heard).toMatchObject({ status: 0, stderr: "" });
  expect(heard.stdout).toContain(`${join(checkout, "heard.ts")}:6:29`);
});

it("takes what it has kept of a file, until the file changes", () => {
  write("entry.ts", "const word: string = 'first';", "console.log(word);");
  expect(run("entry.ts").stdout).toBe("first\n");
  writeFileSync(kept("entry.ts"), readFileSync(kept("entry.ts"), "utf8").replace("first", "kept"));
  expect(run("entry.ts").stdout).toBe("kept\n");
  write("entry.ts", "const word: string = 'second';", "console.log(word);");
  expect(run("entry.ts").stdout).toBe("second\n");
  expect(readFileSync(kept("entry.ts"), "utf8")).toContain("second");
});

it("does not take half of a translation", () => {
  const lines = ["console.log('one');", "console.log('two');"];
  write("entry.ts", ...lines);
  run("entry.ts");
  truncateSync(kept("entry.ts"), readFileSync(kept("entry.ts"), "utf8").indexOf('"two"') - "console.log(".length);
  expect(run("entry.ts").stdout).toBe("one\ntwo\n");
});

it("does not take what another version of it has made", () => {
  write("entry.ts", "console.log('it');");
  run("entry.ts");
  writeFileSync(kept("entry.ts"), readFileSync(kept("entry.ts"), "utf8").replace("it", "kept"));
  write("scripts/typescript.cjs", readFileSync(join(root, "scripts/typescript.cjs"), "utf8"), "// Another.");
  expect(run("entry.ts").stdout).toBe("it\n");
});

it("forgets files that are gone", () => {
  write("folder/other.ts", "console.log('other');");
  run("folder/other.ts");
  expect(existsSync(kept("folder/other.ts"))).toBe(true);
  rmSync(join(checkout, "folder"), { recursive: true });
  write("entry.ts", "");
  run("entry.ts");
  expect([existsSync(kept("entry.ts")), existsSync(kept("folder/other.ts"))]).toEqual([true, false]);
});

it("loads what import() names, packages of ECMAScript modules alone too, and keeps that also where the process is killed", () => {
  write("node_modules/modern/package.json", '{ "name": "modern", "type": "module", "exports": "./index.js" }');
  write("node_modules/modern/index.js", "export const modern = 'modern'; export default 'by default';");
  write("late.ts", "export const late: string = 'late';");
  write(
    "entry.ts",
    "import byDefault from 'modern';",
    "void (async () => {",
    "  const [{ modern }, { late }] = await Promise.all([import('modern'), import('./late.js')]);",
    "  console.log(byDefault, modern, late);",
    "  process.kill(process.pid, 'SIGKILL');",
    "})();",
  );
  expect(run("entry.ts")).toEqual({ status: null, stdout: "by default modern late\n", stderr: "" });
  expect(existsSync(kept("late.ts"))).toBe(true);
});

it("takes x.ts before x.json, and the JavaScript of a package before its TypeScript", () => {
  write("words.json", '["of json"]');
  write("words.ts", "import words from './words.json';", "export default [...words, 'of ts'];");
  write("node_modules/both/package.json", '{ "name": "both" }');
  write("node_modules/both/index.js", "module.exports = 'js';");
  write("node_modules/both/index.ts", "export = 'ts';");
  write("entry.ts", "import both from 'both';", "import words from './words';", "console.log(words.join(), both);");
  expect(run("entry.ts").stdout).toBe("of json,of ts js\n");
});

it("goes on in processes and threads that are started as this one was", () => {
  write("child.ts", "const word: string = 'child';", "console.log(word);");
  write(
    "entry.ts",
    "import { fork } from 'node:child_process';",
    "import { Worker } from 'node:worker_threads';",
    "fork(`${__dirname}/child.ts`).on('exit', () => new Worker(`${__dirname}/child.ts`));",
  );
  expect(run("entry.ts")).toEqual({ status: 0, stdout: "child\nchild\n", stderr: "" });
});
