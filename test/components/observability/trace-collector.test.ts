import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { TraceCollector } from "../../../components/observability";
import { allRegistered, recordRegistrations, type Registration } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations({});
});
beforeEach(() => {
  registrations.length = 0;
});

function inputsOf(type: string): Record<string, unknown> {
  return registrations.find((one) => one.type.endsWith(type))?.inputs ?? {};
}

describe("TraceCollector", () => {
  it("runs Jaeger as a namespace of the level restricted lets it, with bounds for what it keeps", async () => {
    new TraceCollector("traces", { namespaces: ["cart"], settings: { maxTraces: 500 } });
    await allRegistered();
    expect(inputsOf(":Namespace")["metadata"]).toMatchObject({
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    });
    expect(inputsOf(":Deployment")["spec"]).toMatchObject({
      replicas: 1,
      template: {
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              image: expect.stringMatching(/^docker\.io\/jaegertracing\/jaeger:\d+\.\d+\.\d+$/) as string,
              resources: { limits: { memory: "1Gi" } },
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            },
          ],
        },
      },
    });
    const { "config.yaml": text = "" } = inputsOf(":ConfigMap")["data"] as Record<string, string>;
    expect(parse(text)).toMatchObject({
      extensions: { jaeger_storage: { backends: { memory: { memory: { max_traces: 500 } } } } },
      service: { pipelines: { traces: { processors: ["memory_limiter", "batch"] } } },
    });
  });

  it("takes spans of the mesh's namespaces, and shows them to nobody but who has the node", async () => {
    new TraceCollector("traces", { namespaces: ["cart", "stock"] });
    await allRegistered();
    expect(inputsOf(":Service")["spec"]).toMatchObject({ type: "ClusterIP" });
    const { ingress } = inputsOf(":NetworkPolicy")["spec"] as { ingress: unknown[] };
    expect(ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: {
              matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["cart", "stock"] }],
            },
          },
        ],
        ports: [{ port: 9411 }, { port: 4317 }, { port: 4318 }],
      },
    ]);
  });

  it.each([
    [{ maxTraces: 0 }, "settings.maxTraces: 0 is no number of traces; write one from 1 to 1000000."],
    [
      { image: "registry.example/jaeger" },
      'settings.image: "registry.example/jaeger" names no version; write a tag or a digest',
    ],
  ])("refuses %j", (settings, said) => {
    expect(() => new TraceCollector("traces", { namespaces: ["cart"], settings })).toThrow(said);
  });
});
