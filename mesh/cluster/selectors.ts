import { keyOf } from "./keys";
import { type Labels, type PodState } from "./workloads";

/** No real label has such a name, so that an assumed Service selects by service account alone. */
export const assumedAccountLabel = "//service-account";

/** Pods by namespace and one label, so that a selector looks at few of them. */
export type LabelIndex = ReadonlyMap<string, ReadonlyMap<string, readonly PodState[]>>;

export function indexByLabel(pods: readonly PodState[]): LabelIndex {
  const index = new Map<string, Map<string, PodState[]>>();
  const add = (label: string, value: string, pod: PodState): void => {
    const bucket = keyOf(pod.namespace, label);
    let byValue = index.get(bucket);
    if (byValue === undefined) index.set(bucket, (byValue = new Map()));
    const list = byValue.get(value);
    if (list === undefined) byValue.set(value, [pod]);
    else list.push(pod);
  };
  for (const pod of pods) {
    for (const [label, value] of Object.entries(pod.labels)) add(label, value, pod);
    add(assumedAccountLabel, pod.serviceAccount, pod);
  }
  return index;
}

/** Whether a selector matches a pod. An empty selector matches none. */
export function selects(selector: Labels, pod: PodState): boolean {
  const keys = Object.keys(selector);
  return (
    keys.length > 0 &&
    keys.every((key) => (key === assumedAccountLabel ? pod.serviceAccount : pod.labels[key]) === selector[key])
  );
}

/** The namespace's pods that a selector matches. */
export function matching(index: LabelIndex, namespace: string, selector: Labels): readonly PodState[] {
  const [first, ...others] = Object.entries(selector);
  if (first === undefined) return [];
  const candidates = index.get(keyOf(namespace, first[0]))?.get(first[1]) ?? [];
  return others.length === 0 ? candidates : candidates.filter((pod) => selects(selector, pod));
}
