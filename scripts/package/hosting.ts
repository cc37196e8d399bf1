import { type Hosting } from "../../components/dynamic/hosting";
import { inPlugin } from "./plugin/in-plugin";

/**
 * How the installed package has its providers run. In a program of Node.js by Pulumi's own host of dynamic providers: the text that the
 * state keeps only names the provider. In the plugin for other languages, which programs may have no Node.js beside, by the plugin.
 */
export function hosting(type: string, module: string): Hosting {
  if (inPlugin()) return { type: `aks-mesh:${module}:${type}`, inputs: {} };
  const text = `exports.handler=()=>require("aks-mesh/providers")[${JSON.stringify(module)}]();`;
  return { type: `pulumi-nodejs:dynamic/aks-mesh:${type}`, inputs: { __provider: text } };
}
