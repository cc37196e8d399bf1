import { expect, test } from "vitest";
import { checkGuarantees, decide, diff } from "../../../mesh";
import { hostHeaderFor } from "../../../mesh/analysis/mesh";
import { mayPass } from "../../../mesh/analysis/may-pass";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshNamespace,
  meshOfObjects,
  peerAuthentication,
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
    .entries.flatMap(({ callers, service: one, tree }) =>
      one.service === "shop/server" && mayPass(tree, hostHeaderFor(one)) ? callers : [],
    );
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

test("what never passes is proved of the names that clients write, and of those of nobody", () => {
  const broken = (objects: readonly KubernetesObject[]) => checkGuarantees(meshOfObjects(...objects), [never]);
  for (const name of ["server", "server.shop", "SERVER.shop.svc"]) {
    expect(broken(ofHosts([name]))[0]?.request?.protocol, name).toBe("http");
  }
  expect(broken(ofHosts(["internal.example"]))).toEqual([]);
  // Without the mesh's TLS nobody knows who calls: an unknown host is passed on in plain text.
  const denied = (mode: string): readonly KubernetesObject[] => [
    ...shop,
    peerAuthentication("shop", "default", { mtls: { mode } }),
    authorizationPolicy("shop", "no-client", {
      action: "DENY",
      rules: [{ from: [{ source: { principals: ["cluster.local/ns/shop/sa/client"] } }] }],
    }),
  ];
  expect(broken(denied("STRICT"))).toEqual([]);
  expect(broken(denied("PERMISSIVE"))[0]?.request).toMatchObject({ host: "unnamed.example" });
});

test("names of a Service that policies tell apart are there in the relation and in changes", () => {
  const mesh = meshOfObjects(...ofHosts(["server"]));
  expect(mesh.access().entries.map(({ service: one }) => one.service)).toContain("shop/server");
  expect(passing(ofHosts(["server"]))).toEqual([]);
  const opened = diff(meshOfObjects(...ofHosts(["nobody"])), meshOfObjects(...ofHosts(["server"])));
  expect(opened.map(({ kind, request }) => [kind, request?.protocol === "http" && request.host])).toContainEqual([
    "opens",
    "server",
  ]);
  expect(diff(meshOfObjects(...ofHosts([host, "x"])), meshOfObjects(...ofHosts([host, "y"])))).toEqual([]);
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
