import { join } from "node:path";
import { type KubernetesObject } from "../../sandbox/control-plane/api-client";

/** A program whose bookstore-v1 is scaled: by 10 requests a second, of which each buyer sends about as many. */
export const autoscalingProgram = join(__dirname, "programs", "autoscaling");

/** Path of a namespace's ScaledObjects. */
export const scaledObjects = (namespace: string): string =>
  `/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`;

export interface ScaledObject extends KubernetesObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly name: string };
    readonly triggers: readonly { readonly type: string; readonly metadata: Readonly<Record<string, string>> }[];
  };
}

/** The same for another Deployment, with another trigger. */
export function withTrigger(
  { apiVersion, kind, metadata, spec }: ScaledObject,
  name: string,
  change: Readonly<Record<string, string>>,
): ScaledObject {
  const triggers = spec.triggers.map((trigger) => ({ ...trigger, metadata: { ...trigger.metadata, ...change } }));
  return {
    ...{ apiVersion, kind, metadata: { name, namespace: metadata.namespace } },
    spec: { ...spec, scaleTargetRef: { name }, triggers },
  };
}
