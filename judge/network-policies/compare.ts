import { type NamespaceState, type PodState, readNamespace, readPod } from "../../mesh/cluster/workloads";
import { keyOf } from "../../mesh/cluster/keys";
import { isJsonObject, type KubernetesObject, nowhere, type Problem } from "../../mesh/manifests";
import { readers } from "../../mesh/manifests/reader";
import {
  type Certainty,
  type NetworkEnd,
  type NetworkPolicy,
  networkPolicies,
  networkPolicyProblems,
  passage,
  podEnds,
  readNetworkPolicy,
} from "../../mesh/network-policies";
import { type NetworkCase, type Question } from "./generate";

/** What this analysis says to the questions of a case. */
export function ourAnswers({ objects, questions }: NetworkCase): readonly Certainty[] {
  const problems: Problem[] = [];
  const readerOf = readers(nowhere, problems);
  const namespaces = new Map<string, NamespaceState>();
  const pods = new Map<string, PodState>();
  const policies: NetworkPolicy[] = [];
  for (const object of objects) {
    const reader = readerOf(object);
    if (object.kind === "Namespace") namespaces.set(object.metadata.name, readNamespace(reader));
    if (object.kind === "Pod") pods.set(keyOf(object.metadata.namespace ?? "", object.metadata.name), readPod(reader));
    if (object.kind !== "NetworkPolicy") continue;
    policies.push(readNetworkPolicy(reader));
    for (const { path, problem } of networkPolicyProblems(object)) throw new Error(`${path} ${problem}`);
  }
  for (const { message } of problems) throw new Error(message);
  const ends = podEnds(namespaces);
  const known = networkPolicies(policies);
  const endOf = (name: string): NetworkEnd => {
    const pod = pods.get(name);
    return pod === undefined ? { kind: "address", ip: name } : ends.of(pod);
  };
  return questions.map(
    ([from, to, protocol, port]) => passage(known, endOf(from), endOf(to), { protocol, port }).passes,
  );
}

/** A question that is answered differently. */
export interface NetworkDisagreement {
  readonly question: Question;
  readonly ours: Certainty;
  readonly theirs: boolean;
}

/** The questions that are answered differently. To `maybe` nobody can agree. */
export function differentAnswers(
  { questions }: NetworkCase,
  ours: readonly Certainty[],
  theirs: readonly boolean[],
): readonly NetworkDisagreement[] {
  return questions.flatMap((question, index) => {
    const our = ours[index] ?? "maybe";
    const their = theirs[index] === true;
    return our === (their ? "yes" : "no") ? [] : [{ question, ours: our, theirs: their }];
  });
}

/**
 * The objects as network-config-analyzer 2.1.0 takes them, where that is not what Kubernetes does:
 *
 * 1. `egress: []` without policyTypes isolates nothing in Kubernetes, which counts the rules (SetDefaults_NetworkPolicy); the
 *    analyzer looks for the field.
 * 2. Exists and DoesNotExist in a peer's podSelector select pods of the policy's own namespace only, whatever its
 *    namespaceSelector says; In and NotIn do not.
 */
export function asAnalyzerReads(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return objects.map((object) => {
    const spec: unknown = Reflect.get(object, "spec");
    if (object.kind !== "NetworkPolicy" || !isJsonObject(spec)) return object;
    const own = { key: "kubernetes.io/metadata.name", operator: "In", values: [object.metadata.namespace] };
    const rules = (value: unknown, key: string): unknown =>
      listOf(value).map((rule) => {
        if (!isJsonObject(rule) || rule[key] === undefined) return rule;
        return { ...rule, [key]: listOf(rule[key]).map((peer) => withinOwn(peer, own)) };
      });
    const { ingress, egress, policyTypes } = spec;
    return {
      ...object,
      spec: {
        ...spec,
        ...(ingress !== undefined && { ingress: rules(ingress, "from") }),
        ...(egress !== undefined && { egress: rules(egress, "to") }),
        ...(policyTypes === undefined && egress !== undefined && { policyTypes: ["Ingress", "Egress"] }),
      },
    };
  });
}

function withinOwn(peer: unknown, own: Readonly<Record<string, unknown>>): unknown {
  if (!isJsonObject(peer)) return peer;
  const { namespaceSelector, podSelector } = peer;
  if (!isJsonObject(namespaceSelector) || !isJsonObject(podSelector)) return peer;
  const asksForKey = (one: unknown): boolean =>
    isJsonObject(one) && (one["operator"] === "Exists" || one["operator"] === "DoesNotExist");
  if (!listOf(podSelector["matchExpressions"]).some(asksForKey)) return peer;
  const expressions = [...listOf(namespaceSelector["matchExpressions"]), own];
  return { ...peer, namespaceSelector: { ...namespaceSelector, matchExpressions: expressions } };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
