import { runningAsSidecar, type SidecarUser } from "../cluster/container-users";
import { type PodState } from "../cluster/workloads";
import { type Finding } from "./finding";

/** Pods with a sidecar whose own containers run as the sidecar does, told once for each workload. */
export function sidecarUserFindings(
  pods: readonly PodState[],
  hasSidecar: (pod: PodState) => boolean,
  sidecar: SidecarUser,
): readonly Finding[] {
  const seen = new Set<string>();
  return pods.flatMap((pod): readonly Finding[] => {
    const { containers } = runningAsSidecar(pod, sidecar);
    if (containers.length === 0 || !hasSidecar(pod)) return [];
    const object = pod.workload ?? `Pod ${pod.namespace}/${pod.name}`;
    if (seen.has(object)) return [];
    seen.add(object);
    const [what, verb] = containers.length === 1 ? ["container", "runs"] : ["containers", "run"];
    const as = sidecar.group === undefined ? "user" : "user or group";
    return [
      {
        severity: "warning",
        rule: "runs-as-sidecar",
        object,
        property: "securityContext",
        message: `The ${what} ${containers.join(", ")} ${verb} as ${as} ${String(sidecar.user)}, which is the sidecar's: the rules of the pod's network take all calls for the sidecar's own, so that they go out in plain text and past every policy for them.`,
        remedy: `Write another runAsUser${sidecar.group === undefined ? "" : " and runAsGroup"}.`,
      },
    ];
  });
}
