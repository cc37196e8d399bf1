#!/usr/bin/env node
// For engines whose language host of Node.js runs no plugins: they start this file, in place of what PulumiPlugin.yaml says.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

// The engine holds the other end of standard input for as long as it lives: a plugin whose engine was killed ends with it.
process.stdin.resume().on("end", () => process.exit());
require("./index.js");
