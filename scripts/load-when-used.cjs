// Packages that are read when something of them is first used.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const Module = require("node:module");

/**
 * Has a package that others require read only once one of them uses it.
 *
 * @param {string} file What the package's name resolves to.
 */
module.exports = function loadWhenUsed(file) {
  // Somebody has it already.
  if (require.cache[file] !== undefined) return;
  let exported;
  const read = () => {
    if (exported === undefined) {
      delete require.cache[file];
      exported = require(file);
    }
    return exported;
  };
  const stub = new Module(file);
  stub.filename = file;
  stub.loaded = true;
  stub.exports = new Proxy(
    {},
    {
      // What compilers put around an import asks for this mark, and copies what it is told of, of a package without it.
      get: (_, name) => (name === "__esModule" ? true : name === "default" ? (read().default ?? read()) : read()[name]),
      has: (_, name) => name in read(),
    },
  );
  require.cache[file] = stub;
};
