// Loads a program's TypeScript into Pulumi's Node.js host, in place of the compiler that the host brings: that one takes a
// second of processor time to be read, and two more to map the trace of every resource to its source.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { dirname, join } = require("node:path");
const withoutClosures = require("./without-closures.cjs");

/** What was made of each source file, and of which one: its JavaScript, its source map, its size and time. */
const cacheFile = join(__dirname, "..", "dist", "program.json");

function cached() {
  try {
    return JSON.parse(readFileSync(cacheFile, "utf8"));
  } catch {
    // The first run, or a file that another version wrote: everything is translated anew.
    return {};
  }
}

/** Written aside and renamed, so that two programs at once never read half of it. Files that are gone are left out. */
function save(translations) {
  const there = Object.fromEntries(Object.entries(translations).filter(([file]) => existsSync(file)));
  const draft = `${cacheFile}.${process.pid}`;
  try {
    mkdirSync(dirname(cacheFile), { recursive: true });
    writeFileSync(draft, JSON.stringify(there));
    renameSync(draft, cacheFile);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
    // A checkout that may not be written to: it is translated at each run.
  }
}

function translate(file) {
  const { code, map } = require("esbuild").transformSync(readFileSync(file, "utf8"), {
    loader: "ts",
    format: "cjs",
    platform: "node",
    target: "node20",
    sourcefile: file,
    sourcemap: "external",
    sourcesContent: false,
    // As in tsconfig.json: declared fields must not reset what Pulumi's constructors filled in.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  });
  return { code, map };
}

/** Names the lines of the sources in a trace, which has those of the translations. */
function mapTrace(error, translations) {
  if (!(error instanceof Error) || error.stack === undefined) return;
  error.stack = error.stack.replace(/([^\s()]+\.ts):(\d+):(\d+)/g, (place, file, line, column) => {
    const translation = translations[file];
    if (translation === undefined) return place;
    const { originalLine, originalColumn } = new Module.SourceMap(JSON.parse(translation.map)).findEntry(
      Number(line) - 1,
      Number(column) - 1,
    );
    return originalLine === undefined ? place : `${file}:${originalLine + 1}:${originalColumn + 1}`;
  });
}

/** @returns what the TypeScript file exports. */
module.exports = function load(entry) {
  const translations = cached();
  let changed = false;
  require.extensions[".ts"] = (module, file) => {
    const { mtimeMs, size } = statSync(file);
    const known = translations[file];
    if (known?.mtimeMs !== mtimeMs || known.size !== size) {
      // What is known of an older text must not map the lines of an error in this one.
      delete translations[file];
      translations[file] = { mtimeMs, size, ...translate(file) };
      changed = true;
    }
    module._compile(translations[file].code, file);
  };
  // The host maps every trace to its sources, and Pulumi takes one for every promise and resource: a second for what nobody
  // reads. Worse, the sources that Pulumi's own maps name lack the folder of their package, and Node.js 20 takes half a
  // minute and half a gigabyte to colour such a line. The traces of errors are mapped below, when there is one.
  Error.prepareStackTrace = undefined;
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.prependListener(event, (error) => mapTrace(error, translations));
  }
  withoutClosures(require.resolve("@pulumi/pulumi"));
  const exported = require(entry);
  if (changed) save(translations);
  return exported;
};
