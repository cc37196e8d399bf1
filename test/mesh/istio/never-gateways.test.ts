import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGuarantees, type Guarantee } from "../../../mesh/analysis/guarantees";
import { type ServicePort } from "../../../mesh/analysis/mesh";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, pod, service, strict, virtualService } from "./world";

const front: KubernetesObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "ingress", namespace: "edge" },
  ...{
    spec: {
      type: "LoadBalancer",
      selector: { istio: "ingress" },
      ports: [
        { name: "http2", port: 80, targetPort: 8080 },
        { name: "https", port: 443, targetPort: 8443 },
      ],
    },
  },
};
const names = ["one", "two"] as const;
const workloads: readonly KubernetesObject[] = [
  strict,
  meshNamespace("edge", {}),
  meshNamespace("shop"),
  pod("edge", "ingress", {
    labels: { istio: "ingress" },
    annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" },
  }),
  pod("shop", "client"),
  front,
  ...names.flatMap((name) => [pod("shop", name), service("shop", name, [{ name: "http", port: 80 }])]),
];

const domain = fc.constantFrom("shop.example", "admin.shop.example", "*.shop.example", "*.example", "other.example");
const server = fc.record({
  hosts: fc.array(domain, { minLength: 1, maxLength: 2 }),
  isTls: fc.boolean(),
});
const asked = fc.oneof(
  fc
    .constantFrom("shop.example", "admin.shop.example:443", "SHOP.example", "x.shop.example")
    .map((exact) => ({ exact })),
  fc.constantFrom("admin", "shop", "x").map((prefix) => ({ prefix })),
  fc.constantFrom(".*:8[0-9]81", "(admin|x)[.].*", ".*[.]EXAMPLE").map((regex) => ({ regex })),
);
const matched = fc.oneof(
  asked.map((one) => ({ authority: one })),
  asked.map((one) => ({ headers: { host: one } })),
  asked.map((one) => ({ withoutHeaders: { ":authority": one } })),
);
const ruled = fc.record(
  { match: fc.array(matched, { minLength: 1, maxLength: 2 }), to: fc.constantFrom(...names, "ingress", "nowhere") },
  { requiredKeys: ["to"] },
);
const route = fc.record({
  hosts: fc.array(domain, { minLength: 1, maxLength: 2 }),
  rules: fc.array(ruled, { minLength: 1, maxLength: 2 }),
  gateways: fc.constantFrom<readonly string[]>(["edge/front"], ["edge/front"], ["edge/front", "mesh"], ["mesh"]),
});
const policy = fc.record({
  of: fc.constantFrom("shop/one", "shop/two", "edge/ingress"),
  action: fc.constantFrom("ALLOW", "DENY"),
  field: fc.constantFrom("hosts", "notHosts"),
  hosts: fc.array(
    fc.constantFrom("shop.example", "*.shop.example", "admin.*", "shop.example:443", "x*", "ingress.edge"),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
});

/** A Host header for each way in which names, policies and routes may tell them apart. */
const telling = [
  "shop.example",
  "admin.shop.example",
  "x.shop.example",
  "y.shop.example",
  "x.example",
  "other.example",
  "SHOP.example",
]
  .flatMap((name) => [name, name.toUpperCase(), name.replace("example", "EXAMPLE")])
  .concat(
    names.flatMap((name) => [name, `${name}.shop`, `${name}.shop.svc.cluster.local`]),
    "ingress.edge",
    "xx",
    "admin.x",
  )
  .flatMap((name) => ["", ":80", ":443", ":8081"].map((port) => `${name}${port}`));

it("what must never be answered is tried under all Host headers that make a difference at gateways", () => {
  let tried = 0;
  let broken = 0;
  let elsewhere = 0;
  fc.assert(
    fc.property(
      fc.array(server, { minLength: 1, maxLength: 3 }),
      fc.array(route, { minLength: 1, maxLength: 3 }),
      fc.array(policy, { maxLength: 3 }),
      (servers, routes, policies) => {
        const mesh = istioMesh({
          objects: [
            ...workloads,
            istio("networking.istio.io/v1", "Gateway", "edge", "front", {
              selector: { istio: "ingress" },
              servers: servers.map(({ hosts, isTls }, index) => ({
                hosts,
                port: isTls
                  ? { number: 443, protocol: "HTTPS", name: `https-${String(index)}` }
                  : { number: 80, protocol: "HTTP", name: `http-${String(index)}` },
                ...(isTls && { tls: { mode: "SIMPLE", credentialName: "shop" } }),
              })),
            }),
            ...routes.map(({ hosts, rules, gateways }, index) =>
              virtualService("shop", `route-${String(index)}`, {
                hosts,
                gateways,
                http: rules.map(({ match, to }) => {
                  // A gateway that leads to itself is not followed.
                  const ofGateway = gateways.includes("edge/front") ? "one" : "ingress.edge.svc.cluster.local";
                  const host = to === "ingress" ? ofGateway : to;
                  return {
                    ...(match && { match }),
                    ...(to === "nowhere"
                      ? { directResponse: { status: 403 } }
                      : { route: [{ destination: { host, port: { number: 80 } } }] }),
                  };
                }),
              }),
            ),
            ...policies.map(({ of, action, field, hosts }, index) => {
              const [namespace = "", app = ""] = of.split("/");
              return authorizationPolicy(namespace, `policy-${String(index)}`, {
                ...{ selector: { matchLabels: { app } }, action },
                rules: [{ to: [{ operation: { [field]: hosts } }] }],
              });
            }),
          ],
        });
        const exhaustive = {
          ...mesh,
          authorities: (to: ServicePort, by?: string) => [...telling, ...mesh.authorities(to, by)],
        };
        const guarantees = [...names.map((name) => `shop/${name}`), "edge/ingress"].flatMap(
          (to): readonly Guarantee[] =>
            ["outside", "shop/client"].map((from) => ({ name: `${from} to ${to}`, kind: "never", from: [from], to })),
        );
        const found = checkGuarantees(mesh, guarantees);
        expect(found.map(({ object }) => object)).toEqual(
          checkGuarantees(exhaustive, guarantees).map(({ object }) => object),
        );
        tried += guarantees.length;
        broken += found.length;
        elsewhere += found.filter(({ request }) => request?.host !== undefined).length;
      },
    ),
    { seed: 5, numRuns: 80 },
  );
  expect(broken).toBeGreaterThan(tried / 10);
  expect(broken).toBeLessThan((tried * 9) / 10);
  expect(elsewhere).toBeGreaterThan(10);
});

describe("a guarantee about calls through gateways", () => {
  const gateway = (name: string, ...servers: readonly object[]) =>
    istio("networking.istio.io/v1", "Gateway", "edge", name, { selector: { istio: "ingress" }, servers });
  const secure = (host: string) => ({
    hosts: [host],
    port: { number: 443, protocol: "HTTPS", name: host.replace("*", "any") },
    tls: { mode: "SIMPLE", credentialName: "shop" },
  });
  const plain = (host: string) => ({ hosts: [host], port: { number: 80, protocol: "HTTP", name: "http" } });
  const refusing = [{ directResponse: { status: 403 } }];
  const leading = (host: string) => [{ route: [{ destination: { host, port: { number: 80 } } }] }];
  const brokenBy = (from: string, to: string, ...objects: readonly KubernetesObject[]) =>
    checkGuarantees(istioMesh({ objects: [...workloads, ...objects] }), [
      { name: "closed", kind: "never", from: [from], to },
    ]).map(({ request }) => [request?.serverName, request?.host]);

  it("tries in TLS the names of all routes of the server that a server name chooses", () => {
    const found = brokenBy(
      ...(["outside", "shop/one"] as const),
      ...[gateway("wide", secure("*.shop.example")), gateway("narrow", secure("admin.shop.example"))],
      virtualService("shop", "a", { hosts: ["*.shop.example"], gateways: ["edge/wide"], http: refusing }),
      virtualService("shop", "b", { hosts: ["admin.shop.example"], gateways: ["edge/wide"], http: leading("one") }),
      virtualService("shop", "c", { hosts: ["admin.shop.example"], gateways: ["edge/narrow"], http: refusing }),
    );
    expect(found).toEqual([["any.shop.example", "admin.shop.example"]]);
  });

  it.each([
    ["for all names", "*", "any.example"],
    ["for a pattern of names", "*.example", "any.example"],
  ])("tries in TLS a server name that no route names, where a server %s takes it", (_, host, serverName) => {
    const found = brokenBy(
      ...(["outside", "shop/one"] as const),
      ...[gateway("wide", secure(host)), gateway("narrow", secure("shop.example"))],
      virtualService("shop", "a", { hosts: ["shop.example"], gateways: ["edge/wide"], http: leading("one") }),
      virtualService("shop", "b", { hosts: ["shop.example"], gateways: ["edge/narrow"], http: refusing }),
    );
    expect(found).toEqual([[serverName, "shop.example"]]);
  });

  it("tries one where a server passes on what comes in TLS", () => {
    const toOne = [{ route: [{ destination: { host: "one", port: { number: 80 } } }] }];
    const toTwo = [{ route: [{ destination: { host: "two", port: { number: 80 } } }] }];
    const bytes = (host: string) => ({ ...secure(host), port: { ...secure(host).port, protocol: "TLS" } });
    const objects = [
      ...[gateway("wide", bytes("*")), gateway("narrow", bytes("shop.example"))],
      virtualService("shop", "a", { hosts: ["shop.example"], gateways: ["edge/wide"], tcp: toOne }),
      virtualService("shop", "b", { hosts: ["shop.example"], gateways: ["edge/narrow"], tcp: toTwo }),
    ];
    const found = brokenBy("outside", "shop/one", ...objects);
    expect(found.map(([serverName]) => serverName)).toEqual(["any.example"]);
    const { entries } = istioMesh({ objects: [...workloads, ...objects] }).access();
    expect(entries.map(({ service: { host } }) => host)).toContain("any.example");
  });

  it("tries a name that leads back to the gateway", () => {
    const objects = [
      gateway("front", plain("shop.example")),
      virtualService("shop", "a", {
        hosts: ["*.example"],
        gateways: ["edge/front"],
        http: leading("ingress.edge.svc.cluster.local"),
      }),
    ];
    expect(brokenBy("shop/client", "edge/ingress", ...objects)).toEqual([[undefined, "shop.example"]]);
  });
});
