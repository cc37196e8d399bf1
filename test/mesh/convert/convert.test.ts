import { describe, expect, it } from "vitest";
import { convertManifests, proofOf } from "../../../mesh/convert";
import { approximationAnnotation } from "../../../mesh/convert/convert";
import { parseManifests } from "../../../mesh/manifests";
import { compileOsm } from "../../../mesh/osm/compile";
import { assumedCluster } from "../../../mesh/policy";
import { bookstorePolicy } from "../../../stacks/bookstore/policy";
import { convertToIstio } from "../../../mesh/convert/convert";
import { osmMesh } from "../../../mesh/osm";

const target = (name: string, group: string, from: string, match: string) => `
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: ${name}, namespace: shop}
spec:
  destination: {kind: ServiceAccount, name: cart, namespace: shop}
  sources: [{kind: ServiceAccount, name: ${from}, namespace: web}]
  rules: [{kind: HTTPRouteGroup, name: ${group}, matches: [${match}]}]
---`;

const group = (name: string, match: string, path: string, rest = "methods: [GET]") => `
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: ${name}, namespace: shop}
spec: {matches: [{name: ${match}, pathRegex: "${path}", ${rest}}]}
---`;

const workload = (name: string, account: string, labels: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: shop}
spec: {template: {metadata: {labels: {${labels}}}, spec: {serviceAccountName: ${account}}}}
---`;

const service = `
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http-web, port: 80, targetPort: 8080}]}
---`;

function convert(text: string, choice?: "narrower" | "wider" | "exact") {
  const manifests = parseManifests([{ name: "all.yaml", text }]);
  return convertManifests(manifests, choice === undefined ? {} : { choices: new Map([["shop/cart", choice]]) });
}

function policy(conversion: ReturnType<typeof convert>, name = "allow-cart") {
  const found = conversion.objects.find(({ metadata }) => metadata.name === name);
  if (found?.kind !== "AuthorizationPolicy") throw new Error(`there is no ${name}`);
  return found;
}

describe("convert to Istio", () => {
  it("writes callers of a pod that a headless Service names", () => {
    const database = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cart, namespace: shop}
spec: {serviceName: cart, template: {metadata: {labels: {app: cart}}, spec: {serviceAccountName: cart}}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: None, selector: {app: cart}, ports: [{name: db, appProtocol: tcp, port: 3306}]}
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: {name: g, namespace: shop}
spec: {matches: {ports: [3306]}}
---`;
    const access = target("t", "g", "front", "m").replace(/rules: .*/, "rules: [{kind: TCPRoute, name: g}]");
    expect(policy(convert(database + access)).spec).toEqual({
      selector: { matchLabels: { app: "cart" } },
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/web/sa/front"] } }],
          to: [{ operation: { ports: ["3306"] } }],
        },
      ],
    });
  });

  it("writes callers, hosts, ports, methods and paths of an account", () => {
    const conversion = convert(
      service +
        workload("cart", "cart", "app: cart") +
        group("g", "m", "/items/[^/]+") +
        target("t", "g", "front", "m"),
    );
    expect(conversion.open).toEqual([]);
    expect(conversion.refused).toEqual([]);
    const names = ["cart.shop", "cart.shop.svc", "cart.shop.svc.cluster", "cart.shop.svc.cluster.local"];
    expect(policy(conversion).spec).toEqual({
      selector: { matchLabels: { app: "cart" } },
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/web/sa/front"] } }],
          to: [
            {
              operation: {
                hosts: names.flatMap((name) => [name, `${name}:80`]),
                ports: ["8080"],
                methods: ["GET"],
                paths: ["/items/{*}"],
              },
            },
          ],
        },
      ],
    });
  });

  it.each([
    ["c.*", true],
    ["(?i)c.*", false],
    [".*", false],
    ["shop", false],
  ])("takes the pattern %s for Host only where capitals do not matter, as they do not in Istio", (pattern, matters) => {
    const { refused } = convert(
      service +
        workload("cart", "cart", "app: cart") +
        group("g", "m", "/a", `methods: [GET], headers: [{host: "${pattern}"}]`) +
        target("t", "g", "front", "m"),
    );
    expect(refused).toMatchObject(
      !matters
        ? []
        : [
            {
              account: "shop/cart",
              text: expect.stringContaining("Istio's policies make no difference. Write (?i)c.*") as string,
            },
          ],
    );
  });

  it("refuses pods whose routes Envoy refuses: nothing of theirs works in OSM, and in Istio it would", () => {
    // Of a split's root OSM takes the protocol of the backend: another one is another service of the same name.
    const twin = service.replace("name: cart", "name: twin").replace("http-web", "grpc-web");
    const split = `
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: {name: s, namespace: shop}
spec: {service: twin, backends: [{service: cart, weight: 1}]}
---`;
    const { refused } = convert(
      service +
        twin +
        workload("cart", "cart", "app: cart") +
        group("g", "m", "/a") +
        target("t", "g", "front", "m") +
        split,
    );
    expect(refused).toContainEqual({
      place: "Deployment shop/cart",
      text: expect.stringMatching(/two of its services share a host name: mend that first$/) as string,
    });
  });

  it("leaves a backend without pods out of a split, as OSM does, and says so", () => {
    const split = `
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: {name: s, namespace: shop}
spec: {service: cart, backends: [{service: cart, weight: 10}, {service: next, weight: 90}]}
---`;
    const next = service.replace("name: cart", "name: next").replace("app: cart", "app: next");
    const all =
      service +
      next +
      workload("cart", "cart", "app: cart") +
      group("g", "m", "/a") +
      target("t", "g", "front", "m") +
      split;
    const conversion = convert(all);
    expect(conversion.said.join()).toContain("TrafficSplit shop/s: next is left out");
    const route = conversion.objects.find(
      ({ kind, metadata }) => kind === "VirtualService" && metadata.name === "cart",
    );
    expect(JSON.stringify(route)).not.toContain("next.shop");
    const both = convert(all + workload("next", "cart", "app: next"));
    expect(both.said.join()).not.toContain("is left out");
  });

  it("closes and encrypts every namespace, and lets nothing out to unknown hosts", () => {
    const { objects } = convert(service + workload("cart", "cart", "app: cart"));
    expect(objects.map(({ kind, metadata, spec }) => [kind, metadata.namespace, spec])).toEqual([
      ["AuthorizationPolicy", "shop", {}],
      ["PeerAuthentication", "shop", { mtls: { mode: "STRICT" } }],
      [
        "VirtualService",
        "shop",
        {
          hosts: ["cart.shop.svc.cluster.local"],
          http: [{ route: [{ destination: { host: "cart.shop.svc.cluster.local" } }], retries: { attempts: 0 } }],
        },
      ],
      ["Sidecar", "shop", { egress: [{ hosts: ["~/*"] }], outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } }],
    ]);
  });

  it("writes nothing for an account of which it cannot say all, before somebody chooses", () => {
    const text =
      service +
      workload("cart", "cart", "app: cart") +
      group("g", "m", "/items/[0-9]+") +
      target("t", "g", "front", "m");
    const undecided = convert(text);
    expect(undecided.open).toMatchObject([
      { account: "shop/cart", gaps: [{ what: "path", pattern: "/items/[0-9]+" }] },
    ]);
    expect(undecided.objects.some(({ metadata }) => metadata.name === "allow-cart")).toBe(false);
    const wider = policy(convert(text, "wider"));
    expect(wider.spec.rules?.[0]?.to?.[0]?.operation.paths).toEqual(["/items/{*}"]);
    expect(wider.metadata.annotations).toEqual({
      [approximationAnnotation]: 'wider: path /items/[0-9]+ as /items/{*}, also lets in "/items/x"',
    });
    expect(policy(convert(text, "narrower")).spec.rules?.[0]?.to?.[0]?.operation.paths).toHaveLength(10);
  });

  it("refuses a circuit breaker of 0, which lets nothing pass in OSM and everything in Istio", () => {
    const setting = (value: number): string =>
      `
apiVersion: policy.openservicemesh.io/v1alpha1
kind: UpstreamTrafficSetting
metadata: { name: cart, namespace: shop }
spec: { host: cart.shop.svc.cluster.local, connectionSettings: { http: { maxPendingRequests: ${String(value)} } } }
`;
    const kinds = (value: number) => {
      const { objects, refused } = convert(service + workload("cart", "cart", "app: cart") + setting(value));
      return { rules: objects.filter(({ kind }) => kind === "DestinationRule").length, refused };
    };
    expect(kinds(1)).toEqual({ rules: 1, refused: [] });
    expect(kinds(0)).toEqual({
      rules: 0,
      refused: [
        {
          place: "UpstreamTrafficSetting shop/cart",
          text: expect.stringContaining("maxPendingRequests is 0") as unknown,
        },
      ],
    });
  });

  it("says a pattern exactly by an EnvoyFilter, without which the policy lets nothing in", () => {
    const text =
      service +
      workload("cart", "cart", "app: cart") +
      group("g", "m", "/items/[0-9]+") +
      target("t", "g", "front", "m");
    const conversion = convert(text, "exact");
    expect(conversion.open).toEqual([]);
    expect(policy(conversion).spec.rules?.[0]?.when).toEqual([
      { key: "experimental.envoy.filters.http.rbac[aksmesh_shadow_engine_result]", values: ["allowed"] },
    ]);
    const filter = conversion.objects.find(({ kind }) => kind === "EnvoyFilter");
    expect(filter?.metadata).toEqual({ name: "shadow-cart", namespace: "shop" });
    const shown = JSON.stringify(filter?.spec);
    expect(shown).toContain('"safe_regex":{"regex":"/items/[0-9]+"}');
    expect(shown).toContain('"exact":"spiffe://cluster.local/ns/web/sa/front"');
    expect(shown).not.toContain('"rules":{"action"');
    const proof = proofOf(parseManifests([{ name: "all.yaml", text }]), conversion);
    expect(proof).toMatchObject({ changes: [], expected: [] });
  });

  it.each([
    ["another pattern", (spec: string) => spec.replace("[0-9]+", "[0-9]*"), ["opens"]],
    ["another caller", (spec: string) => spec.replace("sa/front", "sa/back"), ["closes"]],
    // What is more than shadow rules is not read, and without them nothing is written down.
    ["rules of its own", (spec: string) => spec.replace('"shadow_rules":', '"rules":{},"shadow_rules":'), ["closes"]],
    ["a place after other filters", (spec: string) => spec.replace("INSERT_FIRST", "INSERT_BEFORE"), ["closes"]],
  ])("finds an EnvoyFilter of %s", (_, change, kinds) => {
    const text =
      service +
      workload("cart", "cart", "app: cart") +
      group("g", "m", "/items/[0-9]+") +
      target("t", "g", "front", "m");
    const conversion = convert(text, "exact");
    const objects = conversion.objects.map((object) =>
      object.kind === "EnvoyFilter"
        ? { ...object, spec: JSON.parse(change(JSON.stringify(object.spec))) as typeof object.spec }
        : object,
    );
    const proof = proofOf(parseManifests([{ name: "all.yaml", text }]), { ...conversion, objects });
    expect(proof.changes.map(({ kind }) => kind)).toEqual(kinds);
  });

  it("selects by the labels that only the account's pods have", () => {
    const toOther = target("u", "g", "front", "m").replace("name: cart,", "name: other,");
    const rest = service + group("g", "m", "/x") + target("t", "g", "front", "m") + toOther;
    const apart = convert(
      rest + workload("cart", "cart", "app: cart, tier: a") + workload("other", "other", "app: cart, tier: b"),
    );
    expect(policy(apart).spec.selector).toEqual({ matchLabels: { tier: "a" } });
    const alike = convert(rest + workload("cart", "cart", "app: cart") + workload("other", "other", "app: cart"));
    expect(alike.refused).toMatchObject([
      { account: "shop/cart", text: expect.stringContaining("aks-mesh/service-account: cart") as string },
      { account: "shop/other", text: expect.stringContaining("aks-mesh/service-account: other") as string },
    ]);
  });

  it("refuses a Service of two accounts of which one lets a caller in: Istio's sidecars send to both", () => {
    const both = workload("cart", "cart", "app: cart, v: a") + workload("other", "other", "app: cart, v: b");
    const conversion = convert(service + both + group("g", "m", "/x") + target("t", "g", "front", "m"));
    expect(conversion.refused).toMatchObject([
      { account: "shop/cart", text: expect.stringContaining("give each account a Service of its own") as string },
    ]);
    expect(conversion.objects.filter(({ metadata }) => metadata.name.startsWith("allow-"))).toEqual([]);
  });

  it.each([
    ["name: https-web, port: 80", "HTTP to OSM, and Istio tells TCP"],
    ["name: web, port: 3306", "HTTP to OSM, and Istio tells TCP"],
    ["name: redis, port: 6379", "HTTP to OSM, and Istio tells TCP"],
    ["name: https-web, appProtocol: http, port: 80", undefined],
    ["name: web, port: 80", undefined],
  ])("refuses ports that Istio does not read as OSM does: %s", (port, text) => {
    const conversion = convert(
      service.replace("name: http-web, port: 80", port) +
        workload("cart", "cart", "app: cart") +
        group("g", "m", "/x") +
        target("t", "g", "front", "m"),
    );
    const refused = [{ place: "Service shop/cart", text: expect.stringContaining(text ?? "") as string }];
    expect(conversion.refused).toMatchObject(text === undefined ? [] : refused);
  });

  it("refuses routes of which OSM does not define the order", () => {
    const { refused } = convert(
      service +
        workload("cart", "cart", "app: cart") +
        group("g", "m", "/a.*") +
        group("h", "k", "/.*b") +
        target("t", "g", "front", "m") +
        target("u", "h", "back", "k"),
    );
    expect(refused).toMatchObject([{ account: "shop/cart", text: expect.stringContaining("GET /ab") as string }]);
  });

  it("leaves a split's missing backend out, and refuses one without a share", () => {
    const split = (weights: string) => `
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: {name: s, namespace: shop}
spec: {service: cart, backends: [${weights}]}
---`;
    const rest = service + workload("cart", "cart", "app: cart");
    const missing = convert(rest + split("{service: cart, weight: 3}, {service: gone, weight: 1}"));
    const [routes] = missing.objects.filter((object) => object.kind === "VirtualService");
    expect(routes?.spec.http?.[0]?.route).toEqual([
      { destination: { host: "cart.shop.svc.cluster.local", port: { number: 80 } } },
    ]);
    expect(missing.said).toEqual([expect.stringContaining("gone is left out")]);
    expect(convert(rest + split("{service: cart, weight: 0}")).refused).toMatchObject([
      { place: "TrafficSplit shop/s" },
    ]);
  });

  it("says of an IngressBackend what to write instead, by its Services, ports and addresses", () => {
    const ingress = (sources: string) => `
apiVersion: policy.openservicemesh.io/v1alpha1
kind: IngressBackend
metadata: { name: in, namespace: shop }
spec:
  backends: [{ name: cart, port: { number: 8080, protocol: http } }]
  sources: [${sources}]
---`;
    const text = (sources: string) =>
      convert(service + workload("cart", "cart", "app: cart") + ingress(sources)).refused.find(
        ({ place }) => place === "IngressBackend shop/in",
      )?.text;
    const byService = text("{ kind: Service, name: nginx, namespace: ingress }");
    expect(byService).toContain("destinations cart.shop.svc.cluster.local");
    expect(byService).toContain('from.source.namespaces: ["aks-istio-ingress"] and to.operation.ports: ["8080"]');
    expect(byService).not.toContain("remoteIpBlocks");
    expect(text('{ kind: IPRange, name: "10.1.0.0/16" }')).toContain('from.source.remoteIpBlocks: ["10.1.0.0/16"]');
  });

  it("says which patterns of the bookstore Istio does not have", () => {
    const policyOfSample = bookstorePolicy();
    const mesh = osmMesh({ objects: [...compileOsm(policyOfSample), ...assumedCluster(policyOfSample)] });
    const { open, refused } = convertToIstio(mesh);
    expect(refused).toEqual([]);
    expect(open.map(({ account, gaps }) => [account, gaps.map(({ pattern }) => pattern)])).toEqual([
      ["bookstore/bookstore", [".*a-book.*new", ".*-http-client/*.*"]],
      ["bookstore/bookstore-v2", [".*a-book.*new", ".*-http-client/*.*"]],
    ]);
  });
});
