import { RunError } from "@pulumi/pulumi";
import { isDnsLabel } from "../../mesh/manifests/names";
import { type MeshPoliciesArgs } from "./args";

/** Namespaces that a mesh leaves alone: its own control plane and the cluster's. */
const systemNamespaces = ["kube-system", "kube-public", "kube-node-lease", "gatekeeper-system"];

/**
 * Checks the arguments of MeshPolicies, the policies themselves aside.
 *
 * @throws Error that names each property and what to write.
 */
export function assertMeshPoliciesArgs(args: MeshPoliciesArgs): void {
  const problems: string[] = [];
  const names = args.namespaces.map(({ name }) => name);
  args.namespaces.forEach(({ name, labels, annotations }, index) => {
    const path = `namespaces[${index}]`;
    if (!isDnsLabel(name)) {
      problems.push(`${path}.name: "${name}" is no name; use at most 63 lower-case letters, digits and -.`);
    } else if (systemNamespaces.includes(name)) {
      problems.push(`${path}.name: ${name} belongs to the cluster and must stay outside the mesh; leave it out.`);
    }
    if (names.indexOf(name) < index) {
      problems.push(`${path}.name: ${name} stands here twice; name it once.`);
    }
    for (const [property, values] of Object.entries({ labels, annotations })) {
      const own = Object.keys(values ?? {}).find((key) => key.startsWith("openservicemesh.io/"));
      if (own !== undefined && !/exclusion-list$|inclusion-list$/.test(own)) {
        problems.push(`${path}.${property}: ${own} is set by this component; use sidecarInjection and metrics.`);
      }
    }
  });
  const lists = {
    otherNamespaces: args.otherNamespaces,
    containerInsightsNamespaces: args.containerInsightsNamespaces,
  };
  for (const [property, values] of Object.entries(lists)) {
    values?.forEach((name, index) => {
      if (!isDnsLabel(name)) {
        problems.push(`${property}[${index}]: "${name}" is no name of a namespace.`);
      }
    });
  }
  const { policy, mesh } = args;
  if (policy !== undefined) {
    const { permissiveMode = false, egress = false } = mesh ?? {};
    const { mode = "strict", openEgress = false } = policy;
    if ((mode === "permissive") !== permissiveMode) {
      problems.push(`policy.mode: it is ${mode}, but mesh.permissiveMode is ${permissiveMode}; make them agree.`);
    }
    if (openEgress !== egress) {
      problems.push(`policy.openEgress: it is ${openEgress}, but mesh.egress is ${egress}; make them agree.`);
    }
  }
  if (problems.length > 0) {
    throw new RunError(problems.join("\n"));
  }
}
