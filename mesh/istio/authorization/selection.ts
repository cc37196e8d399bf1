import { keyOf } from "../../cluster/keys";
import { memo } from "../../cluster/look-up";
import { type PodState } from "../../cluster/workloads";
import { type IstioState } from "../state/cluster";
import { type AuthorizationPolicyState } from "../state/authorization-policies";
import { isSubset } from "../labels";
import { gatewayNameLabel } from "../state/gateway-api/kinds";
import { type WorkloadPolicies } from "./decision";

/** The policies that select a pod: those of the mesh's root namespace, then those of the pod's. Equal pods get one and the same. */
export function policiesOf(
  state: Pick<IstioState, "authorizationPolicies" | "requestAuthentications" | "rootNamespace">,
): (pod: PodState) => WorkloadPolicies {
  const byNamespace = new Map<string, AuthorizationPolicyState[]>();
  for (const policy of state.authorizationPolicies) {
    // Sidecars read no policy that is attached to something else.
    if (policy.targeted || !decides(policy)) continue;
    const list = byNamespace.get(policy.namespace);
    if (list === undefined) byNamespace.set(policy.namespace, [policy]);
    else list.push(policy);
  }
  const attached = state.authorizationPolicies.filter((policy) => policy.gateways.length > 0 && decides(policy));
  const sets = new Map<string, WorkloadPolicies>();
  const numbers = new Map([...byNamespace.values(), attached].flat().map((policy, index) => [policy, index]));
  const namespaces = memo((namespace: string) => {
    const all = [...new Set([state.rootNamespace, namespace])].flatMap((one) => byNamespace.get(one) ?? []);
    return selectable(all);
  });
  const tokensFor = memo((namespace: string) =>
    state.requestAuthentications.filter((one) => one.namespace === namespace || one.namespace === state.rootNamespace),
  );
  return (pod) => {
    const own = namespaces(pod.namespace)(pod.labels);
    const selecting = attached.length === 0 ? own : [...own, ...attached.filter((one) => isAttachedTo(one, pod))];
    const tokens = tokensFor(pod.namespace).filter((one) =>
      one.targeted ? isAttachedTo(one, pod) : isSubset(one.selector, pod.labels),
    );
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

/** Whether a policy decides anything: one that is only tried does not. */
function decides({ dryRun, action }: AuthorizationPolicyState): boolean {
  return !dryRun && action !== "AUDIT";
}

/** Whether a policy is attached to the Gateway of the Gateway API that a pod was made for. */
function isAttachedTo(
  { namespace, gateways }: Pick<AuthorizationPolicyState, "namespace" | "gateways">,
  pod: PodState,
): boolean {
  const gateway = pod.labels[gatewayNameLabel];
  return gateway !== undefined && namespace === pod.namespace && gateways.includes(gateway);
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
