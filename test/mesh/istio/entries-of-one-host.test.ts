import { expect, test } from "vitest";
import { checkGuarantees, decide } from "../../../mesh";
import { type KubernetesObject } from "../../../mesh/manifests";
import { authorizationPolicy, istio, meshNamespace, meshOfObjects, pod, service, strict } from "./world";

const http = { number: 80, name: "http", protocol: "HTTP" };
const other = { number: 81, name: "http-other", protocol: "HTTP" };

const entry = (namespace: string, name: string, spec: object = {}): KubernetesObject =>
  istio("networking.istio.io/v1", "ServiceEntry", namespace, name, {
    hosts: ["api.example"],
    location: "MESH_EXTERNAL",
    ports: [http],
    resolution: "DNS",
    exportTo: ["."],
    ...spec,
  });
const closed = istio("networking.istio.io/v1", "Sidecar", "aks-istio-system", "default", {
  egress: [{ hosts: ["*/*"] }],
  outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
});
const world = [
  strict,
  closed,
  authorizationPolicy("b", "closed", {}),
  ...["a", "b", "c"].flatMap((name) => [
    meshNamespace(name),
    pod(name, "client"),
    service(name, "client", [{ name: "http", port: 80 }]),
  ]),
];
const outcome = (from: string, port: number, objects: readonly KubernetesObject[]): string =>
  decide(meshOfObjects(world, objects), { from: `${from}/client`, to: `api.example:${String(port)}`, protocol: "http" })
    .outcome;
const allRules = (objects: readonly KubernetesObject[]): readonly string[] =>
  meshOfObjects(world, objects)
    .findings()
    .map(({ rule }) => rule)
    .sort();
const findings = (objects: readonly KubernetesObject[]) =>
  meshOfObjects(world, objects)
    .findings()
    .filter(({ rule }) => rule === "entries-of-one-host");

test("each namespace's own ServiceEntry lets its callers out, and nobody else's", () => {
  const both = [entry("a", "api"), entry("b", "api", { ports: [other] })];
  expect(["a", "b", "c"].map((from) => [80, 81].map((port) => outcome(from, port, both)))).toEqual([
    ["allowed", "refused"],
    ["unavailable", "allowed"],
    ["unavailable", "refused"],
  ]);
  expect(findings(both)).toEqual([]);
});

test("one entry for each port is one host with all of the ports", () => {
  const both = [entry("a", "first"), entry("a", "second", { ports: [other] })];
  expect([80, 81, 82].map((port) => outcome("a", port, both))).toEqual(["allowed", "allowed", "refused"]);
  expect(findings(both)).toEqual([]);
});

test("of entries for all, callers take their own namespace's, then one that names theirs, then the oldest", () => {
  const aged = (one: KubernetesObject, created: string): KubernetesObject => ({
    ...one,
    metadata: { ...one.metadata, ...{ creationTimestamp: created } },
  });
  const all = { exportTo: ["*"] };
  const young = aged(entry("a", "api", { ...all, ports: [other] }), "2026-02-01T00:00:00Z");
  const old = aged(entry("b", "api", all), "2026-01-01T00:00:00Z");
  // Neither takes what the other has: they are of two namespaces.
  expect(["a", "b", "c"].map((from) => [80, 81].map((port) => outcome(from, port, [young, old])))).toEqual([
    ["unavailable", "allowed"],
    ["allowed", "refused"],
    ["allowed", "refused"],
  ]);
  const named = aged(entry("a", "api", { exportTo: ["c"], ports: [other] }), "2026-02-01T00:00:00Z");
  expect([80, 81].map((port) => outcome("c", port, [named, old]))).toEqual(["unavailable", "allowed"]);
});

test("a rule of a VirtualService leads to the port that the callers' own entry has", () => {
  const wayTo = (port: number): KubernetesObject =>
    istio("networking.istio.io/v1", "VirtualService", "aks-istio-system", "v", {
      hosts: ["way.example"],
      http: [{ route: [{ destination: { host: "api.example", port: { number: port } } }] }],
    });
  const objects = [entry("a", "api"), entry("b", "api", { ports: [other] }), wayTo(81)];
  const status = (from: string): unknown =>
    decide(meshOfObjects(world, objects), { from: `${from}/client`, to: "way.example:80", protocol: "http" }).status;
  expect(["a", "b", "c"].map(status)).toEqual([503, 200, 503]);
  const lost = (port: number): readonly string[] =>
    meshOfObjects(world, entry("a", "api"), entry("b", "api", { ports: [other] }), wayTo(port))
      .findings()
      .flatMap(({ rule, message }) => (rule === "route-to-nowhere" ? [message] : []));
  expect(lost(81)).toEqual([]);
  expect(lost(82)).toEqual([expect.stringContaining("api.example has no port 82")]);
});

test.each<[string, object]>([
  ["resolution", { resolution: "NONE", ports: [other] }],
  ["exportTo", { exportTo: ["*"], ports: [other] }],
  ["addresses", { addresses: ["203.0.113.9"], ports: [other] }],
  ["port 80", { ports: [{ ...http, protocol: "TCP" }] }],
])(
  "entries of one namespace that differ in %s are not put together: it is said, and nothing is proved",
  (what, spec) => {
    const objects = [entry("a", "first"), entry("a", "second", spec)];
    expect(allRules(objects)).toEqual(["entries-of-one-host", ...allRules([])].sort());
    expect(findings(objects)).toEqual([
      expect.objectContaining({
        object: "ServiceEntry a/second",
        message: expect.stringContaining(
          `ServiceEntry a/first has api.example too, and they differ in ${what}`,
        ) as string,
      }),
    ]);
    const never = { name: "n", kind: "never", from: ["a/client"], to: "b/client" } as const;
    const rules = (of: readonly KubernetesObject[]): readonly string[] =>
      checkGuarantees(meshOfObjects(world, of), [never]).map(({ rule }) => rule);
    expect(rules(objects)).toContain("unproved-guarantee");
    expect(rules([entry("a", "first")])).not.toContain("unproved-guarantee");
  },
);

test("labels of their own keep entries apart only where there are ports to put together", () => {
  const labelled = (spec: object): KubernetesObject => {
    const one = entry("a", "second", spec);
    return { ...one, metadata: { ...one.metadata, ...{ labels: { team: "x" } } } };
  };
  expect(findings([entry("a", "first"), labelled({ ports: [other] })])).toHaveLength(1);
  expect(findings([entry("a", "first"), labelled({})])).toEqual([]);
});

test("a Sidecar that names such a host by itself is told of one entry alone: it is said", () => {
  const both = [entry("a", "first"), entry("a", "second", { ports: [other] })];
  const sidecar = (...hosts: readonly string[]): KubernetesObject =>
    istio("networking.istio.io/v1", "Sidecar", "a", "default", { egress: [{ hosts }] });
  expect(findings([...both, sidecar("./api.example")])).toEqual([
    expect.objectContaining({ object: "Sidecar a/default" }),
  ]);
  expect(findings([...both, sidecar("./*")])).toEqual([]);
  expect(findings([...both, sidecar("./api.example", "b/*")])).toEqual([]);
  expect(findings([both[0] ?? closed, sidecar("./api.example")])).toEqual([]);
});
