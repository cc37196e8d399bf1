import { type CallTree } from "../../analysis/call-tree";
import { type Finding, finding } from "../../analysis/finding";
import { addressOf } from "../../analysis/mesh";
import { hasAnswer } from "../../analysis/outcome-sets";
import { describeObject } from "../../manifests";
import { type NetworkPolicy, selectsPod } from "../../network-policies";
import { type OsmMesh } from "../mesh";
import { blockedNeeds, discoveryPort } from "../network-needs";

/** Network policies against what the mesh allows and needs. */
export function networkFindings(mesh: OsmMesh): readonly Finding[] {
  return [...stoppedCalls(mesh), ...selectingNothing(mesh), ...withoutControlPlane(mesh)];
}

/** Calls that the mesh allows and of which the network lets none pass. */
function stoppedCalls(mesh: OsmMesh): readonly Finding[] {
  if (mesh.network === undefined) return [];
  const found = new Map<NetworkPolicy["object"] | undefined, Finding>();
  for (const { callers, service, tree } of mesh.access().entries) {
    const stopping = stoppedBy(tree);
    if (stopping === undefined || hasAnswer(tree, "allowed")) continue;
    const [from = ""] = callers;
    const to = addressOf(service);
    const policy = mesh.network.policies.all.find(({ object }) => stopping.includes(describeObject(object)));
    if (found.has(policy?.object)) continue;
    found.set(
      policy?.object,
      finding(mesh, policy, ["spec"], {
        severity: "error",
        rule: "network-policy-stops-calls",
        message: `The mesh lets ${from} call ${service.service} on port ${String(service.port)}, but the network below it lets no such connection pass.`,
        request: { from, to, protocol: service.kind === "tcp" ? "tcp" : "http" },
        remedy: `Let the caller's pods in and out on port ${String(service.targetPort)}, the pods' own: policies do not see the Service's port, nor the sidecar's.`,
      }),
    );
  }
  return [...found.values()];
}

/** The objects that stop a call in the network; undefined where none does. */
function stoppedBy(tree: CallTree): readonly string[] | undefined {
  switch (tree.kind) {
    case "end":
      return tree.layer === undefined ? undefined : tree.because.map(({ text }) => text);
    case "http":
    case "normalised":
    case "changed":
      return stoppedBy(tree.tree);
    case "choice":
      return tree.branches.map((branch) => stoppedBy(branch.tree)).find((one) => one !== undefined);
    case "rules":
      return tree.list.rules.map((rule) => stoppedBy(tree.then(rule))).find((one) => one !== undefined);
  }
}

/** Policies of namespaces whose pods are known, that select none of them. */
function selectingNothing(mesh: OsmMesh): readonly Finding[] {
  const { network, state } = mesh;
  if (network === undefined) return [];
  return network.policies.all.flatMap((policy) => {
    const pods = state.pods.filter(({ namespace, assumed }) => namespace === policy.namespace && assumed !== true);
    if (pods.length === 0 || pods.some((pod) => selectsPod(policy, network.ends.of(pod)) !== "no")) return [];
    return [
      finding(mesh, policy, ["spec", "podSelector"], {
        severity: "warning",
        rule: "network-policy-selects-nothing",
        message: `It selects none of the pods of namespace ${policy.namespace}, and does nothing.`,
        remedy: "Name labels that the pods have: those of the workload's template, not of the workload.",
      }),
    ];
  });
}

/** Pods with a sidecar that their network policies let reach neither the mesh's control plane nor the names' server. */
function withoutControlPlane(mesh: OsmMesh): readonly Finding[] {
  return blockedNeeds(mesh).map(({ account, need, policy }) =>
    finding(
      mesh,
      policy,
      ["spec", "egress"],
      need === "configuration"
        ? {
            severity: "error",
            rule: "network-policy-stops-control-plane",
            message: `Sidecars of ${account} cannot reach osm-controller on port ${String(discoveryPort)}: without a configuration they refuse every call.`,
            remedy: `Let them out to the mesh's namespace (kube-system on AKS) on TCP port ${String(discoveryPort)}.`,
          }
        : {
            severity: "warning",
            rule: "network-policy-stops-dns",
            message: `Pods of ${account} cannot ask the cluster's DNS in kube-system, so that no name leads anywhere, that of osm-controller included; unless a DNS server runs on each node.`,
            remedy: "Let them out to kube-system on port 53, UDP and TCP.",
          },
    ),
  );
}
