import { type NamespaceIsolationArgs } from "./args";

/** A namespace by the label that Kubernetes itself gives it. */
const namespaceNamed = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

/** Where names are resolved and the control plane of Open Service Mesh lives. */
const systemNamespace = namespaceNamed("kube-system");

/** Name of the objects that isolate a namespace. */
export const isolationName = "bounds";

/** The NetworkPolicy that lets a namespace's pods talk to its peers, to the system and to what they may reach; undefined where any may. */
export function peersPolicy({
  namespace,
  peers,
  reaches = [],
  controlPlane,
}: Pick<NamespaceIsolationArgs, "namespace" | "peers" | "reaches" | "controlPlane">) {
  if (peers === undefined) return undefined;
  const system = controlPlane === undefined ? [systemNamespace] : [systemNamespace, namespaceNamed(controlPlane)];
  const allowed = [{ namespaceSelector: { matchLabels: peers } }, ...system];
  const beyond = reaches.map(({ namespace: other, port }) => ({
    to: [namespaceNamed(other)],
    ports: [{ port, protocol: "TCP" }],
  }));
  return {
    metadata: { name: isolationName, namespace },
    spec: {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: allowed }],
      egress: [{ to: allowed }, ...beyond],
    },
  };
}
