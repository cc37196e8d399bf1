import { getVersion } from "@pulumi/kubernetes/utilities";
import * as pulumi from "@pulumi/pulumi";
import { type KubernetesObject } from "../../mesh/manifests";

/**
 * The resource of an object of any kind, as the kubernetes package's own class for the kind registers it: one class for all, as what comes
 * from manifests has no type before the provider checks it. What a Secret holds is a secret in the state too, wherever it was written.
 */
export class ObjectResource extends pulumi.CustomResource {
  declare public readonly apiVersion: pulumi.Output<string>;
  declare public readonly kind: pulumi.Output<string>;
  declare public readonly metadata: pulumi.Output<{ readonly name?: string; readonly namespace?: string } | undefined>;

  constructor(name: string, object: KubernetesObject, options: pulumi.CustomResourceOptions) {
    const hidden = object.kind === "Secret" ? secretParts.filter((part) => part in object) : [];
    const inputs = {
      ...object,
      ...Object.fromEntries(hidden.map((part) => [part, pulumi.secret<unknown>(Reflect.get(object, part))])),
    };
    super(tokenOf(object), name, inputs, {
      version: getVersion(),
      ...options,
      ...(hidden.length > 0 && { additionalSecretOutputs: [...secretParts] }),
    });
  }
}

/** Where a Secret keeps what it holds. */
const secretParts = ["data", "stringData"] as const;

/** The type of a kind's resource: the oldest group, whose versions name none, is called `core`. */
function tokenOf({ apiVersion, kind }: KubernetesObject): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}
