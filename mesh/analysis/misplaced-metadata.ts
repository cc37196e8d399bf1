import { describeObject, type KubernetesObject, type Manifests } from "../manifests";
import { isJsonObject } from "../manifests/object";
import { valueAt } from "../manifests/inside";
import { type Finding, finding } from "./finding";
import { type Mesh } from "./mesh";

/** Where workloads say what their pods are like. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

/**
 * Labels and annotations by which pods speak of their sidecars, in a workload's own metadata: injectors see those of the pods alone, which come from the
 * template. What the template says too is meant so.
 *
 * @param names tells which labels and annotations these are.
 */
export function misplacedMetadata(
  mesh: Mesh,
  { objects }: Pick<Manifests, "objects">,
  names: RegExp,
): readonly Finding[] {
  return objects.flatMap((object): readonly Finding[] => {
    const template = templates[object.kind];
    if (template === undefined) return [];
    return (["labels", "annotations"] as const).flatMap((part) => {
      const inTemplate = keysOf(object, ...template, "metadata", part);
      return keysOf(object, "metadata", part)
        .filter((name) => names.test(name) && !inTemplate.includes(name))
        .map((name) =>
          finding(mesh, { object }, ["metadata", part, name], {
            severity: "warning",
            rule: "misplaced-metadata",
            message: `${name} is among the ${part} of ${describeObject(object)} itself, and not of its pods: nobody reads it there.`,
            remedy: `Write it into ${[...template, "metadata", part].join(".")}.`,
          }),
        );
    });
  });
}

function keysOf(object: KubernetesObject, ...path: readonly string[]): readonly string[] {
  const found = valueAt(object, ...path);
  return isJsonObject(found) ? Object.keys(found) : [];
}
