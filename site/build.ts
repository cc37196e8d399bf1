/**
 * `npm run site`: builds the site of docs/ into dist/site. What the front page shows is made by the command itself, of the sample.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type BookstorePolicyOptions } from "../stacks/bookstore/policy";
import { bookstoreManifests } from "./bookstore";

const root = dirname(__dirname);
const parts = join(root, "dist", "site-parts");

/** Runs a program to its end. @throws Error with what it said where it ends with another code. */
function run(cwd: string, expected: number, command: string, ...args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw new Error(`${command} could not be started: ${error.message}`);
  if (status === expected) return stdout;
  throw new Error(`${[command, ...args].join(" ")} in ${cwd} ended with ${String(status)}:\n${stdout}${stderr}`);
}

/** Installs what the site alone is built with, unless exactly that is there. */
function installPackages(): void {
  const lock = createHash("sha256")
    .update(readFileSync(join(__dirname, "package-lock.json")))
    .digest("hex");
  const mark = join(__dirname, "node_modules", ".installed-lock");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return;
  console.error("Installing what the site is built with (about 15 s, 100 MB) …");
  run(__dirname, 0, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
  writeFileSync(mark, lock);
}

/** What `aks-mesh` prints of the sample's manifests. */
function commandOn(options: BookstorePolicyOptions, expected: number, ...args: readonly string[]): string {
  writeFileSync(join(parts, "bookstore.yaml"), bookstoreManifests(options));
  const [command = "", ...rest] = args;
  return run(parts, expected, process.execPath, join(root, "cli", "bin.js"), command, "bookstore.yaml", ...rest);
}

try {
  installPackages();
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(join(parts, "public"), { recursive: true });
  commandOn({ bookthief: "denied" }, 0, "access", "--html", join("public", "access.html"));
  writeFileSync(join(parts, "check.txt"), commandOn({ bookthief: "allowed" }, 1, "check"));
  run(__dirname, 0, process.execPath, join("node_modules", "vitepress", "bin", "vitepress.js"), "build");
  console.log(join(root, "dist", "site"));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
