// Where Pulumi's Node.js host begins, see package.json. It runs in the program's folder.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { resolve } = require("node:path");

module.exports = require("./load-typescript.cjs")(resolve("index.ts"));
