/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

module.exports = require("../../../../scripts/load-typescript.cjs")(require.resolve("./index.ts"));
