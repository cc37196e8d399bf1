// Pulumi's package without what it reads to write functions of a program into its state.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const loadWhenUsed = require("./load-when-used.cjs");

/** The compiler of the program, the one that Pulumi's package brings for programs without, and npm's reader of packages. */
const forClosures = ["typescript", "@pulumi/pulumi/vendor/typescript@3.8.3/typescript.js", "@npmcli/arborist"];

/**
 * That is half a second of processor time, for what a program without such functions never uses.
 *
 * @param {string} pulumi A file of the package.
 */
module.exports = function withoutClosures(pulumi) {
  for (const name of forClosures) {
    try {
      loadWhenUsed(require.resolve(name, { paths: [pulumi] }));
    } catch (error) {
      // What is not there is not read either.
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
};
