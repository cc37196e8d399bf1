// Loads a program's TypeScript into Pulumi's Node.js host, in place of the compiler that the host brings: that one takes a
// second of processor time to be read, and two more to map the trace of every resource to its source.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { mapped } = require("./typescript.cjs");
const withoutClosures = require("./without-closures.cjs");

function mapTrace(error) {
  if (error instanceof Error && error.stack !== undefined) error.stack = mapped(error.stack);
}

/** @returns what the TypeScript file exports. */
module.exports = function load(entry) {
  // The host maps every trace to its sources, and Pulumi takes one for every promise and resource: a second for what nobody
  // reads. Worse, the sources that Pulumi's own maps name lack the folder of their package, and Node.js 20 takes half a
  // minute and half a gigabyte to colour such a line. The traces of errors are mapped below, when there is one.
  Error.prepareStackTrace = undefined;
  for (const event of ["uncaughtException", "unhandledRejection"]) process.prependListener(event, mapTrace);
  withoutClosures(require.resolve("@pulumi/pulumi"));
  return require(entry);
};
