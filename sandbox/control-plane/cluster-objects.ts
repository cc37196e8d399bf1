import type { ApiClient } from "./api-client";

/** What every AKS cluster has in it and the sandbox can give: name resolution's Service and its pods. */
export async function applyClusterObjects(api: ApiClient, dnsServiceIP: string): Promise<void> {
  const metadata = { namespace: "kube-system", labels: { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS" } };
  await api.apply("/api/v1/namespaces/kube-system/services/kube-dns", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...metadata, name: "kube-dns" },
    spec: {
      clusterIP: dnsServiceIP,
      selector: { "k8s-app": "kube-dns" },
      ports: [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53, protocol: "TCP" },
      ],
    },
  });
  await api.apply("/apis/apps/v1/namespaces/kube-system/deployments/coredns", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata, name: "coredns" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { "k8s-app": "kube-dns" } },
      template: {
        metadata: { labels: { "k8s-app": "kube-dns" } },
        spec: {
          priorityClassName: "system-node-critical",
          tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }],
          containers: [{ name: "coredns", image: "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.1-1" }],
        },
      },
    },
  });
}
