import { type NamespaceIsolationSettings } from "../components/namespace-isolation";
import { type StackDefinition } from "./definition";
import { inEveryStack, whileBothVersionsSell } from "./guarantees";

/** What every preview runs: the sample with one pod each, half of the traffic to either version. */
const bookstore: StackDefinition["bookstore"] = {
  canary: { v1: 50, v2: 50 },
  bookthief: "denied",
  guarantees: [...inEveryStack, ...whileBothVersionsSell],
};

/** What a namespace of a preview on the shared cluster may hold. Sidecars name no amounts: they get the defaults. */
export const previewBounds: NamespaceIsolationSettings = {
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
};

/** A preview with a cluster of its own: as small as AKS lets it be. */
export const previewCluster: StackDefinition = {
  cluster: {
    tier: "Free",
    security: { defender: false },
    nodePools: [
      { name: "system", mode: "System", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 1, zones: ["1"] },
      { name: "user", mode: "User", vmSize: "Standard_D2ds_v5", minCount: 1, maxCount: 2, zones: ["1"] },
    ],
  },
  mesh: {},
  bookstore,
};
