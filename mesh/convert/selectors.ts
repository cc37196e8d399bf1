import { type AccountKey, keyOf } from "../cluster/keys";
import { accountLabel } from "../policy";
import { type Labels, type PodState } from "../cluster/workloads";

/** Labels that controllers give, and that are others after the next rollout. */
const passing =
  /^(pod-template-hash|controller-revision-hash|pod-template-generation|controller-uid|job-name|osm-proxy-uuid|apps\.kubernetes\.io\/pod-index)$|^statefulset\.kubernetes\.io\/|^batch\.kubernetes\.io\/|(^|\.)istio\.io\//;

/** Labels that say what a workload is, the best known first. */
const usual = [
  accountLabel,
  "app.kubernetes.io/name",
  "app",
  "k8s-app",
  "name",
  "app.kubernetes.io/instance",
  "aks-mesh/service",
  "version",
];

/** Label sets that together select an account's pods and no others; undefined where there are none. */
export type Selectors = (account: AccountKey) => readonly Labels[] | undefined;

export function selectorsOf(pods: readonly PodState[]): Selectors {
  const byNamespace = new Map<string, PodState[]>();
  const byAccount = new Map<AccountKey, PodState[]>();
  for (const pod of pods) {
    const account = keyOf(pod.namespace, pod.serviceAccount);
    byNamespace.set(pod.namespace, [...(byNamespace.get(pod.namespace) ?? []), pod]);
    byAccount.set(account, [...(byAccount.get(account) ?? []), pod]);
  }
  return (account) => {
    const [namespace = "", name = ""] = account.split("/");
    const own = byAccount.get(account) ?? [];
    if (own.every(({ assumed }) => assumed === true)) return [{ [accountLabel]: name }];
    const others = (byNamespace.get(namespace) ?? []).filter((pod) => pod.serviceAccount !== name);
    const whole = selectorOf(own, others);
    if (whole !== undefined) return [whole];
    const workloads = new Map<string, PodState[]>();
    for (const pod of own) {
      const key = JSON.stringify(Object.entries(lasting(pod.labels)).sort());
      workloads.set(key, [...(workloads.get(key) ?? []), pod]);
    }
    const parts = [...workloads.values()].map((some) => selectorOf(some, others));
    return parts.every((part) => part !== undefined) ? parts : undefined;
  };
}

function lasting(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !passing.test(label)));
}

/** The fewest of the labels that all of the pods have and that none of the others has. */
function selectorOf(own: readonly PodState[], others: readonly PodState[]): Labels | undefined {
  const [first, ...rest] = own;
  if (first === undefined) return undefined;
  const rank = (label: string): number => {
    const at = usual.indexOf(label);
    return at < 0 ? usual.length : at;
  };
  const common = Object.entries(lasting(first.labels))
    .filter(([label, value]) => rest.every(({ labels }) => labels[label] === value))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const isExact = (some: readonly (readonly [string, string])[]): boolean =>
    !others.some(({ labels }) => some.every(([label, value]) => labels[label] === value));
  if (common.length === 0 || !isExact(common)) return undefined;
  for (const one of common) if (isExact([one])) return Object.fromEntries([one]);
  for (const [index, one] of common.entries()) {
    for (const other of common.slice(index + 1)) if (isExact([one, other])) return Object.fromEntries([one, other]);
  }
  return Object.fromEntries(common);
}
