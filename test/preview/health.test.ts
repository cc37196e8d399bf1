import { expect, it } from "vitest";
import { healthByPreview, ownerOnOwnCluster } from "../../preview/cluster";

const workload = (namespace: string, readyReplicas: number) => ({
  metadata: { name: "w", namespace, generation: 1 },
  spec: { replicas: 2, selector: {}, template: {} },
  status: { readyReplicas, observedGeneration: 1 },
});

it("counts what a preview runs on a cluster of its own, and nothing of AKS's and the mesh's", () => {
  const namespaces = ["kube-system", "aks-istio-system", "aks-istio-ingress", "aks-istio-egress", "shop", "web"];
  const workloads = namespaces.map((namespace) => workload(namespace, namespace === "web" ? 1 : 2));
  expect(healthByPreview(workloads, ownerOnOwnCluster(31)).get(31)).toEqual({
    ...{ ready: 1, total: 2, problems: ["web/w: 1 of 2 pods are ready."] },
  });
});
