import { keyOf } from "../../cluster/keys";
import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { type IstioState } from "../state/cluster";
import { type AuthorizationPolicyState } from "../state/authorization-policies";
import { isSubset } from "../labels";
import { type WorkloadPolicies } from "./decision";

/** The policies that select a pod: those of the mesh's root namespace, then those of the pod's. Equal pods get one and the same. */
export function policiesOf(
  state: Pick<IstioState, "authorizationPolicies" | "requestAuthentications" | "rootNamespace">,
): (pod: PodState) => WorkloadPolicies {
  const byNamespace = new Map<string, AuthorizationPolicyState[]>();
  for (const policy of state.authorizationPolicies) {
    // Sidecars read no policy that is attached to something else; one that is only tried decides nothing.
    if (policy.targeted || policy.dryRun || policy.action === "AUDIT") continue;
    const list = byNamespace.get(policy.namespace);
    if (list === undefined) byNamespace.set(policy.namespace, [policy]);
    else list.push(policy);
  }
  const sets = new Map<string, WorkloadPolicies>();
  const numbers = new Map([...byNamespace.values()].flat().map((policy, index) => [policy, index]));
  const namespaces = memo((namespace: string) => {
    const all = [...new Set([state.rootNamespace, namespace])].flatMap((one) => byNamespace.get(one) ?? []);
    return selectable(all);
  });
  const tokensFor = memo((namespace: string) =>
    state.requestAuthentications.filter(
      (one) => !one.targeted && (one.namespace === namespace || one.namespace === state.rootNamespace),
    ),
  );
  return (pod) => {
    const selecting = namespaces(pod.namespace)(pod.labels);
    const tokens = tokensFor(pod.namespace).filter(({ selector }) => isSubset(selector, pod.labels));
    const key = [
      ...selecting.map((policy) => numbers.get(policy)),
      ...tokens.map(({ namespace, name }) => keyOf(namespace, name)),
    ].join();
    let found = sets.get(key);
    if (found === undefined) {
      const doing = (action: AuthorizationPolicyState["action"]) =>
        selecting.filter((policy) => policy.action === action);
      sets.set(key, (found = { tokens, custom: doing("CUSTOM"), deny: doing("DENY"), allow: doing("ALLOW") }));
    }
    return found;
  };
}

/** Policies of a namespace by a label that they ask for, so that a pod looks at few of many. */
function selectable(
  all: readonly AuthorizationPolicyState[],
): (labels: PodState["labels"]) => readonly AuthorizationPolicyState[] {
  const forAll: AuthorizationPolicyState[] = [];
  const byLabel = new Map<string, Map<string, AuthorizationPolicyState[]>>();
  for (const policy of all) {
    const [first] = Object.entries(policy.selector);
    if (first === undefined) forAll.push(policy);
    else {
      const [label, value] = first;
      let byValue = byLabel.get(label);
      if (byValue === undefined) byLabel.set(label, (byValue = new Map()));
      const list = byValue.get(value);
      if (list === undefined) byValue.set(value, [policy]);
      else list.push(policy);
    }
  }
  const order = new Map(all.map((policy, index) => [policy, index]));
  return (labels) => {
    const found = [...forAll];
    for (const [label, value] of Object.entries(labels)) {
      for (const policy of byLabel.get(label)?.get(value) ?? [])
        if (isSubset(policy.selector, labels)) found.push(policy);
    }
    return found.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  };
}
