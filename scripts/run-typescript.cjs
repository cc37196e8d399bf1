// Has node run TypeScript: `node --require …/scripts/run-typescript.cjs file.ts [arguments…]`, see typescript-arguments.ts.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { mapped } = require("./typescript.cjs");

/** Called by Node.js when somebody reads the trace of an error. */
Error.prepareStackTrace = (error, frames) =>
  mapped([Error.prototype.toString.call(error), ...frames.map((frame) => `    at ${frame}`)].join("\n"));

// Node.js would put a line of the translation before the trace, with its number.
process.on("uncaughtExceptionMonitor", (error) => {
  if (process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
  console.error(error);
  process.exit(1);
});
