// Where Pulumi's engine starts the plugin for programs in other languages than JavaScript's.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type PackageSchema } from "../schema";
import { enterPlugin } from "./in-plugin";
import { pluginProvider, type PluginParts } from "./provider";

// What stands beside the plugin in the package.
const beside = createRequire(__filename);

enterPlugin();
const parts: PluginParts = {
  schema: JSON.parse(readFileSync(join(__dirname, "schema.json"), "utf8")) as PackageSchema,
  // Loaded now that it is said that they are the plugin's.
  components: beside("../index.js") as PluginParts["components"],
  providers: beside("../providers.js") as PluginParts["providers"],
};
pulumi.provider.main(pluginProvider(parts), process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
