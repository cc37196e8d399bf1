import { describe, expect, test } from "vitest";
import { meshConfigSpec, type MeshSettings } from "../../../components/open-service-mesh/mesh-settings";
import { assertMeshSettings } from "../../../components/open-service-mesh/validate";

const good = { namespace: "kube-system", settings: {}, timeoutSeconds: 900 };

describe("MeshConfig", () => {
  test("by default enforces access policy, closes egress and honours retries", () => {
    expect(meshConfigSpec({})).toEqual({
      traffic: { enablePermissiveTrafficPolicyMode: false, enableEgress: false },
      observability: { enableDebugServer: false },
      certificate: { serviceCertValidityDuration: "24h", certKeyBitSize: 2048 },
      featureFlags: { enableRetryPolicy: true, enableEgressPolicy: true, enableIngressBackendPolicy: true },
    });
  });

  test("takes every setting to its place", () => {
    const settings: MeshSettings = {
      permissiveMode: true,
      egress: true,
      outboundIpRangeExclusions: ["10.0.0.0/16"],
      outboundIpRangeInclusions: ["10.1.0.0/16"],
      outboundPortExclusions: [25],
      inboundPortExclusions: [9090],
      networkInterfaceExclusions: ["net1"],
      certificate: {
        validityDuration: "1h",
        keyBitSize: 4096,
        ingressGateway: { subjectAltNames: ["gw.local"], secretName: "gw", secretNamespace: "ingress" },
      },
      observability: { logLevel: "warn", debugServer: true, tracing: { address: "jaeger.obs", port: 9411 } },
      sidecar: {
        logLevel: "warn",
        maxDataPlaneConnections: 100,
        configResyncInterval: "60s",
        privilegedInitContainer: true,
        tlsMinProtocolVersion: "TLSv1_3",
        tlsMaxProtocolVersion: "TLSv1_3",
        localProxyMode: "PodIP",
        resourceRequests: { cpu: "10m" },
        resourceLimits: { memory: "128Mi" },
      },
      externalAuthorization: { address: "authz.local", port: 9000, timeout: "2s", failureModeAllow: true },
      features: {
        retryPolicy: false,
        egressPolicy: false,
        ingressBackendPolicy: false,
        wasmStats: true,
        envoyActiveHealthChecks: true,
        snapshotCacheMode: true,
        asyncProxyServiceMapping: true,
      },
    };
    expect(() => assertMeshSettings({ ...good, settings })).not.toThrow();
    expect(meshConfigSpec(settings)).toEqual({
      sidecar: {
        logLevel: "warn",
        maxDataPlaneConnections: 100,
        configResyncInterval: "60s",
        enablePrivilegedInitContainer: true,
        tlsMinProtocolVersion: "TLSv1_3",
        tlsMaxProtocolVersion: "TLSv1_3",
        localProxyMode: "PodIP",
        resources: { requests: { cpu: "10m" }, limits: { memory: "128Mi" } },
      },
      traffic: {
        enablePermissiveTrafficPolicyMode: true,
        enableEgress: true,
        outboundIPRangeExclusionList: ["10.0.0.0/16"],
        outboundIPRangeInclusionList: ["10.1.0.0/16"],
        outboundPortExclusionList: [25],
        inboundPortExclusionList: [9090],
        networkInterfaceExclusionList: ["net1"],
        inboundExternalAuthorization: {
          enable: true,
          address: "authz.local",
          port: 9000,
          timeout: "2s",
          failureModeAllow: true,
        },
      },
      observability: {
        osmLogLevel: "warn",
        enableDebugServer: true,
        tracing: { enable: true, address: "jaeger.obs", port: 9411 },
      },
      certificate: {
        serviceCertValidityDuration: "1h",
        certKeyBitSize: 4096,
        ingressGateway: {
          subjectAltNames: ["gw.local"],
          validityDuration: "24h",
          secret: { name: "gw", namespace: "ingress" },
        },
      },
      featureFlags: {
        enableRetryPolicy: false,
        enableEgressPolicy: false,
        enableIngressBackendPolicy: false,
        enableWASMStats: true,
        enableEnvoyActiveHealthChecks: true,
        enableSnapshotCacheMode: true,
        enableAsyncProxyServiceMapping: true,
      },
    });
  });
});

describe("bad settings", () => {
  test.each<[string, Partial<typeof good> | { settings: MeshSettings }, string[]]>([
    ["namespace", { namespace: "Kube_System" }, ["namespace:", "kube-system"]],
    ["a short timeout", { timeoutSeconds: 5 }, ["readyTimeoutSeconds: 5", "900"]],
    ["a timeout that is no number", { timeoutSeconds: Number.NaN }, ["readyTimeoutSeconds"]],
    [
      "days",
      { settings: { certificate: { validityDuration: "1d" } } },
      ["settings.certificate.validityDuration", "24h"],
    ],
    ["a short key", { settings: { certificate: { keyBitSize: 1024 } } }, ["settings.certificate.keyBitSize", "2048"]],
    [
      "IPv6",
      { settings: { outboundIpRangeExclusions: ["fd00::/8"] } },
      ["settings.outboundIpRangeExclusions[0]", "IPv4 CIDR"],
    ],
    [
      "a range with an octet too large",
      { settings: { outboundIpRangeInclusions: ["10.0.0.0/16", "10.0.999.0/24"] } },
      ["settings.outboundIpRangeInclusions[1]", "10.0.0.0/16"],
    ],
    ["a port", { settings: { outboundPortExclusions: [0] } }, ["settings.outboundPortExclusions[0]", "1 to 65535"]],
    [
      "a port of the sidecar",
      { settings: { inboundPortExclusions: [15003] } },
      ["settings.inboundPortExclusions[0]", "sidecar"],
    ],
    ["Envoy's log level", { settings: { sidecar: { logLevel: "loud" } } }, ["settings.sidecar.logLevel", "debug"]],
    [
      "OSM's log level",
      { settings: { observability: { logLevel: "off" } } },
      ["settings.observability.logLevel", "disabled"],
    ],
    [
      "a tracing port",
      { settings: { observability: { tracing: { port: 40000 } } } },
      ["settings.observability.tracing.port", "32767"],
    ],
    [
      "TLS versions the wrong way round",
      { settings: { sidecar: { tlsMinProtocolVersion: "TLSv1_3", tlsMaxProtocolVersion: "TLSv1_2" } } },
      ["settings.sidecar.tlsMinProtocolVersion", "lower"],
    ],
    [
      "a proxy mode",
      { settings: { sidecar: { localProxyMode: "Loopback" } } },
      ["settings.sidecar.localProxyMode", "PodIP"],
    ],
    [
      "an authorisation service without a host",
      { settings: { externalAuthorization: { address: "", port: 9000 } } },
      ["settings.externalAuthorization.address", "host"],
    ],
    [
      "a gateway without names",
      {
        settings: {
          certificate: { ingressGateway: { subjectAltNames: [], secretName: "s", secretNamespace: "n" } },
        },
      },
      ["settings.certificate.ingressGateway.subjectAltNames", "at least 1"],
    ],
    [
      "an interval",
      { settings: { sidecar: { configResyncInterval: "often" } } },
      ["settings.sidecar.configResyncInterval", "duration"],
    ],
  ])("%s", (_, change, texts) => {
    for (const text of texts) {
      expect(() => assertMeshSettings({ ...good, ...change })).toThrow(text);
    }
  });

  test("all are told at once", () => {
    expect(() =>
      assertMeshSettings({ ...good, timeoutSeconds: 1, settings: { certificate: { keyBitSize: 1 } } }),
    ).toThrow(/readyTimeoutSeconds.*\n.*keyBitSize/s);
  });
});
