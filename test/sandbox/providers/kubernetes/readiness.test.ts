import { describe, expect, it } from "vitest";
import { readinessOf } from "../../../../sandbox/providers/kubernetes/await";
import type { ClusterObjects } from "../../../../sandbox/providers/kubernetes/client/cluster";
import type { JsonObject } from "../../../../sandbox/providers/kubernetes/client/json";

function cluster(answers: { list?: JsonObject[]; get?: JsonObject } = {}): ClusterObjects {
  const refuse = async (): Promise<never> => {
    throw new Error("not asked for in this test");
  };
  return {
    get: async () => answers.get ?? {},
    list: async () => answers.list ?? [],
    create: refuse,
    apply: refuse,
    replace: refuse,
    setManagedFields: refuse,
    remove: refuse,
    isNamespaced: refuse,
  };
}

const seen = { metadata: { name: "x", namespace: "n", generation: 2 } };
const available = { type: "Available", status: "True" };
const rolledOut = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" };
const workload = (kind: string, spec: JsonObject, status: JsonObject): JsonObject => ({
  apiVersion: "apps/v1",
  kind,
  ...seen,
  spec,
  status: { observedGeneration: 2, ...status },
});

const cases: [what: string, object: JsonObject, state: "ready" | "waiting" | "failed"][] = [
  [
    "a rolled-out deployment",
    workload("Deployment", { replicas: 2 }, { replicas: 2, updatedReplicas: 2, conditions: [available, rolledOut] }),
    "ready",
  ],
  [
    "a deployment whose status is of the old generation",
    workload("Deployment", {}, { observedGeneration: 1, updatedReplicas: 1, conditions: [available] }),
    "waiting",
  ],
  [
    "a deployment with a pod of the old template",
    workload("Deployment", { replicas: 1 }, { replicas: 2, updatedReplicas: 1, conditions: [available, rolledOut] }),
    "waiting",
  ],
  [
    "an available deployment in the middle of its rollout",
    workload(
      "Deployment",
      { replicas: 4 },
      { replicas: 4, updatedReplicas: 4, conditions: [available, { ...rolledOut, reason: "ReplicaSetUpdated" }] },
    ),
    "waiting",
  ],
  [
    "a deployment past its deadline",
    workload(
      "Deployment",
      {},
      { conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }] },
    ),
    "failed",
  ],
  ["a deployment scaled to zero", workload("Deployment", { replicas: 0 }, {}), "ready"],
  [
    "a paused deployment",
    workload(
      "Deployment",
      { paused: true },
      { conditions: [{ type: "Progressing", status: "Unknown", reason: "DeploymentPaused" }] },
    ),
    "waiting",
  ],
  [
    "a stateful set that waits for its last pod",
    workload("StatefulSet", { replicas: 2 }, { readyReplicas: 1, updatedReplicas: 2 }),
    "waiting",
  ],
  [
    "a stateful set updated above its partition",
    workload(
      "StatefulSet",
      { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
      { readyReplicas: 3, updatedReplicas: 1 },
    ),
    "ready",
  ],
  [
    "a daemon set with a node left",
    workload("DaemonSet", {}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
    "waiting",
  ],
  [
    "a completed job",
    { apiVersion: "batch/v1", kind: "Job", status: { conditions: [{ type: "Complete", status: "True" }] } },
    "ready",
  ],
  [
    "a failed job",
    { apiVersion: "batch/v1", kind: "Job", status: { conditions: [{ type: "Failed", status: "True" }] } },
    "failed",
  ],
  ["a pod that ended well", { apiVersion: "v1", kind: "Pod", status: { phase: "Succeeded" } }, "ready"],
  ["a pod that failed", { apiVersion: "v1", kind: "Pod", status: { phase: "Failed" } }, "failed"],
  ["a service that selects nobody", { apiVersion: "v1", kind: "Service", spec: {} }, "ready"],
  ["a job that is suspended", { apiVersion: "batch/v1", kind: "Job", spec: { suspend: true } }, "waiting"],
  [
    "a headless service",
    { apiVersion: "v1", kind: "Service", spec: { clusterIP: "None", selector: { a: "b" } } },
    "ready",
  ],
  [
    "a load balancer without an address",
    { apiVersion: "v1", kind: "Service", spec: { type: "LoadBalancer" } },
    "waiting",
  ],
  [
    "an object that waits for a condition of the user's",
    {
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { annotations: { "pulumi.com/waitFor": '["condition=Synced","jsonpath={.status.phase}=Done"]' } },
      status: { phase: "Done", conditions: [{ type: "Synced", status: "False" }] },
    },
    "waiting",
  ],
];

describe("readiness", () => {
  it.each(cases)("%s", async (_, object, state) => {
    const readiness = await readinessOf(cluster(), object);
    const found = readiness?.ready === true ? "ready" : readiness?.failed === true ? "failed" : "waiting";
    expect(found).toBe(state);
  });

  it("has no opinion on other kinds and with skipAwait", async () => {
    expect(await readinessOf(cluster(), { apiVersion: "v1", kind: "ConfigMap" })).toBeUndefined();
    const skipped = {
      ...workload("Deployment", {}, {}),
      metadata: { annotations: { "pulumi.com/skipAwait": "true" } },
    };
    expect(await readinessOf(cluster(), skipped)).toBeUndefined();
  });

  it("has none on definitions and ReplicaSets, which nobody waits for", async () => {
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", status: {} };
    expect(await readinessOf(cluster(), definition)).toBeUndefined();
    expect(await readinessOf(cluster(), workload("ReplicaSet", { replicas: 2 }, {}))).toBeUndefined();
  });

  it("takes a claim that binds with its first pod for ready", async () => {
    const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", spec: { storageClassName: "fast" }, status: {} };
    expect(await readinessOf(cluster({ get: { volumeBindingMode: "WaitForFirstConsumer" } }), claim)).toEqual({
      ready: true,
    });
    expect(await readinessOf(cluster({ get: { volumeBindingMode: "Immediate" } }), claim)).toMatchObject({
      ready: false,
    });
  });
});
