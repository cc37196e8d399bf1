// What the provider of dynamic resources reads before its main file, which is part of Pulumi's package.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is, from the folder that it is copied to */
"use strict";

require("./without-closures.cjs")(process.argv[1]);
