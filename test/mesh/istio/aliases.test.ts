import { describe, expect, test } from "vitest";
import { decide } from "../../../mesh";
import { checkGuarantees } from "../../../mesh/analysis/guarantees";
import { istioMesh } from "../../../mesh/istio";
import { type KubernetesObject } from "../../../mesh/manifests";
import {
  authorizationPolicy,
  istio,
  meshNamespace,
  meshOfObjects,
  pod,
  service,
  strict,
  virtualService,
} from "./world";

const target = "two.b.svc.cluster.local";
const externalName = (name: string, leadsTo: string, port?: number): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "a" },
  ...{
    spec: {
      type: "ExternalName",
      externalName: leadsTo,
      ...(port !== undefined && { ports: [{ name: "http", port }] }),
    },
  },
});
const world: readonly KubernetesObject[] = [
  ...[strict, meshNamespace("a"), meshNamespace("b"), pod("a", "caller"), pod("b", "caller"), pod("b", "two")],
  service("b", "two", [{ name: "http", port: 80 }]),
  externalName("one", target, 80),
  externalName("chain", "one.a.svc.cluster.local", 80),
  externalName("circle", "back.a.svc.cluster.local"),
  externalName("back", "circle.a.svc.cluster.local"),
];
const calling = (to: string, from = "a/caller", ...objects: readonly KubernetesObject[]) => {
  const { status, because } = decide(istioMesh({ objects: [...world, ...objects] }), { from, to, protocol: "http" });
  return { status, reasons: because.map(({ text }) => text) };
};

describe("calls by the name of an ExternalName Service", () => {
  test.each(["one:80", "one.a:80", "one.a.svc.cluster.local:80", "chain:80", "chain.a.svc:80"])(
    "go to the host that it leads to, with its sidecars' TLS: %s",
    (to) => {
      expect(calling(to).status).toBe(200);
    },
  );

  test("are explained by all the names between", () => {
    expect(calling("chain.a:80").reasons).toContain(
      `chain.a.svc.cluster.local is another name of one.a.svc.cluster.local, which is one of ${target} (ExternalName)`,
    );
    expect(calling("circle.a:80").reasons).toEqual([
      "circle.a leads back to itself (ExternalName circle.a.svc.cluster.local, back.a.svc.cluster.local)",
    ]);
    expect(calling("two.b:80").reasons.join()).not.toContain("another name");
  });

  test("go by the routes of the host, or of the name itself", () => {
    const refusing = (host: string, status: number) =>
      virtualService("b", host.replaceAll(".", "-"), { hosts: [host], http: [{ directResponse: { status } }] });
    expect(calling("chain.a:80", "a/caller", refusing(target, 418)).status).toBe(418);
    const ofName = refusing("one.a.svc.cluster.local", 451);
    expect(calling("one.a:80", "a/caller", ofName).status).toBe(451);
    expect(calling("two.b:80", "a/caller", ofName).status).toBe(200);
  });

  test("leave the cluster where the name that it leads to is not whole, as DNS has it", () => {
    const [short, address] = [externalName("short", "two.b"), externalName("address", "10.0.0.1")];
    expect(calling("short.a:80", "a/caller", short).reasons).toContain(
      "DNS looks for two.b outside of the cluster; two.b.svc.cluster.local is a Service",
    );
    expect(calling("address.a:80", "a/caller", address).reasons).toContain(
      "10.0.0.1 is an address: an ExternalName leads to names",
    );
    expect(calling("abroad.a:80", "a/caller", externalName("abroad", "api.example")).status).toBe(200);
    expect(calling("gone.a:80", "a/caller", externalName("gone", "tow.b.svc.cluster.local")).reasons).toContain(
      "no Service has the name tow.b.svc.cluster.local; did you mean two.b?",
    );
  });

  test("are not known to sidecars that are told of the host alone", () => {
    const told = (...hosts: readonly string[]) =>
      istio("networking.istio.io/v1", "Sidecar", "a", "default", { egress: [{ hosts }] });
    expect(calling("one.a:80", "a/caller", told(`b/${target}`)).status).toBe(503);
    expect(calling("one.a:80", "a/caller", told("b/*")).status).toBe(200);
  });
});

describe("routes to the name of an ExternalName Service", () => {
  const led = (name: string) =>
    virtualService("b", "led", {
      hosts: ["led.example"],
      http: [{ route: [{ destination: { host: `${name}.a.svc.cluster.local` } }] }],
    });
  const entry = istio("networking.istio.io/v1", "ServiceEntry", "b", "led", {
    ...{ hosts: ["led.example"], location: "MESH_EXTERNAL", resolution: "DNS" },
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
  });
  const findings = (...objects: readonly KubernetesObject[]) =>
    meshOfObjects(...world, ...objects)
      .findings()
      .filter(({ rule }) => rule === "route-to-nowhere")
      .map(({ message }) => message);

  test("lead one step on, where it has the port that is called", () => {
    const at = (name: string, ...more: readonly KubernetesObject[]) =>
      calling("led.example:80", "a/caller", led(name), entry, ...more).status;
    expect(at("one")).toBe(200);
    expect(findings(led("one"), entry)).toEqual([]);
    expect(at("chain")).toBe(503);
    expect(findings(led("chain"), entry)).toEqual([expect.stringContaining("routes lead one step on")]);
    const bare = externalName("bare", target);
    expect(at("bare", bare)).toBe(503);
    expect(findings(led("bare"), entry, bare)).toEqual([expect.stringContaining("an ExternalName without port 80")]);
  });
});

test("what must never be is tried under the names that lead there", () => {
  const rules = [{ to: [{ operation: { hosts: ["chain.a"] } }] }];
  const only = authorizationPolicy("b", "two", { selector: { matchLabels: { app: "two" } }, rules });
  const never = { name: "closed", kind: "never", from: ["a/caller"], to: "b/two" } as const;
  const [found] = checkGuarantees(istioMesh({ objects: [...world, only] }), [never]);
  expect(found?.request?.host).toBe("chain.a");
  const closed = virtualService("b", "two", { hosts: [target], http: [{ directResponse: { status: 403 } }] });
  const open = virtualService("b", "one", {
    hosts: ["one.a.svc.cluster.local"],
    http: [{ route: [{ destination: { host: target } }] }],
  });
  const [past] = checkGuarantees(istioMesh({ objects: [...world, closed, open] }), [never]);
  expect(past?.request?.host).toBe("one.a.svc.cluster.local");
});
