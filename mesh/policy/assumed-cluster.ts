import { type KubernetesObject } from "../manifests";
import { type Policy } from "./model";

/** The label by which a mesh that selects by labels finds the pods of a service account: whoever runs them gives it to them. */
export const accountLabel = "aks-mesh/service-account";

/** Services and pods as the policy describes them, so that it can be analysed before anything is deployed. */
export function assumedCluster(policy: Policy): readonly KubernetesObject[] {
  const roots = policy.splits ?? [];
  return Object.entries(policy.services).flatMap(([key, service]): readonly KubernetesObject[] => {
    const { namespace, serviceAccount } = service;
    const name = service.service ?? key;
    const isRoot = roots.some(({ root }) => root === key);
    // A root's selector has to match the pods of its backends.
    const memberships = roots.filter(({ root, backends }) => root === key || Object.keys(backends).includes(key));
    const rootLabel = (root: string): string => `aks-mesh/root.${root}`;
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace,
        labels: {
          "aks-mesh/service": key,
          [accountLabel]: serviceAccount,
          ...Object.fromEntries(memberships.map(({ root }) => [rootLabel(root), "true"])),
        },
      },
      spec: { serviceAccountName: serviceAccount },
    };
    const ports = (service.ports ?? []).map(({ port, targetPort, protocol }) => ({
      name: `p${String(port)}`,
      port,
      targetPort: targetPort ?? port,
      appProtocol: protocol === "https" ? "tcp" : protocol,
    }));
    if (ports.length === 0) return [pod];
    const selector = isRoot ? { [rootLabel(key)]: "true" } : { "aks-mesh/service": key };
    const one = { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector, ports } };
    return [pod, one];
  });
}
