import { CustomResource, type CustomResourceOptions, type Inputs } from "@pulumi/pulumi";
import { hosting } from "./hosting";

/**
 * A dynamic resource whose provider is a module of its own. Pulumi's `dynamic.Resource` takes the provider as an object and
 * reads the source of each function that it holds with TypeScript's compiler, which takes longer than all else that the
 * program does; here the module is bundled into one text.
 */
export abstract class DynamicResource extends CustomResource {
  /**
   * @param type Last part of the resource's type.
   * @param module The provider's module, by its path in components/. It exports `handler`, a function without arguments that
   *   answers a `dynamic.ResourceProvider`.
   * @param props The provider's inputs, and its outputs as undefined.
   */
  constructor(type: string, module: string, name: string, props: Inputs, opts?: CustomResourceOptions) {
    const hosted = hosting(type, module);
    super(hosted.type, name, { ...props, ...hosted.inputs }, opts);
  }
}
