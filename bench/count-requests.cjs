// Loaded into every Node process of a measured command (NODE_OPTIONS=--require): a line for each HTTP request that it sends.
"use strict";

/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, loaded by node as it is */
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync } = require("node:fs");

subscribe("http.client.request.start", ({ request }) => {
  const file = process.env.AKS_MESH_COUNT_REQUESTS;
  if (file !== undefined) appendFileSync(file, `${request.method} ${request.getHeader("host")} ${request.path}\n`);
});
