import { describe, expect, it } from "vitest";
import { scaledDeployments } from "../../program/autoscaling";
import { type WorkloadObject } from "../../components/application";
import { type KubernetesObject } from "../../mesh/manifests";
import { bookstoreArgs } from "../components/application/bookstore-args";

const { policy, workloads } = bookstoreArgs();
const bounds = { maxReplicas: 5, requestsPerSecond: 50 };

function scaled(service: string, ...more: readonly (KubernetesObject | WorkloadObject)[]) {
  return scaledDeployments({ rules: [{ service, ...bounds }], policy, objects: [...workloads, ...more] });
}

function scaler(kind: string): KubernetesObject {
  return Object.assign(
    { apiVersion: "v1", kind, metadata: { name: "other", namespace: "bookstore" } },
    { spec: { scaleTargetRef: { name: "bookstore-v1" } } },
  );
}

describe("what is scaled", () => {
  it("is the Deployment behind a Service, by the policy's name or the Service's own", () => {
    const found = [{ namespace: "bookstore", deployment: "bookstore-v1", service: "bookstore-v1", ...bounds }];
    expect(scaled("bookstore-v1")).toEqual(found);
    expect(scaled("bookstore/bookstore-v1")).toEqual(found);
  });

  it.each([
    ["a Service that is not there", "bookstore/bookstore-v3", "no Service bookstore/bookstore-v3; did you mean"],
    ["a Service of no Deployment", "bookwarehouse/mysql", "leads to no Deployment, and one is scaled"],
    ["a Service of two versions", "bookstore/bookstore", "leads to bookstore-v1, bookstore-v2, and one is scaled"],
    ["a service that the policy does not know", "bookshop", "there is no service bookshop"],
  ])("is not %s", (_, service, said) => {
    expect(() => scaled(service)).toThrow(said);
  });

  it.each(["HorizontalPodAutoscaler", "ScaledObject"])("is not what a %s scales already", (kind) => {
    expect(() => scaled("bookstore-v1", scaler(kind))).toThrow(
      `autoscaling[0]: the ${kind} bookstore/other scales the Deployment bookstore-v1 too`,
    );
    expect(() => scaled("bookstore-v2", scaler(kind))).not.toThrow();
  });
});
