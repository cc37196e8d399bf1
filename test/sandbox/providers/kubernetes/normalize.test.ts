import { describe, expect, it } from "vitest";
import { normalize } from "../../../../sandbox/providers/kubernetes/normalize";
import type { Inputs } from "../../../../sandbox/providers/kubernetes/properties";
import { canonicalQuantity } from "../../../../sandbox/providers/kubernetes/quantity";
import { unknown } from "../../../../sandbox/providers/protocol";

describe("quantities in the server's words", () => {
  it.each([
    ["0.1", "100m"],
    [0.5, "500m"],
    [1, "1"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["1500", "1500"],
    ["2000", "2k"],
    ["1024Mi", "1Gi"],
    ["0.5Gi", "512Mi"],
    ["1.5Gi", "1536Mi"],
    ["100M", "100M"],
    ["1e3", "1e3"],
    ["12e7", "120e6"],
    ["0.0000000001", "1n"],
    ["-0.5", "-500m"],
    ["0", "0"],
    ["many", "many"],
    ["", ""],
  ])("%s is %s", (given, canonical) => {
    expect(canonicalQuantity(given)).toBe(canonical);
  });
});

describe("inputs of Kubernetes' own kinds", () => {
  const deployment = (container: object) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    spec: { template: { spec: { containers: [{ name: "web", ...container }] } } },
  });

  it("have quantities in the server's words, where quantities are", async () => {
    const resources = (cpu: string | number) => ({ resources: { limits: { cpu } } });
    expect(await normalize(deployment(resources(0.1)))).toEqual(deployment(resources("100m")));
    const map = { apiVersion: "v1", kind: "ConfigMap", data: { divisor: "0.1", limits: "0.5" } };
    expect(await normalize(map)).toEqual(map);
  });

  it("keep members whose names are words of a programming language", async () => {
    const limits = { apiVersion: "v1", kind: "LimitRange", spec: { limits: [{ default: { cpu: "0.1" } }] } };
    expect(await normalize(limits)).toMatchObject({ spec: { limits: [{ default: { cpu: "100m" } }] } });
    const spec = { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: "web" }] }] };
    const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", spec };
    expect(await normalize(policy)).toEqual(policy);
  });

  it("lose a misspelt member without a word", async () => {
    expect(await normalize(deployment({ imagePullPolicie: "Always", image: "web:1" }))).toEqual(
      deployment({ image: "web:1" }),
    );
  });

  it("lose a misspelt member of their metadata, and what only the server sets", async () => {
    const metadata = { name: "x", lables: { a: "b" }, uid: "1", resourceVersion: "2" };
    expect(await normalize({ apiVersion: "v1", kind: "Namespace", metadata })).toEqual({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "x" },
    });
  });

  it("have a Secret's stringData in its data, where it wins", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", data: { a: "eA==", b: "eQ==" }, stringData: { b: "z" } };
    expect(await normalize(secret)).toEqual({ apiVersion: "v1", kind: "Secret", data: { a: "eA==", b: "eg==" } });
  });

  it("stay as they are where a member has another type than the kind's: the server will refuse them", async () => {
    const wrong = { apiVersion: "v1", kind: "Pod", spec: { containers: 3, extra: true } };
    expect(await normalize(wrong)).toEqual(wrong);
  });

  it("stay as they are with unknowns, and of kinds that are not Kubernetes' own", async () => {
    const open: Inputs = { ...deployment({ imagePullPolicie: "Always" }), metadata: { name: unknown } };
    expect(await normalize(open)).toEqual(open);
    const knative = { apiVersion: "serving.knative.dev/v1", kind: "Service", spec: { traffic: [{ limits: "0.1" }] } };
    expect(await normalize(knative)).toEqual(knative);
    const gateway = { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", spec: { listeners: [] } };
    expect(await normalize(gateway)).toEqual(gateway);
  });
});
