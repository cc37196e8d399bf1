import { type PodState } from "../cluster/workloads";
import { memo } from "../cluster/look-up";
import { isSubset } from "./labels";
import { type MutualTlsMode } from "./kinds";
import { type IstioState } from "./state/cluster";
import { type PeerAuthenticationState } from "./state/peer-authentications";

/** What a sidecar takes. */
export type AcceptedTls = Exclude<MutualTlsMode, "UNSET">;

/** What PeerAuthentications come to. */
export interface Authentication {
  /** What a pod's sidecar takes on a port of the pod. */
  modeOf(pod: PodState, port: number): AcceptedTls;
  /** The policy that says so; undefined where none does. */
  sourceOf(pod: PodState, port: number): PeerAuthenticationState | undefined;
  /** What the namespace's or the mesh's policy says, by which callers choose for all of a service; undefined where none says. */
  modeOfNamespace(namespace: string): AcceptedTls | undefined;
}

/**
 * The narrowest policy counts, of one width the oldest; what it leaves unset the wider one says (pilot/pkg/security/authn,
 * ComposePeerAuthentication). Ports are read of a workload's policy alone.
 */
export function authenticationOf({
  peerAuthentications,
  rootNamespace,
}: Pick<IstioState, "peerAuthentications" | "rootNamespace">): Authentication {
  const wide = memo((namespace: string) =>
    peerAuthentications.find((policy) => policy.namespace === namespace && isWide(policy)),
  );
  const narrow = memo((namespace: string) =>
    namespace === rootNamespace
      ? []
      : peerAuthentications.filter((policy) => policy.namespace === namespace && !isWide(policy)),
  );
  const modeOfNamespace = (namespace: string): AcceptedTls | undefined =>
    set(wide(namespace)?.mode) ?? set(wide(rootNamespace)?.mode);
  const ownOf = (pod: PodState): PeerAuthenticationState | undefined =>
    narrow(pod.namespace).find(({ selector }) => isSubset(selector, pod.labels));
  return {
    modeOfNamespace,
    modeOf: (pod, port) => {
      const own = ownOf(pod);
      return set(own?.ports.get(port)) ?? set(own?.mode) ?? modeOfNamespace(pod.namespace) ?? "PERMISSIVE";
    },
    sourceOf: (pod, port) => {
      const own = ownOf(pod);
      if ((set(own?.ports.get(port)) ?? set(own?.mode)) !== undefined) return own;
      return [wide(pod.namespace), wide(rootNamespace)].find((one) => set(one?.mode) !== undefined);
    },
  };
}

function isWide({ selector }: PeerAuthenticationState): boolean {
  return Object.keys(selector).length === 0;
}

function set(mode: MutualTlsMode | undefined): AcceptedTls | undefined {
  return mode === "UNSET" ? undefined : mode;
}
