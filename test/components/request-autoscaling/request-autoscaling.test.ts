import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RequestAutoscaling, type ScaledDeployment } from "../../../components/request-autoscaling";
import { scrapeConfig } from "../../../components/observability/scrape-config";
import { recordingRules } from "../../../components/observability/recording-rules";
import { allRegistered, recordRegistrations, type Registration } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({});
});
beforeEach(() => {
  registrations.length = 0;
});

const cart: ScaledDeployment = {
  ...{ namespace: "shop", deployment: "cart", service: "carts", maxReplicas: 9, requestsPerSecond: 50 },
};
const prometheus = "http://prometheus.example:9090";
const inputs = (): Record<string, unknown>[] =>
  registrations.filter(({ type }) => type.includes("keda")).map((one) => one.inputs);

describe("RequestAutoscaling", () => {
  it("scales by the series that is recorded of who calls whom", async () => {
    new RequestAutoscaling("scaling", { deployments: [cart], prometheus });
    await allRegistered();
    const query =
      'sum(mesh:requests:rate2m{destination_namespace="shop", destination_service="carts"}) or 0 * count(up{job="mesh-sidecars"} == 1)';
    expect(inputs()).toEqual([
      expect.objectContaining({
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        metadata: { name: "cart", namespace: "shop" },
        spec: {
          scaleTargetRef: { name: "cart" },
          minReplicaCount: 1,
          maxReplicaCount: 9,
          triggers: [
            {
              type: "prometheus",
              metadata: { serverAddress: prometheus, query, threshold: "50", ignoreNullValues: "false" },
            },
          ],
        },
      }),
    ]);
    for (const mesh of ["osm", "istio"] as const) {
      expect(scrapeConfig(mesh, []).scrape_configs.map((one) => one.job_name)).toContain("mesh-sidecars");
      expect(recordingRules(mesh, 1).map(({ record }) => record)).toContain("mesh:requests:rate2m");
    }
  });

  it("asks Azure's Prometheus by an identity, with one reference to it in each namespace", async () => {
    const identityClientId = "11111111-2222-3333-4444-555555555555";
    const deployments = [cart, { ...cart, deployment: "till" }];
    new RequestAutoscaling("scaling", { deployments, prometheus, identityClientId });
    await allRegistered();
    const [first, ...others] = inputs();
    expect(first).toMatchObject({
      kind: "TriggerAuthentication",
      metadata: { name: "mesh-prometheus", namespace: "shop" },
      spec: { podIdentity: { provider: "azure-workload", identityId: identityClientId } },
    });
    expect(others).toHaveLength(2);
    for (const { spec } of others) {
      expect(spec).toMatchObject({ triggers: [{ authenticationRef: { name: "mesh-prometheus" } }] });
    }
  });

  it.each<[string, Partial<ScaledDeployment>, string]>([
    ["no pod", { minReplicas: 0 }, "deployments[0].minReplicas: 0 is no number of pods that always answers"],
    [
      "fewer than the fewest",
      { minReplicas: 3, maxReplicas: 2 },
      "deployments[0].maxReplicas: 2; write an integer that is not below minReplicas, 3",
    ],
    ["no rate", { requestsPerSecond: 0 }, "deployments[0].requestsPerSecond: 0 is no rate"],
  ])("refuses %s", (_, change, said) => {
    const deployments = [{ ...cart, ...change }];
    expect(() => new RequestAutoscaling("scaling", { deployments, prometheus })).toThrow(said);
  });

  it("refuses the same twice, and an identity that is none", () => {
    expect(
      () => new RequestAutoscaling("scaling", { deployments: [cart, cart], prometheus, identityClientId: "keda" }),
    ).toThrow(/deployments\[1\]: shop\/cart is scaled twice.*\nidentityClientId: "keda" is no client id/);
  });
});
