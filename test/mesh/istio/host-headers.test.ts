import { expect, test } from "vitest";
import { checkGuarantees, decide, diff } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshNamespace,
  meshOfObjects,
  pod,
  service,
  shop,
  strict,
  virtualService,
} from "./world";

const host = "server.shop.svc.cluster.local";
const ofHosts = (hosts: readonly string[], port = 80): readonly KubernetesObject[] => [
  ...shop.filter(({ kind }) => kind !== "Service"),
  strict,
  service("shop", "server", [{ name: "http", port }]),
  authorizationPolicy("shop", "server", {
    selector: { matchLabels: { app: "server" } },
    rules: [{ from: [{ source: { namespaces: ["shop"] } }], to: [{ operation: { hosts } }] }],
  }),
];
const passing = (objects: readonly KubernetesObject[]) =>
  meshOfObjects(...objects)
    .access()
    .entries.flatMap(({ callers, service: one }) => (one.service === "shop/server" ? callers : []));
const never = { name: "closed", kind: "never", from: ["shop/client"], to: "shop/server" } as const;

test("clients leave port 80 out of the Host header, and no other", () => {
  expect(passing(ofHosts([host]))).toContain("shop/client");
  expect(passing(ofHosts([`${host}:80`]))).toEqual([]);
  expect(passing(ofHosts([host], 8080))).toEqual([]);
  expect(passing(ofHosts([`${host}:8080`], 8080))).toContain("shop/client");
  const mesh = meshOfObjects(...ofHosts([host]));
  const call = { from: "shop/client", to: `${host}:80`, protocol: "http" } as const;
  expect(decide(mesh, call).outcome).toBe("allowed");
  expect(decide(mesh, { ...call, host: `${host}:80` }).outcome).toBe("denied");
});

test("what never passes is proved of the Host header with port 80, too", () => {
  const broken = (hosts: readonly string[]) => checkGuarantees(meshOfObjects(...ofHosts(hosts)), [never]);
  expect(broken([host])[0]?.request).not.toHaveProperty("host");
  expect(broken([`${host}:80`])[0]?.request).toMatchObject({ host: `${host}:80` });
  expect(broken(["other.shop"])).toEqual([]);
});

test("a change is shown by the Host header that clients write", () => {
  const changes = diff(meshOfObjects(...ofHosts(["other"])), meshOfObjects(...ofHosts([host])));
  expect(changes.map(({ kind, from }) => `${kind} ${from}`)).toContain("opens shop/client");
  expect(changes[0]?.after?.outcome).toBe("allowed");
});

test("a gateway's policies see the name alone by TLS on port 443", () => {
  const objects = [
    ...[...ofHosts([host]), meshNamespace("edge", {})],
    pod("edge", "ingress", {
      labels: { istio: "ingress" },
      annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" },
    }),
    {
      ...service("edge", "ingress", [{ name: "https", port: 443 }]),
      ...{ spec: { type: "LoadBalancer", selector: { app: "ingress" }, ports: [{ name: "https", port: 443 }] } },
    },
    istio("networking.istio.io/v1", "Gateway", "edge", "front", {
      selector: { istio: "ingress" },
      servers: [
        {
          port: { number: 443, protocol: "HTTPS" },
          hosts: ["shop.example"],
          tls: { mode: "SIMPLE", credentialName: "c" },
        },
      ],
    }),
    authorizationPolicy("edge", "by-host", { rules: [{ to: [{ operation: { hosts: ["shop.example"] } }] }] }),
    authorizationPolicy("shop", "open", { rules: [{}] }),
    virtualService("shop", "front", {
      ...{ hosts: ["shop.example"], gateways: ["edge/front"] },
      http: [{ route: [{ destination: { host: "server" } }] }],
    }),
  ];
  const entries = meshOfObjects(...objects).access().entries;
  expect(entries.map(({ service: one }) => `${one.host}:${String(one.port)}`)).toContain("shop.example:443");
});
