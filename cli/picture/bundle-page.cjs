// Bundles what runs in the browser. Whoever bundles the command puts the result in its place, so that a packed command needs no bundler.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { join } = require("node:path");

/** @returns the script and the style of the picture's page, each as one text, and what went into them. */
module.exports = function bundlePage() {
  const { outputFiles, metafile } = require("esbuild").buildSync({
    entryPoints: { script: join(__dirname, "page", "main.ts"), style: join(__dirname, "page", "style.css") },
    absWorkingDir: join(__dirname, "..", ".."),
    outdir: "dist",
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  return { script: textOf(".js"), style: textOf(".css"), metafile };
};
