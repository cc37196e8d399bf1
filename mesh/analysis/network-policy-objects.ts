import { describeObject, type Manifests, nowhere, parsePath } from "../manifests";
import { networkPolicyProblems, networkPolicyVersion, notRead } from "../network-policies";
import { type AdmissionFinding, type Finding } from "./finding";
import { type Unread } from "./mesh";

type Given = Pick<Manifests, "objects"> & Partial<Manifests>;

/** What the API server refuses of NetworkPolicies. */
export function networkPolicyAdmission({ objects, positions = nowhere }: Given): readonly AdmissionFinding[] {
  return objects.flatMap((object) => {
    if (object.kind !== "NetworkPolicy" || object.apiVersion !== networkPolicyVersion) return [];
    return networkPolicyProblems(object).map(({ path, problem, remedy }): AdmissionFinding => {
      const position = positions.of(object, parsePath(path));
      const finding: Finding = {
        severity: "error",
        rule: "network-policy-schema",
        object: describeObject(object),
        property: path,
        ...(position && { position }),
        message: `The API server refuses the object: ${path}: ${problem}.`,
        remedy: `${remedy[0]?.toUpperCase() ?? ""}${remedy.slice(1)}${remedy.endsWith("?") ? "" : "."}`,
      };
      return { finding, refused: true };
    });
  });
}

/** Kinds that decide for all namespaces. A manifest's reader gives their objects a namespace all the same, as it knows no kinds of others. */
const clusterWide = /^(Global|CiliumClusterwide|Admin|BaselineAdmin|Cluster)/;

/** Policies over connections of kinds that this analysis does not read. */
export function unreadNetworkPolicies({ objects }: Given): readonly Unread[] {
  return objects
    .filter((object) => notRead(object) !== undefined)
    .map((object) => ({
      object,
      namespace: clusterWide.test(object.kind) ? undefined : object.metadata.namespace,
      layer: "network",
    }));
}

/** Policies over connections of kinds that this analysis does not read, so that they may stop what it calls allowed, or the reverse. */
export function policiesNotRead({ objects, positions = nowhere }: Given): readonly Finding[] {
  return objects.flatMap((object): readonly Finding[] => {
    const whose = notRead(object);
    if (whose === undefined) return [];
    const position = positions.of(object);
    return [
      {
        severity: "warning",
        rule: "network-policy-not-read",
        object: describeObject(object),
        ...(position && { position }),
        message: `${object.kind} of ${object.apiVersion} (${whose}) is not read: it may stop calls that are called allowed here.`,
        remedy: `Say it with a NetworkPolicy of ${networkPolicyVersion} where it can be said so.`,
      },
    ];
  });
}
