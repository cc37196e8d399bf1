import { join } from "node:path";
import { type Inputs } from "@pulumi/pulumi";
import { build } from "esbuild";

/** The text of each provider that was bundled, by its module. */
const bundles = new Map<string, Promise<string>>();

async function bundle(module: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, "..", module)],
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "cjs",
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "silent",
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("");
}

/** How the engine finds the provider of a dynamic resource. */
export interface Hosting {
  /** The resource's type. */
  readonly type: string;
  /** Inputs that the resource has for its provider's sake. */
  readonly inputs: Inputs;
}

/**
 * Has a provider run by Pulumi's own host of dynamic providers, from a text that is bundled out of its source. Its packages are
 * found where the program has them. What is built for npm and for other languages has another module in place of this one: it
 * has its providers built already (scripts/package).
 */
export function hosting(type: string, module: string): Hosting {
  const text = bundles.get(module) ?? bundle(module);
  bundles.set(module, text);
  return { type: `pulumi-nodejs:dynamic/aks-mesh:${type}`, inputs: { __provider: text } };
}
