import { type Hosting } from "../../components/dynamic/hosting";

/**
 * Has a provider run by Pulumi's own host of dynamic providers, out of the installed package: the text that the state keeps only
 * names it.
 */
export function hosting(type: string, module: string): Hosting {
  const text = `exports.handler=()=>require("aks-mesh/providers")[${JSON.stringify(module)}]();`;
  return { type: `pulumi-nodejs:dynamic/aks-mesh:${type}`, inputs: { __provider: text } };
}
