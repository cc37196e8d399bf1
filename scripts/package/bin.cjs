#!/usr/bin/env node
// The command of the package. Where Node.js can keep compiled code, the next start takes less time.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

require("node:module").enableCompileCache?.();
require("./command.js")
  .main(process.argv.slice(2))
  .then((code) => (process.exitCode = code));
