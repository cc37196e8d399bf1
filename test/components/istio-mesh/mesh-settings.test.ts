import { describe, expect, test } from "vitest";
import { type IstioMeshSettings, meshConfigOf, meshPeerAuthentication } from "../../../components/istio-mesh";
import { meshConfigFields, proxyConfigFields } from "../../../components/istio-mesh/mesh-config-fields";
import { assertIstioMeshArgs } from "../../../components/istio-mesh/validate";

const good = { revisions: ["asm-1-29"], nextRevisions: [], settings: {}, timeoutSeconds: 900 };

const all: IstioMeshSettings = {
  mtls: "PERMISSIVE",
  egress: true,
  retryAttempts: 2,
  pathNormalization: "MERGE_SLASHES",
  accessLog: { format: "%RESPONSE_CODE%", encoding: "JSON" },
  sidecar: { holdApplication: true, concurrency: 2, other: { terminationDrainDuration: "5s" } },
  discoverySelectors: [{ team: "shop" }],
  otherMeshConfig: { enablePrometheusMerge: false },
};

test("every setting goes to its place, and nowhere that the add-on blocks", () => {
  expect(() => assertIstioMeshArgs({ ...good, settings: all })).not.toThrow();
  const config = meshConfigOf(all);
  expect(config).toEqual({
    enablePrometheusMerge: false,
    accessLogFile: "/dev/stdout",
    accessLogFormat: "%RESPONSE_CODE%",
    accessLogEncoding: "JSON",
    defaultConfig: { terminationDrainDuration: "5s", holdApplicationUntilProxyStarts: true, concurrency: 2 },
    defaultHttpRetryPolicy: { attempts: 2 },
    discoverySelectors: [{ matchLabels: { team: "shop" } }],
    outboundTrafficPolicy: { mode: "ALLOW_ANY" },
    pathNormalization: { normalization: "MERGE_SLASHES" },
  });
  expect(meshConfigFields).toEqual(expect.arrayContaining(Object.keys(config)));
  expect(proxyConfigFields).toEqual(expect.arrayContaining(Object.keys(config["defaultConfig"] as object)));
  expect(meshPeerAuthentication(all).spec).toEqual({ mtls: { mode: "PERMISSIVE" } });
});

test("spans go by the sidecars' bootstrap, of all requests unless it is said otherwise", () => {
  const address = "zipkin.tracing.svc.cluster.local:9411";
  const traced = (samplingPercentage?: number) => meshConfigOf({ tracing: { address, samplingPercentage } });
  const { enableTracing, defaultConfig } = traced(5);
  expect({ enableTracing, defaultConfig }).toEqual({
    enableTracing: true,
    defaultConfig: { tracing: { zipkin: { address }, sampling: 5 } },
  });
  expect(traced()["defaultConfig"]).toEqual({ tracing: { zipkin: { address }, sampling: 100 } });
  expect(meshConfigOf({})).not.toHaveProperty("enableTracing");
});

/** Settings as a configuration file may have them, which no compiler has seen. */
const untyped = (settings: object): { settings: IstioMeshSettings } => ({ settings: settings as IstioMeshSettings });

describe("bad arguments", () => {
  test.each<[string, Partial<typeof good>, string[]]>([
    ["a mode of mutual TLS", untyped({ mtls: "DISABLE" }), ["settings.mtls", "STRICT, PERMISSIVE"]],
    ["a normalisation", untyped({ pathNormalization: "ALL" }), ["settings.pathNormalization", "MERGE_SLASHES"]],
    ["an encoding", untyped({ accessLog: { encoding: "XML" } }), ["settings.accessLog.encoding", "JSON"]],
    ["half an attempt", untyped({ retryAttempts: 0.5 }), ["settings.retryAttempts: 0.5", "0 or more"]],
    ["every core for a sidecar", untyped({ sidecar: { concurrency: 0 } }), ["settings.sidecar.concurrency: 0"]],
    [
      "a field that the add-on blocks",
      untyped({ otherMeshConfig: { configSources: [] } }),
      ["settings.otherMeshConfig.configSources", "does not let it pass"],
    ],
    [
      "a field that is spelt wrong",
      untyped({ otherMeshConfig: { trustdomain: "x" } }),
      ["settings.otherMeshConfig.trustdomain", "did you mean trustDomain"],
    ],
    [
      "a field with a setting of its own",
      untyped({ otherMeshConfig: { outboundTrafficPolicy: {} } }),
      ["settings.otherMeshConfig.outboundTrafficPolicy: write settings.egress instead"],
    ],
    [
      "a field of sidecars that the add-on blocks",
      untyped({ sidecar: { other: { image: {} } } }),
      ["settings.sidecar.other.image", "does not let it pass"],
    ],
    [
      "a collector that has no port",
      untyped({ tracing: { address: "http://zipkin", samplingPercentage: 0 } }),
      [
        'settings.tracing.address: "http://zipkin" is no host and port',
        "settings.tracing.samplingPercentage: 0 is no percentage",
      ],
    ],
    [
      "spans by two settings",
      untyped({
        tracing: { address: "a.b:1" },
        sidecar: { other: { tracing: {} } },
        otherMeshConfig: { enableTracing: true },
      }),
      [
        "settings.sidecar.other.tracing: settings.tracing says",
        "settings.otherMeshConfig.enableTracing: settings.tracing says",
      ],
    ],
    ["an Istio version", { revisions: ["1.30"] }, ["revisions[0]", "asm-1-30"]],
    ["a revision twice", { revisions: ["asm-1-29", "asm-1-29"] }, ["revisions: [asm-1-29, asm-1-29]"]],
    ["three revisions", { revisions: ["asm-1-28", "asm-1-29", "asm-1-30"] }, ["the two of an upgrade"]],
    ["a short timeout", { timeoutSeconds: 5 }, ["readyTimeoutSeconds: 5", "900"]],
  ])("%s", (_, change, texts) => {
    for (const text of texts) expect(() => assertIstioMeshArgs({ ...good, ...change })).toThrow(text);
  });
});
