import { describe, expect, it } from "vitest";
import { type KubernetesObject } from "../../mesh/manifests";
import { differencesOf } from "../../preview/differences";

function object(kind: string, namespace: string | undefined, name: string, spec: unknown = {}): KubernetesObject {
  return { apiVersion: "v1", kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, ...{ spec } };
}

function deployment(namespace: string, replicas: number | undefined, image: string): KubernetesObject {
  const template = { spec: { containers: [{ name: "shop", image }] } };
  return object("Deployment", namespace, "shop", { ...(replicas !== undefined && { replicas }), template });
}

describe("how a preview differs from the stack that it stands for", () => {
  const merged = [deployment("shop", 3, "acme/shop:1"), object("Namespace", undefined, "shop")];
  const preview = [deployment("pr-12-shop", 3, "acme/shop:1"), object("Namespace", undefined, "pr-12-shop")];

  it("is in nothing but the names", () => {
    expect(differencesOf(12, "dev", merged, preview)).toEqual([]);
  });

  it.each([
    [
      "pods and images",
      [deployment("pr-12-shop", undefined, "acme/shop@sha256:abc"), preview[1] ?? deployment("x", 1, "x")],
      ["Deployment shop/shop: 1 of 3 pods.", "Deployment shop/shop: image acme/shop@sha256:abc, in dev acme/shop:1."],
    ],
    ["what is left out", preview.slice(1), ["Only in dev: Deployment shop/shop."]],
    [
      "what is added, counted",
      [...preview, object("ResourceQuota", "pr-12-a", "bounds"), object("ResourceQuota", "pr-12-b", "bounds")],
      ["Only in the preview: 2 × ResourceQuota."],
    ],
  ])("are told: %s", (_, objects, told) => {
    expect(differencesOf(12, "dev", merged, objects)).toEqual(told);
  });

  it("is told of what only says something else, whatever the order of its fields", () => {
    const target = (namespace: string, spec: unknown) => object("TrafficTarget", namespace, "buyers", spec);
    const there = [target("shop", { sources: ["a"], rules: ["r"] })];
    expect(differencesOf(12, "dev", there, [target("pr-12-shop", { rules: ["r"], sources: ["a"] })])).toEqual([]);
    expect(differencesOf(12, "dev", there, [target("pr-12-shop", { rules: ["r"], sources: ["b"] })])).toEqual([
      "TrafficTarget shop/buyers: not as in dev.",
    ]);
  });

  it("takes the prefix of another pull request for a difference", () => {
    expect(differencesOf(1, "dev", merged, preview)).toHaveLength(4);
  });
});
