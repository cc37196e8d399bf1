import { describe, expect, it } from "vitest";
import { collectorAt, withTracing } from "../../program/tracing";
import { dev } from "../../stacks/dev";

describe("the address of a collector", () => {
  it.each([
    ["http://zipkin.tracing.svc.cluster.local:9411/api/v2/spans", 9411, "/api/v2/spans"],
    ["http://zipkin.tracing.svc.cluster.local:9411", 9411, "/api/v2/spans"],
    ["http://zipkin.tracing.svc.cluster.local/in", 80, "/in"],
  ])("%s is read", (text, port, endpoint) => {
    const read = { address: "zipkin.tracing.svc.cluster.local", port, endpoint };
    expect(collectorAt(text, "osm")).toEqual(read);
  });

  it.each([
    ["on", "osm", "write off, cluster or the address of a collector, one such as http://zipkin.tracing"],
    ["https://zipkin.tracing.svc.cluster.local:9411", "osm", "sidecars send spans by plain HTTP"],
    [
      "http://me:secret@zipkin.tracing.svc.cluster.local:9411",
      "osm",
      "an address of host, port and path is taken alone",
    ],
    ["http://zipkin.tracing.svc.cluster.local:40000", "osm", "takes ports up to 32767"],
    ["http://zipkin.tracing.svc.cluster.local:9411/in", "istio", "Istio sends spans to the path /api/v2/spans alone"],
  ] as const)("%s is refused for %s", (text, mesh, said) => {
    expect(() => collectorAt(text, mesh)).toThrow(said);
  });
});

describe("a definition that traces", () => {
  const ofCluster = { address: "jaeger.mesh-tracing.svc.cluster.local", port: 9411, endpoint: "/api/v2/spans" };

  it("has Open Service Mesh send spans to the Jaeger in the cluster", () => {
    expect(withTracing({ ...dev, tracing: {} }, "osm").mesh.observability?.tracing).toEqual(ofCluster);
  });

  it("has Istio do so, of as many requests as it says", () => {
    const { istio } = withTracing({ ...dev, tracing: { samplingPercentage: 5 } }, "istio");
    expect(istio?.settings?.tracing).toEqual({
      address: "jaeger.mesh-tracing.svc.cluster.local:9411",
      samplingPercentage: 5,
    });
  });

  it("keeps what the mesh is set to otherwise", () => {
    const mesh = { observability: { logLevel: "debug" } };
    expect(withTracing({ ...dev, mesh, tracing: {} }, "osm").mesh).toEqual({
      observability: { logLevel: "debug", tracing: ofCluster },
    });
    expect(withTracing({ ...dev, mesh }, "osm").mesh).toBe(mesh);
  });

  it.each([
    [
      "a share of the requests in Open Service Mesh",
      { tracing: { samplingPercentage: 5 } },
      "osm",
      "traces every request",
    ],
    [
      "settings of a Jaeger that is elsewhere",
      { tracing: { collector: "http://zipkin.tracing.svc.cluster.local", cluster: {} } },
      "osm",
      'write collector: "cluster"',
    ],
    [
      "a second collector in Open Service Mesh",
      { tracing: {}, mesh: { observability: { tracing: { address: "zipkin" } } } },
      "osm",
      "mesh.observability.tracing: the stack's tracing says where spans go",
    ],
    [
      "a second collector in Istio",
      { tracing: {}, istio: { settings: { tracing: { address: "zipkin.a.svc.cluster.local:1" } } } },
      "istio",
      "istio.settings.tracing: the stack's tracing says where spans go",
    ],
  ] as const)("refuses %s", (_, definition, mesh, said) => {
    expect(() => withTracing({ ...dev, ...definition }, mesh)).toThrow(said);
  });
});
