import { describeObject, type KubernetesObject, type Manifests, nowhere } from "../manifests";
import { textAt } from "../manifests/inside";
import { type Finding } from "./finding";

/**
 * Canaries of Flagger's whose Services and pods are not among the objects: what Flagger makes of a Service is not worked out of a Canary, which can say
 * far more than the program's own.
 */
export function canariesNotExpanded({
  objects,
  positions = nowhere,
}: Pick<Manifests, "objects"> & Partial<Manifests>): readonly Finding[] {
  const canaries = objects.filter(
    ({ kind, apiVersion }) => kind === "Canary" && apiVersion.split("/")[0] === "flagger.app",
  );
  if (canaries.length === 0) return [];
  const services = new Set(objects.filter(({ kind }) => kind === "Service").map(placeOf));
  return canaries.flatMap((object): readonly Finding[] => {
    const service = textAt(object, "spec", "service", "name") ?? textAt(object, "spec", "targetRef", "name") ?? "";
    const target = textAt(object, "spec", "targetRef", "name") ?? service;
    const { namespace = "" } = object.metadata;
    if (services.has(`${namespace}/${service}-primary`)) return [];
    const position = positions.of(object, ["spec"]);
    return [
      {
        severity: "warning",
        rule: "canary-not-expanded",
        object: describeObject(object),
        property: "spec",
        ...(position && { position }),
        message:
          `A Canary is not worked out: what is said here is how it is before Flagger takes over. It leads Service ${namespace}/${service} to the pods of a ${target}-primary of its own, under another label, ` +
          `and makes the Services ${service}-primary and ${service}-canary.`,
        remedy: `Let what selects the pods of ${target} by a label select those of ${target}-primary as well, and add what Flagger has made to the objects, as kubectl get prints it.`,
      },
    ];
  });
}

function placeOf({ metadata: { namespace = "", name } }: KubernetesObject): string {
  return `${namespace}/${name}`;
}
