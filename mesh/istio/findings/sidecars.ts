import { type Finding, finding } from "../../analysis/finding";
import { nearNames } from "../../manifests/near-names";
import { isExclusion } from "../calls/scope";
import { matchesHost } from "../host-patterns";
import { isSubset } from "../labels";
import { type IstioMesh } from "../mesh";
import { type SidecarState } from "../state/sidecars";
import { didYouMean } from "./near-hosts";

/** Hosts of Sidecars that are none: what they were meant to show is hidden. Sidecars that do not count, since another does. */
export function sidecarFindings(mesh: IstioMesh): readonly Finding[] {
  const { sidecars } = mesh.state;
  return [
    ...sidecars.flatMap((sidecar) =>
      sidecar.egress.flatMap(({ hosts }, listener) =>
        hosts.flatMap((entry, index) =>
          isExclusion(entry)
            ? exclusionFindings(mesh, sidecar, hosts, ["spec", "egress", listener, "hosts", index])
            : hostFindings(mesh, sidecar, entry, ["spec", "egress", listener, "hosts", index]),
        ),
      ),
    ),
    ...sidecars.flatMap((sidecar, index) => secondFindings(mesh, sidecar, sidecars.slice(0, index))),
  ];
}

/** Pods have one Sidecar: of those that select them the oldest, and of those without a selector too (pilot/pkg/model/push_context.go). */
function secondFindings(mesh: IstioMesh, sidecar: SidecarState, older: readonly SidecarState[]): readonly Finding[] {
  const { namespace, selector } = sidecar;
  const isWide = Object.keys(selector).length === 0;
  const same = older.filter(
    (one) => one.namespace === namespace && (Object.keys(one.selector).length === 0) === isWide,
  );
  const pods = mesh.state.pods.filter((pod) => pod.namespace === namespace && isSubset(selector, pod.labels));
  const first = same.find((one) => isWide || pods.some((pod) => isSubset(one.selector, pod.labels)));
  if (first === undefined) return [];
  return [
    finding(mesh, sidecar, isWide ? [] : ["spec", "workloadSelector"], {
      severity: "error",
      rule: "second-sidecar",
      message: `Sidecar ${first.namespace}/${first.name} is for ${isWide ? "the same namespace" : "some of the same pods"}: only the older one counts there, or the first by name.`,
      remedy: isWide ? "Write what both say into one." : "Write what both say into one, or select other pods.",
    }),
  ];
}

/** Entries that leave hosts out mean something else before Istio 1.31, but for one that leaves out all and stands alone. */
function exclusionFindings(
  mesh: IstioMesh,
  sidecar: SidecarState,
  hosts: readonly string[],
  path: readonly (string | number)[],
): readonly Finding[] {
  if (hosts.length === 1) return [];
  return [
    finding(mesh, sidecar, path, {
      severity: "warning",
      rule: "sidecar-exclusion",
      message:
        "Hosts with ~ before them are left out from Istio 1.31 on, whatever else takes them in, as is said here. Before it the webhook refuses ~NAMESPACE/HOST, and ~/HOST takes nothing in and leaves nothing out.",
      remedy: "Write the hosts that are taken in, or ~/* alone for none.",
    }),
  ];
}

function hostFindings(
  mesh: IstioMesh,
  sidecar: SidecarState,
  entry: string,
  path: readonly (string | number)[],
): readonly Finding[] {
  const slash = entry.indexOf("/");
  const [written, name] = [entry.slice(0, slash), entry.slice(slash + 1).toLowerCase()];
  // One without a namespace the webhook refuses. One of the root namespace is for every namespace: its own is another each time.
  const isWide = written === "." && sidecar.namespace === mesh.state.rootNamespace;
  if (slash < 0 || isWide) return [];
  const namespace = written === "." ? sidecar.namespace : written;
  const lost = (message: string, remedy: string): readonly Finding[] => [
    finding(mesh, sidecar, path, { severity: "warning", rule: "host-of-nobody", message, remedy }),
  ];
  const shown = mesh.registry.hosts.filter((host) => namespace === "*" || host.namespace === namespace);
  if (shown.length > 0) {
    if (shown.some(({ host }) => matchesHost(name, host) || (host.startsWith("*") && matchesHost(host, name))))
      return [];
    const names = shown.map(({ host }) => host);
    const full = `${name}.${namespace}.svc.cluster.local`;
    return lost(
      `Nothing in ${namespace === "*" ? "the mesh" : `namespace ${namespace}`} has the name ${name}: the entry shows nothing.`,
      names.includes(full)
        ? `Write ${written}/${full}: Services are named in full here.`
        : didYouMean(name, names, "Write the full name of a Service or of a ServiceEntry's host"),
    );
  }
  const { namespaces } = mesh.state;
  const near = nearNames(namespace, namespaces.keys());
  if (namespaces.size === 0 || namespaces.has(namespace) || near.length === 0) return [];
  return lost(`There is no namespace ${namespace}: the entry shows nothing.`, `Did you mean ${near.join(" or ")}?`);
}
