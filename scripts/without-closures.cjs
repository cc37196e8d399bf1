// Pulumi's package without what it reads to write functions of a program into its state.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const loadWhenUsed = require("./load-when-used.cjs");

/**
 * That is a compiler, and npm's own reader of packages: half a second of processor time, for what a program without such functions never uses.
 *
 * @param {string} pulumi A file of the package.
 */
module.exports = function withoutClosures(pulumi) {
  for (const name of ["typescript", "@npmcli/arborist"]) loadWhenUsed(require.resolve(name, { paths: [pulumi] }));
};
