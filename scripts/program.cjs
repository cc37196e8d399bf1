// Where Pulumi's Node.js host begins, see package.json.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

module.exports = require("./load-typescript.cjs")(require.resolve("../index.ts"));
