#!/usr/bin/env node
// Starts the command from one bundled file: loading some hundred TypeScript modules one by one would take seconds.
// The bundle is made on first use and again whenever a source file changes.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } = require("node:fs");
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
  const folders = ["cli", "mesh", "preview", "recovery", "stacks"].map((folder) => join(root, folder));
  const files = [...folders.flatMap(sources), join(root, "package-lock.json")];
  for (const file of files) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

function bundle() {
  const file = join(dist, `aks-mesh-${fingerprint()}.js`);
  if (existsSync(file)) return file;
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (/^aks-mesh-[0-9a-f]{16}\.js(\..*)?$/.test(name)) rmSync(join(dist, name), { force: true });
  }
  const { script, style } = require("./picture/bundle-page.cjs")();
  // Written aside and renamed, so that two commands started at once never read half a bundle.
  const draft = `${file}.${process.pid}`;
  require("esbuild").buildSync({
    entryPoints: [join(root, "cli", "main.ts")],
    outfile: draft,
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
  renameSync(draft, file);
  return file;
}

require(bundle())
  .main(process.argv.slice(2))
  .then((code) => (process.exitCode = code));
