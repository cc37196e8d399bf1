// Lets require() read TypeScript. What esbuild makes of each file is kept in dist/typescript, one file for each: nobody reads what others loaded, and what is
// loaded late is kept as well.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require("node:fs");
const Module = require("node:module");
const { dirname, join, relative, sep } = require("node:path");

const root = join(__dirname, "..");
const folder = join(root, "dist", "typescript");

/** The translations that were loaded, by their source, each with its source map. */
const loaded = new Map();

/** @type {Map<string, Module.SourceMap>} */
const maps = new Map();

/** Before a source map in base64. */
const mapPrefix = "\n//# sourceMappingURL=data:application/json;base64,";

/** Whether this process has removed what was made of sources that are gone. */
let swept = false;

/** Whether this process has found out that it may not write. */
let readOnly = false;

/** Which text of a file it is, as far as that can be told without reading it. */
function stamp(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** What this file makes of sources may be another thing in another version of it. */
const ownStamp = stamp(__filename);

function translate(file) {
  const { code } = require("esbuild").transformSync(readFileSync(file, "utf8"), {
    loader: "ts",
    format: "cjs",
    platform: "node",
    target: "node20",
    // Node.js itself would not know what to do with the TypeScript that an import() names.
    supported: { "dynamic-import": false },
    sourcefile: file,
    sourcemap: "inline",
    sourcesContent: false,
    // As in tsconfig.json: declared fields must not reset what Pulumi's constructors filled in.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  });
  return code;
}

/** Where the translation of a source of this checkout is kept. Those of other folders are not: many of them come once, and are gone. */
function keptIn(file) {
  const path = relative(root, file);
  return path.startsWith(`..${sep}`) ? undefined : join(folder, `${path}.js`);
}

/** Removes what was made of sources that are gone. */
function sweep() {
  for (const name of readdirSync(folder, { recursive: true })) {
    const source = name.replace(/\.js(\.\d+)?$/, "");
    if (source !== name && !existsSync(join(root, source))) rmSync(join(folder, name), { force: true });
  }
}

/** Written aside and renamed, so that two processes at once never read half of it. */
function keep(kept, text) {
  if (readOnly) return;
  try {
    const draft = `${kept}.${process.pid}`;
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(draft, text);
    renameSync(draft, kept);
    if (!swept) sweep();
    swept = true;
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
    // A checkout that may not be written to: it is translated at each run.
    readOnly = true;
  }
}

function read(kept) {
  try {
    return readFileSync(kept, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  }
}

function translated(file) {
  const kept = keptIn(file);
  // At the end, where half of a file would not have it.
  const end = `\n// ${stamp(file)}, ${ownStamp}\n`;
  const known = kept && read(kept);
  if (known?.endsWith(end)) return known;
  const text = translate(file) + end;
  if (kept !== undefined) keep(kept, text);
  return text;
}

function load(module, file) {
  const text = translated(file);
  loaded.set(file, text);
  maps.delete(file);
  // V8 would read through all of the map.
  module._compile(text.slice(0, text.lastIndexOf(mapPrefix)), file);
}

require.extensions[".ts"] = load;
// Extensions are tried in their order: packages have their JavaScript for us, and x.json may lie beside x.ts.
for (const [extension, read] of Object.entries(require.extensions)) {
  if (extension === ".js" || extension === ".ts") continue;
  delete require.extensions[extension];
  require.extensions[extension] = read;
}

// Within TypeScript an import() of a file names it as it will be called, x.js for x.ts.
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  const source =
    /^\.\.?\/.*\.js$/.test(request) && parent?.filename?.endsWith(".ts") && request.replace(/\.js$/, ".ts");
  const isThere = source && existsSync(join(dirname(parent.filename), source));
  return resolveFilename.call(this, isThere ? source : request, parent, ...rest);
};

function mapOf(file) {
  const known = maps.get(file);
  if (known !== undefined) return known;
  const text = loaded.get(file);
  const start = text.lastIndexOf(mapPrefix) + mapPrefix.length;
  const encoded = text.slice(start, text.indexOf("\n", start));
  const map = new Module.SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString("utf8")));
  maps.set(file, map);
  return map;
}

/**
 * Names the lines of the sources in a trace, which has those of the translations.
 *
 * @param {string} trace The `stack` of an error.
 */
exports.mapped = (trace) =>
  trace.replace(
    /^(\s+at (?:async |.*\()?)((?:\/|[A-Za-z]:\\).+\.ts):(\d+):(\d+)/gm,
    (place, before, file, line, column) => {
      if (!loaded.has(file)) return place;
      const { originalLine, originalColumn } = mapOf(file).findEntry(Number(line) - 1, Number(column) - 1);
      return originalLine === undefined ? place : `${before}${file}:${originalLine + 1}:${originalColumn + 1}`;
    },
  );
