import { expect, it } from "vitest";
import { stackAutoscaling } from "../../program/stack-autoscaling";
import { type MeshCluster } from "../../program/mesh-cluster";
import { dev } from "../../stacks/dev";

const deployments = [{ namespace: "shop", deployment: "cart", service: "cart", maxReplicas: 2, requestsPerSecond: 5 }];
const seen = { queryEndpoint: "http://prometheus" } as unknown as Parameters<typeof stackAutoscaling>[0]["seen"];
const rest = { name: "shop", cluster: {} as MeshCluster, deployments };

it.each([
  ["no KEDA", { ...dev, cluster: { ...dev.cluster, scaling: { keda: false } } }, seen, "cluster.scaling.keda is false"],
  ["nobody who counts", dev, undefined, "`pulumi config set metrics cluster`, or on"],
  ["no identity for Azure's Prometheus", { ...dev, observability: {} }, seen, "observability.kedaIdentityClientId"],
])("what scales is refused with %s", (_, definition, counting, said) => {
  expect(() => {
    stackAutoscaling({ ...rest, definition, seen: counting });
  }).toThrow(said);
});
