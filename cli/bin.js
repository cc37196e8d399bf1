#!/usr/bin/env node
// Starts the command from one bundled file: loading some hundred TypeScript modules one by one would take seconds.
// The bundle is made on first use and again whenever a source file changes.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join, resolve } = require("node:path");

const root = resolve(__dirname, "..");
const dist = join(root, "dist");

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|c?js|css)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function fingerprint() {
  const hash = createHash("sha256");
  const folders = [
    "cli",
    "components",
    "deployment",
    "mesh",
    "preview",
    "program",
    "recovery",
    "rollout",
    "stacks",
  ].map((folder) => join(root, folder));
  const files = [...folders.flatMap(sources), join(root, "package-lock.json")];
  for (const file of files) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

/** @returns the command, out of a bundle that is there or is made now. */
function load() {
  const file = join(dist, `aks-mesh-${fingerprint()}.js`);
  if (existsSync(file)) return require(file);
  const code = bundle();
  try {
    mkdirSync(dist, { recursive: true });
    for (const name of readdirSync(dist)) {
      if (/^aks-mesh-[0-9a-f]{16}\.js(\..*)?$/.test(name)) rmSync(join(dist, name), { force: true });
    }
    // Written aside and renamed, so that two commands started at once never read half a bundle.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, code);
    renameSync(draft, file);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
    // A checkout that may not be written to: the command is made at each start.
  }
  const made = new Module(file);
  made.filename = file;
  made.paths = Module._nodeModulePaths(dist);
  made._compile(code, file);
  return made.exports;
}

function bundle() {
  const { script, style } = require("./picture/bundle-page.cjs")();
  const { outputFiles } = require("esbuild").buildSync({
    entryPoints: [join(root, "cli", "main.ts")],
    write: false,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Only the previews need these, which are large: loaded from node_modules when they are.
    external: ["@pulumi/*", "@kubernetes/client-node", "esbuild"],
    // What runs in the browser is bundled by itself and put in as text, so that the command needs no bundler for it.
    define: { PICTURE_PAGE: JSON.stringify({ script, style }) },
    minifySyntax: true,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** Whether an error says that a package is missing, not a file of ours. */
function lacksPackage({ code, message }) {
  return code === "MODULE_NOT_FOUND" && /^Cannot find module '[^./]/.test(message);
}

/** One line where packages are missing, as in a checkout in which nothing was installed yet. */
function fail(error) {
  if (!lacksPackage(error)) throw error;
  console.error(`aks-mesh: its packages are not installed, or not all of them: run npm ci in ${root}.`);
  process.exitCode = 2;
}

try {
  load()
    .main(process.argv.slice(2))
    .then((code) => (process.exitCode = code), fail);
} catch (error) {
  fail(error);
}
