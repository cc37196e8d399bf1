import { describe, expect, it } from "vitest";
import {
  type ClusterObjects,
  type Container,
  type Pod,
  type Service,
  type Volume,
} from "../../../sandbox/traffic/objects";
import { type PodReader } from "../../../sandbox/traffic/pod-reader";
import { planWorld, programOf } from "../../../sandbox/traffic/world";

const rules = "*nat\n-A OUTPUT -j ACCEPT -d $POD_IP\nCOMMIT";
const buyer: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "buyer-1", namespace: "buyer", uid: "u1" },
  spec: {
    serviceAccountName: "buyer",
    initContainers: [
      { name: "osm-init", image: "init", args: ["-c", `iptables-restore --noflush <<EOF\n${rules}\nEOF\n`] },
    ],
    containers: [
      {
        name: "buyer",
        image: "docker.io/openservicemesh/bookbuyer:v1.2.4",
        args: ["--port", "14001"],
        env: [
          { name: "STORE", value: "store" },
          { name: "ME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "PASSWORD", valueFrom: {} },
        ],
        securityContext: { runAsUser: 65532 },
      },
      { name: "osm-healthcheck", image: "osm-healthcheck:v1.2.4" },
      {
        name: "envoy",
        image: "envoy:v1.22.2",
        args: ["--config-path", "/etc/envoy/bootstrap.yaml"],
        volumeMounts: [{ name: "config", mountPath: "/etc/envoy" }],
        securityContext: { runAsUser: 1500 },
      },
    ],
    volumes: [{ name: "config", secret: { secretName: "bootstrap" } }],
  },
  status: { phase: "Running", podIP: "10.244.0.7" },
};

function cluster(pods: readonly Pod[]): ClusterObjects {
  const service = (namespace: string, name: string, clusterIP: string, ports: Service["spec"]["ports"] = []) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { clusterIP, ports },
  });
  return {
    all: [],
    pods,
    services: [
      service("kube-system", "osm-controller", "10.0.0.9", [{ port: 15128 }]),
      service("store", "db", "None", [{ port: 3306 }]),
      service("store", "web", "10.0.0.10", [
        { name: "http", port: 80 },
        { name: "dns", port: 53, protocol: "UDP" },
      ]),
      service("store", "empty", "10.0.0.11", [{ port: 80 }]),
    ],
    endpoints: [
      {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name: "db", namespace: "store" },
        subsets: [{ addresses: [{ ip: "10.244.0.8" }], ports: [{ port: 3306 }] }],
      },
      {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: { name: "web", namespace: "store" },
        subsets: [
          {
            addresses: [{ ip: "10.244.0.9" }, { ip: "10.244.0.10" }],
            ports: [
              { name: "metrics", port: 9090 },
              { name: "http", port: 8080 },
            ],
          },
        ],
      },
    ],
    splits: [],
    gateways: [],
    serviceEntries: [],
    virtualServices: [],
    version: "",
  };
}

const reader: PodReader = {
  secret: (namespace, name) => Promise.resolve({ "bootstrap.yaml": `${namespace}/${name}` }),
  configMap: ({ metadata: { namespace } }, name) => Promise.resolve({ "root-cert.pem": `${namespace}/${name}` }),
  token: ({ metadata }, audience) => Promise.resolve(`${metadata.uid} for ${audience}`),
  bootstrapTemplate: () => Promise.resolve("template"),
};
const discovery = { "osm-controller.kube-system:15128": 1234, "istiod-asm-1-30.aks-istio-system:15012": 5678 };

describe("what runs", () => {
  it("is an injected pod's program and sidecar, with its rules, its Secret and its environment", async () => {
    const { world, running, simulated } = await planWorld(cluster([buyer]), discovery, reader);
    expect(running).toEqual([buyer]);
    expect(simulated).toEqual([]);
    const [pod] = world.pods;
    expect(pod?.rules).toBe(`${rules.replace("$POD_IP", "10.244.0.7")}\n`);
    expect(pod?.containers.map(({ program, user }) => [program, user])).toEqual([
      ["bookbuyer", 65532],
      ["envoy", 1500],
    ]);
    expect(pod?.containers[0]?.env).toEqual({ STORE: "store", ME: "buyer-1" });
    expect(pod?.containers[1]?.files).toEqual({ "/etc/envoy/bootstrap.yaml": "buyer/bootstrap" });
    expect(world.forward).toEqual({ "10.0.0.9:15128": "127.0.0.1:1234" });
    // What leads out of the pods' network is no Service there.
    expect(world.services).toEqual({ "10.0.0.10:80": ["10.244.0.9:8080", "10.244.0.10:8080"], "10.0.0.11:80": [] });
    expect(world.hosts["db.store.svc.cluster.local"]).toBe("10.244.0.8");
  });

  it("is a pod with Istio's native sidecar, which finds its volumes below its own working directory", async () => {
    const mounted: readonly (readonly [Volume, string])[] = [
      [{ name: "ca", configMap: { name: "istio-ca-root-cert" } }, "/var/run/secrets/istio"],
      [{ name: "crl", secret: { secretName: "other" } }, "/crl"],
      [
        {
          name: "token",
          projected: { sources: [{ serviceAccountToken: { path: "istio-token", audience: "istio-ca" } }] },
        },
        "/var/run/secrets/tokens",
      ],
      [
        { name: "info", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
        "/etc/istio/pod/",
      ],
    ];
    const proxy: Container = {
      name: "istio-proxy",
      image: "proxyv2",
      args: ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "$(UNKNOWN)"],
      env: [
        { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        { name: "PROXY_CONFIG", value: '{"discoveryAddress":"istiod-asm-1-30.aks-istio-system.svc:15012"}\n' },
      ],
      volumeMounts: mounted.map(([{ name }, mountPath]) => ({ name, mountPath })),
    };
    const injected: Pod = {
      ...buyer,
      metadata: { ...buyer.metadata, labels: { app: 'a"b' } },
      spec: {
        initContainers: [{ name: "istio-init", image: "proxyv2", args: ["istio-iptables", "-p", "15001"] }, proxy],
        containers: buyer.spec.containers.slice(0, 1),
        volumes: mounted.map(([volume]) => volume),
      },
    };
    const { world, running } = await planWorld(cluster([injected]), discovery, reader);
    expect(running).toEqual([injected]);
    const [pod] = world.pods;
    expect(pod?.setup).toEqual(["istio-iptables", "-p", "15001"]);
    expect(pod?.rules).toBeUndefined();
    expect(pod?.containers.map(({ program }) => program)).toEqual(["bookbuyer", "pilot-agent"]);
    const sidecar = pod?.containers[1];
    expect(sidecar?.args).toEqual(["proxy", "sidecar", "--domain", "buyer.svc.cluster.local", "$(UNKNOWN)"]);
    expect(JSON.parse(sidecar?.env["PROXY_CONFIG"] ?? "")).toMatchObject({
      discoveryAddress: "istiod-asm-1-30.aks-istio-system.svc:15012",
      binaryPath: "/mnt/envoy",
    });
    const decoded = Object.entries(sidecar?.files ?? {}).map(([file, text]) => [
      file,
      Buffer.from(text, "base64").toString(),
    ]);
    expect(Object.fromEntries(decoded.slice(1))).toEqual({
      "var/run/secrets/istio/root-cert.pem": "buyer/istio-ca-root-cert",
      "var/run/secrets/tokens/istio-token": "u1 for istio-ca",
      "etc/istio/pod/labels": 'app="a\\"b"\n',
    });
    expect(sidecar?.files["var/lib/istio/envoy/envoy_bootstrap_tmpl.json"]).toBe("template");
  });

  it.each([
    [
      "an unknown image",
      {
        containers: [
          { name: "app", image: "nginx" },
          { name: "envoy", image: "envoy" },
        ],
      },
    ],
    ["no sidecar", { containers: buyer.spec.containers.slice(0, 1) }],
    [
      "another init container than the injector's",
      { initContainers: [{ name: "osm-init", image: "x", args: ["rm -rf /"] }] },
    ],
  ])("is not a pod with %s: it stays simulated", async (_, spec) => {
    const other = { ...buyer, spec: { ...buyer.spec, ...spec } };
    const { world, simulated } = await planWorld(cluster([other]), discovery, reader);
    expect(world.pods).toEqual([]);
    expect(simulated).toEqual(["buyer/buyer-1"]);
  });

  it("is not a pod that is going", async () => {
    const going = { ...buyer, metadata: { ...buyer.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    const { running, simulated } = await planWorld(cluster([going]), discovery, reader);
    expect([running, simulated]).toEqual([[], []]);
  });
});

describe("an image", () => {
  it.each([
    ["docker.io/library/mysql:8.0.36", "mysql"],
    ["localhost:5000/team/bookstore", "bookstore"],
    [`bookbuyer@sha256:${"0".repeat(64)}`, "bookbuyer"],
    ["openservicemesh/bookwatcher:v1", undefined],
    ["mysql/router:8", undefined],
  ])("%s is known as %s", (image, program) => {
    expect(programOf(image)).toBe(program);
  });
});
