import { CustomResource, type CustomResourceOptions, type Inputs } from "@pulumi/pulumi";
import { build } from "esbuild";

/** The text of each provider that was bundled, by its module. */
const bundles = new Map<string, Promise<string>>();

async function bundle(module: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [module],
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

/**
 * A dynamic resource whose provider is a module of its own. Pulumi's `dynamic.Resource` takes the provider as an object and
 * reads the source of each function that it holds with TypeScript's compiler, which takes longer than all else that the
 * program does; here the module is bundled into one text. Its packages are found where the program has them.
 */
export abstract class DynamicResource extends CustomResource {
  /**
   * @param type What comes behind `pulumi-nodejs:dynamic/aks-mesh:` in the resource's type.
   * @param module Path of the provider's module. It exports `handler`, a function without arguments that answers a
   *   `dynamic.ResourceProvider`.
   * @param props The provider's inputs, and its outputs as undefined.
   */
  constructor(type: string, module: string, name: string, props: Inputs, opts?: CustomResourceOptions) {
    const provider = bundles.get(module) ?? bundle(module);
    bundles.set(module, provider);
    super(`pulumi-nodejs:dynamic/aks-mesh:${type}`, name, { ...props, __provider: provider }, opts);
  }
}
