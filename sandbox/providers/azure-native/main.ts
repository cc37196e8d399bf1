/** The process that the engine starts as the plugin azure-native: see ../install.ts. */
import { version } from "@pulumi/azure-native/package.json";
import { runProviderPlugin } from "../protocol";
import { createAzureNativeProvider } from "./provider";
import { connectToAzure } from "./session";
import { sandboxTimings } from "./timings";

void runProviderPlugin(
  createAzureNativeProvider({ version, environment: process.env, connect: connectToAzure(sandboxTimings) }),
);
