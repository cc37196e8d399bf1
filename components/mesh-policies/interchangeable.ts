import { RunError } from "@pulumi/pulumi";
import { type AccessChange, changeTitles, describeRequest, diff, DiffTooLarge, meshOf } from "../../mesh";
import { type KubernetesObject } from "../../mesh/manifests";
import { type MeshPoliciesArgs } from "./args";
import { asOpenServiceMesh } from "./as-osm";
import { asKubernetesObject } from "./cluster";

/** Two Services of a split that are to be interchangeable. */
export interface SplitVersions {
  /** The TrafficSplit, which is among the policies or those that others write. */
  readonly namespace: string;
  readonly name: string;
  readonly stable: string;
  readonly canary: string;
}

/**
 * What is different for callers with all calls at the canary from all calls at the stable version, but for who answers. None is a proof, of what
 * `diff` speaks of: for every caller that the objects know, and callers from outside, every port and every request. It is told of the objects of
 * Open Service Mesh; what Istio does with what they are converted to is proved equal elsewhere.
 *
 * @param setting what the split is written as, for messages.
 * @throws RunError where parts of the objects are not known before the engine runs, or they are too many to compare.
 */
export function differencesOfVersions(
  args: MeshPoliciesArgs,
  { namespace, name, stable, canary }: SplitVersions,
  setting: string,
): readonly AccessChange[] {
  const { policies, around } = asOpenServiceMesh(
    args,
    `${setting}: whether every caller may reach both versions is proved at once`,
  );
  const values = [...policies, ...around.map(({ value }) => value)];
  const objects = values.flatMap((value, index) => asKubernetesObject(value, index) ?? []);
  const withAll = (backend: string): readonly KubernetesObject[] =>
    objects.map((object) =>
      object.kind === "TrafficSplit" && object.metadata.namespace === namespace && object.metadata.name === name
        ? { ...object, spec: { ...Reflect.get(object, "spec"), backends: [{ service: backend, weight: 100 }] } }
        : object,
    );
  try {
    return diff(
      meshOf({ objects: withAll(stable) }, [], "osm"),
      meshOf({ objects: withAll(canary) }, [], "osm"),
    ).filter(({ kind }) => kind !== "shares");
  } catch (error) {
    if (error instanceof DiffTooLarge) {
      throw new RunError(`${setting}: it cannot be proved that every caller may reach both versions: ${error.message}`);
    }
    throw error;
  }
}

/** A difference in a line. */
export function differenceText({ kind, from, to, request }: AccessChange): string {
  return `${changeTitles[kind]}: ${request === undefined ? `${from} → ${to}` : describeRequest(request)}`;
}
