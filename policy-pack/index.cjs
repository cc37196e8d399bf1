// Where Pulumi begins with the policy pack, see PulumiPolicy.yaml.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

require("../scripts/load-typescript.cjs")(require.resolve("./pack.ts"));
