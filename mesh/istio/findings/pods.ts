import { groupBy, memoOnce } from "../../cluster/look-up";
import { indexByLabel, type LabelIndex, matching } from "../../cluster/selectors";
import { type Labels, type PodState } from "../../cluster/workloads";
import { isSubset } from "../labels";
import { type IstioState } from "../state/cluster";

type Pods = Pick<IstioState, "pods">;

/** Pods by their namespaces, and by their labels. */
interface PodIndex {
  readonly byNamespace: ReadonlyMap<string, readonly PodState[]>;
  readonly byLabel: () => LabelIndex;
}

const known = new WeakMap<readonly PodState[], PodIndex>();

function podIndex({ pods }: Pods): PodIndex {
  let found = known.get(pods);
  if (found === undefined) {
    found = { byNamespace: groupBy(pods, ({ namespace }) => namespace), byLabel: memoOnce(() => indexByLabel(pods)) };
    known.set(pods, found);
  }
  return found;
}

/** Pods of a namespace. */
export function podsOfNamespace(state: Pods, namespace: string): readonly PodState[] {
  return podIndex(state).byNamespace.get(namespace) ?? [];
}

/** Pods of which an object of a namespace may select some. */
export function podsAround(state: Pods & Pick<IstioState, "rootNamespace">, namespace: string): readonly PodState[] {
  return namespace === state.rootNamespace ? state.pods : podsOfNamespace(state, namespace);
}

/** Pods that an object selects. */
export function selectedPods(
  state: Pods & Pick<IstioState, "rootNamespace">,
  { namespace, selector }: { readonly namespace: string; readonly selector: Labels },
): readonly PodState[] {
  if (Object.keys(selector).length > 0 && namespace !== state.rootNamespace) {
    return matching(podIndex(state).byLabel(), namespace, selector);
  }
  return podsAround(state, namespace).filter(({ labels }) => isSubset(selector, labels));
}
