import { groupBy, memo, memoOnce } from "../../cluster/look-up";
import { type Labels, type PodState } from "../../cluster/workloads";
import { isSubset } from "../labels";
import { type IstioState } from "../state/cluster";

type Pods = Pick<IstioState, "pods">;

/** Pods of a namespace or of all, and those of them with a label. */
interface PodIndex {
  readonly pods: readonly PodState[];
  /** By `name=value`, made when it is first asked for. */
  readonly byLabel: (label: string) => readonly PodState[];
}

const known = new WeakMap<readonly PodState[], (namespace: string | undefined) => PodIndex>();

/** @param namespace undefined for pods of all. */
function podIndex({ pods }: Pods, namespace: string | undefined): PodIndex {
  let found = known.get(pods);
  if (found === undefined) {
    const groups = groupBy(pods, (pod) => pod.namespace);
    found = memo((one) => indexOf(one === undefined ? pods : (groups.get(one) ?? [])));
    known.set(pods, found);
  }
  return found(namespace);
}

function indexOf(pods: readonly PodState[]): PodIndex {
  const labels = memoOnce(() => {
    const groups = new Map<string, PodState[]>();
    for (const pod of pods) {
      for (const [name, value] of Object.entries(pod.labels)) {
        const label = `${name}=${value}`;
        const group = groups.get(label);
        if (group === undefined) groups.set(label, [pod]);
        else group.push(pod);
      }
    }
    return groups;
  });
  return { pods, byLabel: (label) => labels().get(label) ?? [] };
}

/** Pods of a namespace. */
export function podsOfNamespace(state: Pods, namespace: string): readonly PodState[] {
  return podIndex(state, namespace).pods;
}

/** Pods of which an object of a namespace may select some. */
export function podsAround(state: Pods & Pick<IstioState, "rootNamespace">, namespace: string): readonly PodState[] {
  return podIndex(state, namespace === state.rootNamespace ? undefined : namespace).pods;
}

/** Pods that an object selects. */
export function selectedPods(
  state: Pods & Pick<IstioState, "rootNamespace">,
  { namespace, selector }: { readonly namespace: string; readonly selector: Labels },
): readonly PodState[] {
  const index = podIndex(state, namespace === state.rootNamespace ? undefined : namespace);
  const [first] = Object.entries(selector);
  if (first === undefined) return index.pods;
  return index.byLabel(first.join("=")).filter(({ labels }) => isSubset(selector, labels));
}
