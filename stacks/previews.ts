import { type PreviewDefinition } from "../program/definition";

/** Bounds of previews on the shared cluster, and the cluster of one that has its own: as small as AKS lets it be. */
export const preview: PreviewDefinition = {
  bounds: {
    quota: {
      pods: "10",
      "requests.cpu": "1",
      "requests.memory": "2Gi",
      "limits.memory": "4Gi",
      persistentvolumeclaims: "2",
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    },
    containerDefaults: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
  },
  mostReplicas: 1,
  own: {
    cluster: {
      tier: "Free",
      security: { defender: false },
      nodePools: [
        { name: "system", mode: "System", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 1, zones: ["1"] },
        { name: "user", mode: "User", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 2, zones: ["1"] },
      ],
    },
    mesh: {},
  },
};
