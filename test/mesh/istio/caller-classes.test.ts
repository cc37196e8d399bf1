import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../mesh/analysis/fingerprint";
import { accountCaller, sentTo } from "../../../mesh/analysis/mesh";
import { hasAnswer } from "../../../mesh/analysis/outcome-sets";
import { istioMesh } from "../../../mesh/istio";
import { type IstioMesh } from "../../../mesh/istio/mesh";
import {
  authorizationPolicy,
  destinationRule,
  istio,
  meshNamespace,
  peerAuthentication,
  pod,
  service,
  strict,
  virtualService,
} from "./world";

const namespaces = ["a", "b", "c"] as const;
const accounts = ["one", "two", "three"] as const;

const workloads = namespaces.flatMap((namespace) => [
  meshNamespace(namespace),
  ...accounts.flatMap((name) => [pod(namespace, name), service(namespace, name, [{ name: "http", port: 80 }])]),
]);

const namespace = fc.constantFrom(...namespaces, "nowhere", "*", "a*");
const account = fc.constantFrom(...namespaces.flatMap((one) => accounts.map((name) => `${one}/${name}`)), "two", "x/y");
const principal = fc.constantFrom(
  ...namespaces.flatMap((one) => accounts.map((name) => `cluster.local/ns/${one}/sa/${name}`)),
  ...["*", "*/ns/a/*", "cluster.local/ns/b/*", "*/sa/two", "other.domain/ns/a/sa/one"],
  ...["cluster.local/ns/b/sa/*", "cluster.local/ns/a/sa/t*"],
);
const some = (value: fc.Arbitrary<string>) => fc.array(value, { minLength: 1, maxLength: 2 });
const source = fc.record(
  {
    principals: some(principal),
    notPrincipals: some(principal),
    namespaces: some(namespace),
    notNamespaces: some(namespace),
    requestPrincipals: fc.constant(["*"]),
  },
  { requiredKeys: [] },
);
const byAccount = fc.oneof(
  some(account).map((serviceAccounts) => ({ serviceAccounts })),
  some(account).map((notServiceAccounts) => ({ notServiceAccounts })),
);
const when = fc.oneof(
  fc.record({ key: fc.constant("source.namespace"), values: some(namespace) }),
  fc.record({ key: fc.constant("source.principal"), notValues: some(principal) }),
  fc.record({ key: fc.constant("source.serviceAccount"), values: some(account) }),
);
const rule = fc.record(
  {
    from: fc.array(
      fc.oneof({ weight: 3, arbitrary: source }, byAccount).map((one) => ({ source: one })),
      { minLength: 1, maxLength: 2 },
    ),
    when: fc.array(when, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const policy = fc.record({
  namespace: fc.constantFrom(...namespaces, "aks-istio-system"),
  app: fc.constantFrom(undefined, ...accounts),
  action: fc.constantFrom("ALLOW", "ALLOW", "DENY"),
  rules: fc.array(rule, { maxLength: 3 }),
});

/** The relation has every caller with what it gets alone, and no other. */
function expectEachAlone(mesh: IstioMesh): number {
  const { callers, services, entries } = mesh.access();
  let count = 0;
  for (const to of services) {
    const alone = callers.flatMap((caller) => {
      const tree = mesh.callTree(accountCaller(caller), to, sentTo(to));
      return hasAnswer(tree, "allowed") ? [[caller, fingerprint(tree)] as const] : [];
    });
    const listed = entries
      .filter(({ service: called }) => called === to)
      .flatMap(({ callers: all, tree }) => all.map((caller) => [caller, fingerprint(tree)] as const))
      .filter(([caller]) => caller !== "outside");
    expect(new Map(listed)).toEqual(new Map(alone));
    expect(listed).toHaveLength(alone.length);
    count += alone.length;
  }
  return count;
}

const told = fc.constantFrom("./*", "*/*", "a/*", "*/one.a.svc.cluster.local", "b/two.b.svc.cluster.local", "~/*");
const egress = fc.array(
  fc.record({
    port: fc.constantFrom(undefined, undefined, 80, 9000),
    hosts: fc.array(told, { minLength: 1, maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 2 },
);
const sidecar = fc.record({
  of: fc.constantFrom(...namespaces, "aks-istio-system"),
  app: fc.constantFrom(undefined, undefined, ...accounts),
  egress,
  mode: fc.constantFrom(undefined, "ALLOW_ANY", "REGISTRY_ONLY"),
});
const entry = fc.record({
  hosts: fc.constantFrom(
    ["*.svc.cluster.local"],
    ["*.a.svc.cluster.local"],
    ["elsewhere.example"],
    ["one.a.svc.cluster.local"],
  ),
  port: fc.constantFrom(80, 9000, 7000),
  protocol: fc.constantFrom("HTTP", "TCP", "TLS"),
  exportTo: fc.constantFrom(["*"], ["."]),
});
const virtual = fc.record({
  of: fc.constantFrom(...namespaces),
  host: fc.constantFrom("one.a.svc.cluster.local", "*.b.svc.cluster.local", "two.b.svc.cluster.local"),
  to: fc.constantFrom("one.b.svc.cluster.local", "two.b.svc.cluster.local"),
  exportTo: fc.constantFrom(["*"], ["."], ["c"]),
});
/** What makes the pods of a caller call otherwise than others. */
const odd = fc.constantFrom<NonNullable<Parameters<typeof pod>[2]>>(
  { annotations: { "sidecar.istio.io/inject": "false" } },
  { annotations: { "inject.istio.io/templates": "gateway", "sidecar.istio.io/status": "{}" } },
  { annotations: { "traffic.sidecar.istio.io/excludeOutboundPorts": "80" } },
  { labels: { "istio.io/dataplane-mode": "ambient" } },
);

describe("callers that are answered alike", () => {
  it("are those of whom each is answered so alone, whatever their sidecars are told of", () => {
    let passing = 0;
    fc.assert(
      fc.property(
        fc.array(sidecar, { minLength: 1, maxLength: 3 }),
        fc.array(entry, { maxLength: 1 }),
        fc.array(virtual, { maxLength: 2 }),
        fc.array(policy, { maxLength: 2 }),
        fc.array(odd, { maxLength: 2 }),
        fc.constantFrom("STRICT", "STRICT", "PERMISSIVE"),
        fc.constantFrom(undefined, undefined, undefined, "None"),
        (sidecars, entries, virtuals, policies, odds, mode, clusterIP) => {
          const ports = [
            { name: "http", port: 80 },
            { name: "tcp", port: 9000 },
            { name: "data", port: 7000 },
          ];
          const mesh = istioMesh({
            objects: [
              peerAuthentication("aks-istio-system", "default", { mtls: { mode } }),
              ...namespaces.flatMap((one) => [
                meshNamespace(one),
                ...accounts.map((name) => pod(one, name)),
                ...accounts.map((name) => service(one, name, ports, name === "two" && clusterIP ? { clusterIP } : {})),
              ]),
              ...odds.map((one, index) => pod(namespaces[index] ?? "c", `odd-${String(index)}`, one)),
              ...sidecars.map(({ of, app, egress: all, mode: outbound }, index) =>
                istio("networking.istio.io/v1", "Sidecar", of, `sidecar-${String(index)}`, {
                  ...(app !== undefined && of !== "aks-istio-system" && { workloadSelector: { labels: { app } } }),
                  egress: all.map(({ port, hosts }) => ({
                    hosts,
                    ...(port !== undefined && { port: { number: port, protocol: "HTTP", name: "http" } }),
                  })),
                  ...(outbound !== undefined && { outboundTrafficPolicy: { mode: outbound } }),
                }),
              ),
              ...entries.flatMap(({ hosts, port, protocol, exportTo }) => [
                istio("networking.istio.io/v1", "ServiceEntry", "c", "entry", {
                  ...{ hosts, exportTo, resolution: "NONE", location: "MESH_EXTERNAL" },
                  ports: [{ number: port, protocol, name: protocol.toLowerCase() }],
                }),
                // So that pods take what comes by it.
                destinationRule("c", "entry", { host: hosts[0], trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } } }),
              ]),
              ...virtuals.map(({ of, host, to, exportTo }, index) =>
                virtualService(of, `virtual-${String(index)}`, {
                  ...{ hosts: [host], exportTo },
                  http: [{ route: [{ destination: { host: to } }] }],
                }),
              ),
              ...policies.map(({ namespace: own, action, rules }, index) =>
                authorizationPolicy(own, `policy-${String(index)}`, { action, rules }),
              ),
            ],
          });
          passing += expectEachAlone(mesh);
        },
      ),
      { seed: 17, numRuns: 200 },
    );
    expect(passing).toBeGreaterThan(1000);
  });

  it("are let in by a ServiceEntry's pattern that takes in the name of a Service of which they are not told", () => {
    const mesh = istioMesh({
      objects: [
        ...[strict, ...workloads],
        istio("networking.istio.io/v1", "Sidecar", "a", "default", { egress: [{ hosts: ["c/*"] }] }),
        istio("networking.istio.io/v1", "ServiceEntry", "c", "entry", {
          ...{ hosts: ["*.b.svc.cluster.local"], resolution: "NONE", location: "MESH_INTERNAL" },
          ports: [{ number: 80, protocol: "HTTP", name: "http" }],
        }),
        destinationRule("c", "entry", {
          host: "*.b.svc.cluster.local",
          trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
        }),
      ],
    });
    expectEachAlone(mesh);
    const { entries } = mesh.access();
    expect(entries.some(({ callers, service: to }) => to.service === "b/one" && callers.includes("a/one"))).toBe(true);
  });

  it("are those of whom each is answered so alone, whatever policies ask of them", () => {
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 5 }), (policies) => {
        const mesh = istioMesh({
          objects: [
            strict,
            ...workloads,
            ...policies.map(({ namespace: own, app, action, rules }, index) =>
              authorizationPolicy(own, `policy-${String(index)}`, {
                ...(app !== undefined && own !== "aks-istio-system" && { selector: { matchLabels: { app } } }),
                action,
                rules,
              }),
            ),
          ],
        });
        expectEachAlone(mesh);
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  it("are told apart by an account's name in the policy's own namespace, by ALLOW and by DENY", () => {
    const but = [{ from: [{ source: { notServiceAccounts: ["two"] } }] }];
    const inA = { from: [{ source: { namespaces: ["a"] } }] };
    const only = { from: [{ source: { principals: ["cluster.local/ns/b/sa/one"] } }] };
    const mesh = istioMesh({
      objects: [
        strict,
        ...workloads,
        authorizationPolicy("a", "but", { selector: { matchLabels: { app: "one" } }, rules: but }),
        authorizationPolicy("b", "but", { selector: { matchLabels: { app: "one" } }, rules: but }),
        authorizationPolicy("a", "denied", { selector: { matchLabels: { app: "two" } }, action: "DENY", rules: [inA] }),
        authorizationPolicy("a", "allowed", { selector: { matchLabels: { app: "two" } }, rules: [only] }),
        authorizationPolicy("b", "allowed", { selector: { matchLabels: { app: "two" } }, rules: [inA] }),
        authorizationPolicy("c", "none", {}),
      ],
    });
    const callersOf = (called: string) =>
      mesh
        .access()
        .entries.filter(({ service: { service: name } }) => name === called)
        .flatMap(({ callers }) => callers)
        .sort();
    const { callers } = mesh.access();
    expect(callersOf("a/one")).toEqual(callers.filter((caller) => caller !== "a/two"));
    expect(callersOf("b/one")).toEqual(callers.filter((caller) => caller !== "b/two"));
    expect(callersOf("a/two")).toEqual(["b/one"]);
    expect(callersOf("b/two")).toEqual(["a/one", "a/three", "a/two"]);
    expect(callersOf("c/one")).toEqual([]);
  });
});
