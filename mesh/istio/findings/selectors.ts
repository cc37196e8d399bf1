import { type Finding, finding } from "../../analysis/finding";
import { type Labels } from "../../cluster/workloads";
import { type ValuePath } from "../../manifests";
import { type IstioMesh } from "../mesh";
import { type Named } from "../state/named";
import { podsAround, selectedPods } from "./pods";

/** Selectors of Sidecars, PeerAuthentications, RequestAuthentications and DestinationRules that no pod meets, and such as istiod does not read. */
export function selectorFindings(mesh: IstioMesh): readonly Finding[] {
  const { state } = mesh;
  const none = (named: Named, selector: Labels, path: ValuePath): readonly Finding[] => {
    const pods = state.podsAssumed ? [] : podsAround(state, named.namespace);
    if (Object.keys(selector).length === 0 || pods.length === 0) return [];
    if (selectedPods(state, { namespace: named.namespace, selector }).length > 0) return [];
    return [
      finding(mesh, named, path, {
        severity: "error",
        rule: "selector-of-nobody",
        message: "The selector matches no pod, so that the object does nothing.",
        remedy: "Write labels that the workload's pods have, all of them.",
      }),
    ];
  };
  return [
    ...state.sidecars.flatMap((one) => none(one, one.selector, ["spec", "workloadSelector", "labels"])),
    ...state.peerAuthentications.flatMap((one) => none(one, one.selector, ["spec", "selector", "matchLabels"])),
    ...state.requestAuthentications.flatMap((one) =>
      one.targeted ? [] : none(one, one.selector, ["spec", "selector", "matchLabels"]),
    ),
    ...state.destinationRules.flatMap((one) => none(one, one.callers, ["spec", "workloadSelector", "matchLabels"])),
    ...peerFindings(mesh),
  ];
}

/** PeerAuthentications that count for nothing, or for ports that no pod has (pilot/pkg/security/authn, ComposePeerAuthentication). */
function peerFindings(mesh: IstioMesh): readonly Finding[] {
  const { peerAuthentications, rootNamespace, podsAssumed } = mesh.state;
  const widest = new Map<string, Named>();
  return peerAuthentications.flatMap((one): readonly Finding[] => {
    const { namespace, selector, ports } = one;
    if (Object.keys(selector).length === 0) {
      const other = widest.get(namespace);
      if (other === undefined) widest.set(namespace, one);
      if (other === undefined) return [];
      return [
        finding(mesh, one, [], {
          severity: "error",
          rule: "second-peer-authentication",
          message: `PeerAuthentication ${other.namespace}/${other.name} is for the same pods: only the older one counts, or the first by name.`,
          remedy: "Write what both say into one.",
        }),
      ];
    }
    if (namespace === rootNamespace) {
      return [
        finding(mesh, one, ["spec", "selector"], {
          severity: "error",
          rule: "selector-of-nobody",
          message: `A PeerAuthentication with a selector counts for nobody in ${rootNamespace}: there only the one of the whole mesh is read.`,
          remedy: "Write it in the namespace of the workload.",
        }),
      ];
    }
    const pods = podsAssumed ? [] : selectedPods(mesh.state, one);
    if (pods.length === 0) return [];
    const addresses = new Set(pods.flatMap(({ ips }) => ips));
    return [...ports.keys()].flatMap((port): readonly Finding[] => {
      if (pods.some(({ ips }) => ips.some((ip) => mesh.listens(ip, port)))) return [];
      const led = mesh.registry.hosts.flatMap((host) => {
        const found = host.service && host.ports.find(({ number }) => number === port);
        const endpoint = found && mesh.registry.endpoints(host, found).find(({ ip }) => addresses.has(ip));
        return endpoint === undefined ? [] : [endpoint.port];
      });
      const [meant] = led;
      // Pods may listen on ports that nothing shows.
      if (meant === undefined) return [];
      return [
        finding(mesh, one, ["spec", "portLevelMtls", String(port)], {
          severity: "error",
          rule: "port-of-nobody",
          message: `${String(port)} is a Service's port, and those of the pods count here: the mode is for no call.`,
          remedy: `Write ${String(meant)}.`,
        }),
      ];
    });
  });
}
