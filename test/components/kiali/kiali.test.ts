import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kiali } from "../../../components/kiali";
import { allRegistered, recordRegistrations, type Registration, valueOf } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({});
});
beforeEach(() => {
  registrations.length = 0;
});

const args = { revision: "asm-1-30", prometheus: "http://prometheus.example:9090" };

describe("Kiali", () => {
  it("is the chart of an exact version, for AKS's Istio, that changes nothing, is not public and asks for a token", async () => {
    const { access } = new Kiali("mesh", args);
    expect(await valueOf(access)).toContain("kubectl -n mesh-monitoring port-forward service/kiali 20001");
    await allRegistered();
    const release = registrations.find(({ type }) => type === "kubernetes:helm.sh/v3:Release");
    expect(release?.inputs).toMatchObject({
      chart: "kiali-server",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      namespace: "mesh-monitoring",
      repositoryOpts: { repo: "https://kiali.org/helm-charts" },
      values: {
        auth: { strategy: "token" },
        istio_namespace: "aks-istio-system",
        deployment: {
          view_only_mode: true,
          service_type: "ClusterIP",
          ingress: { enabled: false },
          security_context: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        },
        external_services: {
          prometheus: { url: args.prometheus },
          istio: {
            root_namespace: "aks-istio-system",
            istiod_deployment_name: "istiod-asm-1-30",
            config_map_name: "istio-asm-1-30",
          },
        },
      },
    });
  });

  it("refuses a version that is none, as a range would be another Kiali tomorrow", () => {
    expect(() => new Kiali("mesh", { ...args, version: "2.x" })).toThrow(
      'version: "2.x" is no exact version; write one',
    );
  });
});
